#pragma once

#include <cstdint>
#include <string>

namespace naru::msgpack {

// A point of time in milliseconds since 1970 as JavaScript's Date.toISOString() writes it:
// 2026-01-31T12:00:00.000Z; years outside 0 to 9999 have a sign and six digits. Empty outside the
// range of a JavaScript Date, 8.64e15 either way.
std::string iso_date(std::int64_t milliseconds);

}  // namespace naru::msgpack
