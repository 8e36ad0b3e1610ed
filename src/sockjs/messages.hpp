#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naru::sockjs {

struct Limits {
  std::size_t messages = 10'000;  // of one body, or one WebSocket message
};

// What carries messages of a peer, and what it may hold.
enum class Carrier : std::uint8_t {
  body,      // of an HTTP request: an array of strings, and not nothing
  websocket  // the same or a single string; nothing at all is no message
};

// Takes what a peer sent apart: appends the literal of each message, quotes included, as a view
// into `text`. What they say, json::decode_string tells. Errors: bad_packet ("Payload expected."),
// bad_json ("Broken JSON encoding."; also what is no UTF-8, and elements that are no strings),
// too_many. Their texts are those that HTTP peers are answered.
Result<void> split_messages(std::string_view text, Carrier carrier, const Limits& limits,
                            std::vector<std::string_view>& literals);

// The same, decoded.
Result<std::vector<std::string>> read_messages(std::string_view text, Carrier carrier,
                                               const Limits& limits);

}  // namespace naru::sockjs
