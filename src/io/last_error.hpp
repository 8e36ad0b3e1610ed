#pragma once

#include <string>

namespace naru::io {

// The system's words for the last failure of listen() or load() on this thread, such as
// "127.0.0.1:3000: Address already in use".
const std::string& last_error();
void set_last_error(std::string text);

}  // namespace naru::io
