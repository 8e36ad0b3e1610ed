#pragma once

#include "support/peer.hpp"
#include "websocket/frame.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace naru::test {

inline constexpr std::string_view kUpgradeFields =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

inline std::string upgrade_request(std::string_view target, std::string_view fields = {}) {
  std::string text = "GET ";
  text.append(target).append(" HTTP/1.1\r\nHost: test\r\n");
  return text.append(kUpgradeFields).append(fields).append("\r\n");
}

// One masked frame as clients send them. `first`: FIN, RSV bits and opcode.
inline std::string raw_frame(unsigned first, std::string_view payload) {
  std::string frame(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  if (size < 126) {
    frame += static_cast<char>(0x80U | size);
  } else {
    const int bytes = size < 65536 ? 2 : 8;
    frame += static_cast<char>(0x80U | (bytes == 2 ? 126U : 127U));
    for (int i = bytes - 1; i >= 0; --i) frame += static_cast<char>((size >> (8 * i)) & 0xffU);
  }
  constexpr std::string_view mask = "\x12\x34\x56\x78";
  frame += mask;
  for (std::size_t i = 0; i < size; ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}
inline std::string text_frame(std::string_view text) {
  return raw_frame(0x81, text);
}
inline std::string binary_frame(std::string_view bytes) {
  return raw_frame(0x82, bytes);
}
inline std::string close_frame(std::uint16_t code) {
  const std::array<char, 2> payload{static_cast<char>(code >> 8U), static_cast<char>(code)};
  return raw_frame(0x88, {payload.data(), payload.size()});
}

// A WebSocket client that tells what it hears as one text per frame:
// "hello", "binary:...", "ping:...", "pong:...", "close 1002", "end".
class WebSocketPeer : public Peer {
 public:
  using Peer::Peer;
  WebSocketPeer(std::uint16_t port, std::string_view target, std::string_view fields = {},
                Wire wire = Wire::tcp)
      : Peer(port, wire) {
    EXPECT_EQ(open(target, fields).status, 101);
  }
  explicit WebSocketPeer(Peer connected) : Peer(std::move(connected)) {}

  Answer open(std::string_view target, std::string_view fields = {}) {
    send(upgrade_request(target, fields));
    return answer();
  }

  void say(std::string_view text) { send(text_frame(text)); }
  void say_binary(std::string_view bytes) { send(binary_frame(bytes)); }
  void say_close(std::uint16_t code = 1000) { send(close_frame(code)); }

  std::string hear() {
    const std::string head = read(2);
    if (head.size() < 2) return "end";
    const auto byte = [](char c) { return static_cast<unsigned char>(c); };
    EXPECT_EQ(byte(head[1]) & 0x80U, 0U) << "servers do not mask";
    EXPECT_EQ(byte(head[0]) & 0xf0U, 0x80U) << "unfragmented, nothing reserved";
    std::size_t size = byte(head[1]) & 0x7fU;
    if (size >= 126) {
      const std::string length = read(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : length) size = size << 8U | byte(c);
    }
    const std::string payload = read(size);
    if (payload.size() < size) return "end";
    switch (static_cast<websocket::Opcode>(byte(head[0]) & 0xfU)) {
      case websocket::Opcode::text:
        return payload;
      case websocket::Opcode::binary:
        return "binary:" + payload;
      case websocket::Opcode::ping:
        return "ping:" + payload;
      case websocket::Opcode::pong:
        return "pong:" + payload;
      case websocket::Opcode::close:
        if (size < 2) return "close 1005";
        return "close " + std::to_string(byte(payload[0]) << 8U | byte(payload[1]));
      default:
        return "unknown";
    }
  }
  // The next of these that begins so; what comes before is passed over.
  std::string hear_until(std::string_view beginning) {
    for (;;) {
      std::string heard = hear();
      if (heard.starts_with(beginning) || heard == "end") return heard;
    }
  }
  // The server closes with this code: answers it, and expects the end.
  std::string hear_close() {
    std::string heard = hear_until("close");
    send_some(close_frame(1000));
    return heard;
  }
};

}  // namespace naru::test
