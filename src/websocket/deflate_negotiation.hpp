#pragma once

#include "naru/message.hpp"
#include "websocket/extensions.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace naru::websocket {

// How one side wants permessage-deflate (RFC 7692).
struct DeflateConfig {
  enum class Mode : std::uint8_t {
    off,        // not offered, every offer declined
    shared,     // no context between messages, either way: nothing is held per connection
    dedicated,  // a context each way, as the peer allows: see deflate_memory in deflate.hpp
  };
  Mode mode = Mode::off;
  std::size_t threshold = 1024;  // shorter messages are never compressed
  int window_bits = 15;          // 8 to 15, the most for either direction
  int memory_level = 8;          // 1 to 9, of zlib, for dedicated compressors
  int level = 6;                 // 1 to 9, of zlib
  bool offer_window = false;     // client: the server may ask us for a smaller window
};

// The same in the words of the public API. Throws std::invalid_argument for a number out of range.
DeflateConfig deflate_config(const Compression& compression);

// What a handshake agreed. `own` is what we compress, `peer` what we inflate.
struct DeflateAgreement {
  int own_window_bits = 15;
  int peer_window_bits = 15;
  bool own_context = false;  // our window lives on between messages
  bool peer_context = false;
  bool operator==(const DeflateAgreement&) const = default;
};

// Server. Takes the first acceptable offer of those in all Sec-WebSocket-Extensions fields; nullopt
// declines them all. `answer` is the value of the one field of the response.
struct DeflateAnswer {
  DeflateAgreement agreement;
  std::string answer;
};
std::optional<DeflateAnswer> answer_deflate(std::span<const Extension> offers,
                                            const DeflateConfig& config);

// Client. The value of Sec-WebSocket-Extensions that offers `config`; "" when it is off.
std::string offer_deflate(const DeflateConfig& config);
// Judges what a server answered to that offer: nothing agreed for no extension.
// Errors: protocol_error, on which the connection must be failed (RFC 7692 section 7.1, RFC 6455
// section 4.1).
Result<std::optional<DeflateAgreement>> judge_deflate(std::span<const Extension> answer,
                                                      const DeflateConfig& config);

}  // namespace naru::websocket
