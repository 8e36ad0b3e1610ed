#pragma once

#include "naru/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::websocket {

struct ExtensionParameter {
  std::string_view name;
  std::string value;  // unquoted; empty when there was none (a value is a token, so never empty)
};

// One element of Sec-WebSocket-Extensions: in a request an offer, the most wanted first.
struct Extension {
  std::string_view name;
  std::vector<ExtensionParameter> parameters;
};

// Parses one Sec-WebSocket-Extensions field (RFC 6455 section 9.1) in linear time. Names point into
// `value`. An empty field is none at all, as Safari sent it. Repeated names are kept as they are.
// Errors: protocol_error outside the grammar.
Result<std::vector<Extension>> parse_extensions(std::string_view value);

}  // namespace naru::websocket
