#pragma once

#include "naru/arguments.hpp"
#include "naru/message.hpp"

#include <string>
#include <string_view>

namespace naru::app {

// Text of a peer as one line that no terminal takes for an order: control characters are written
// as \n, \t, \x1b, also those of two bytes (U+0080 to U+009F).
std::string one_line(std::string_view text);

// A word of the command line as an argument: JSON if it is, else a string.
std::string as_json(const std::string& word);

// The arguments of an event or an answer as a JSON array; binary values are {"base64":"..."}.
std::string arguments_json(const Arguments& arguments);

// What a listener writes, without a line end: `event [arguments]`, or an object.
std::string shown_event(std::string_view event, const Arguments& arguments, bool json);
// One line of JSON with its strings and other values in colours, for a terminal.
std::string coloured(std::string_view json);
// The text, or the bytes in base64; or {"text":...} and {"base64":...}.
std::string shown_message(Message message, bool json);

}  // namespace naru::app
