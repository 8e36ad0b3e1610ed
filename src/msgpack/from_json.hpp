#pragma once

#include "naru/json.hpp"
#include "naru/result.hpp"

#include <string>

namespace naru::msgpack {

// Appends a JSON value as MessagePack in its shortest form. A placeholder that names one of the
// value's attachments becomes binary; whole numbers become integers, all others eight bytes.
// Errors: bad_json; then `out` is as it was.
Result<void> from_json(JsonView value, std::string& out);

}  // namespace naru::msgpack
