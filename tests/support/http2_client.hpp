#pragma once

#include "support/http2_peer.hpp"
#include "support/peer.hpp"
#include "support/websocket_peer.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace naru::test {

// nghttp2's client on a connection, in the test's thread.
class Http2Client : public Peer {
 public:
  explicit Http2Client(std::uint16_t port, Wire wire = Wire::tls_h2,
                       const http2::testing::Http2Peer::Options& options = {})
      : Peer(port, wire), peer(options) {
    flush();
  }

  // What was submitted to `peer` leaves.
  void flush() { send(peer.output()); }
  // Listens until it is so; false when the connection ends before.
  bool listen(const std::function<bool()>& until) {
    for (;;) {
      if (until()) return true;
      flush();
      const bool open = more();
      peer.take(take(in_.size()));
      flush();
      if (!open) return until();
    }
  }
  bool hears(const std::string& note) {
    return listen([&] { return peer.heard(note); });
  }

  // ---- requests

  Answer answer(std::int32_t stream) {
    const std::string id = std::to_string(stream);
    Answer answer;
    listen([&] {
      return peer.heard(id + " end") ||
             std::any_of(peer.notes.begin(), peer.notes.end(),
                         [&](const std::string& note) { return note.starts_with(id + " reset"); });
    });
    for (const auto& [name, value] : peer.answers[stream]) {
      if (name == ":status") answer.status = std::stoi(value);
      answer.head.append("\r\n").append(name).append(": ").append(value);
    }
    answer.head += "\r\n";
    answer.body = peer.received[stream];
    return answer;
  }
  std::int32_t ask(const http2::testing::Fields& fields) {
    const auto stream = peer.ask(fields);
    flush();
    return stream;
  }
  Answer get(std::string path, http2::testing::Fields more_fields = {}) {
    return answer(ask(http2::testing::get(std::move(path), std::move(more_fields))));
  }
  Answer post(std::string path, std::string_view body) {
    const auto stream = peer.open(
        http2::testing::post(std::move(path), {{"content-length", std::to_string(body.size())}}));
    peer.send(stream, body);
    peer.end(stream);
    flush();
    return answer(stream);
  }

  // ---- WebSockets (RFC 8441)

  // A tunnel that was accepted, or was not.
  std::int32_t open_websocket(std::string path, http2::testing::Fields fields = {}) {
    fields.insert(fields.begin(), {"sec-websocket-version", "13"});
    const auto stream = peer.open(http2::testing::extended_connect(std::move(path), fields));
    flush();
    listen([&] { return !peer.answers[stream].empty(); });
    return stream;
  }
  std::string status(std::int32_t stream) {
    const auto& fields = peer.answers[stream];
    return fields.empty() ? "none" : fields.front().second;
  }
  void say(std::int32_t stream, std::string_view text) {
    peer.send(stream, text_frame(text));
    flush();
  }
  void say_close(std::int32_t stream, std::uint16_t code = 1000) {
    peer.send(stream, close_frame(code));
    flush();
  }
  // The next frame on a tunnel, as WebSocketPeer::hear tells it; "end" behind the last.
  std::string hear(std::int32_t stream) {
    std::string& bytes = peer.received[stream];
    const auto byte = [&](std::size_t at) {
      return std::size_t{static_cast<unsigned char>(bytes[at])};
    };
    std::size_t head = 2;
    std::size_t size = 0;
    const auto whole = [&] {
      if (bytes.size() < 2) return false;
      size = byte(1);
      head = size < 126 ? 2 : size == 126 ? 4 : 10;
      if (bytes.size() < head) return false;
      if (size >= 126) {
        size = 0;
        for (std::size_t at = 2; at < head; ++at) size = size << 8U | byte(at);
      }
      return bytes.size() >= head + size;
    };
    const std::string id = std::to_string(stream);
    listen([&] { return whole() || peer.heard(id + " end") || peer.heard(id + " reset 8"); });
    if (!whole()) return "end";
    const std::size_t opcode = byte(0) & 0xfU;
    const std::string payload = bytes.substr(head, size);
    bytes.erase(0, head + size);
    if (opcode == 8) {
      if (size < 2) return "close 1005";
      return "close " + std::to_string(static_cast<unsigned char>(payload[0]) << 8U |
                                       static_cast<unsigned char>(payload[1]));
    }
    if (opcode == 9) return "ping:" + payload;
    if (opcode == 10) return "pong:" + payload;
    return (opcode == 2 ? "binary:" : "") + payload;
  }

  http2::testing::Http2Peer peer;
};

}  // namespace naru::test
