#pragma once

#include "msgpack/reader.hpp"
#include "naru/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::msgpack {

// Appends the next value of `reader`, taken from the front of `in`, to `json` as JSON text. Binary
// values go to `attachments` and leave Socket.IO's placeholders; what JavaScript's libraries do in
// extensions becomes what JSON.stringify makes of it:
//   ext 0 (notepack)   d4 00 00: undefined, null here; d7 00: a Date, its ISO text; others: binary
//   ext -1 (standard)  a time, its ISO text
// Keys that are whole numbers become text; NaN and the infinities null.
// Errors: those of Reader; bad_msgpack when `in` ends early, for another extension, for a key of
// another kind, and for a map that reads as a placeholder; too_many above Limits::binaries.
Result<void> to_json(Reader& reader, std::string_view& in, const Limits& limits, std::string& json,
                     std::vector<std::string>& attachments);

// The same for a text that is one value and nothing else.
Result<void> to_json(std::string_view in, const Limits& limits, std::string& json,
                     std::vector<std::string>& attachments);

}  // namespace naru::msgpack
