#pragma once

#include "http2/session.hpp"
#include "support/http2_peer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace naru::http2::testing {

inline std::string take_all(SendQueue& queue) {
  std::string all;
  while (!queue.empty()) {
    std::array<std::string_view, 8> pieces;
    const std::size_t count = queue.peek(pieces);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      all += pieces[i];
      size += pieces[i].size();
    }
    queue.consume(size);
  }
  return all;
}

// A session and what it says, in words: "1 GET /path", "1 data hello", "1 end", "1 closed 8",
// "1 refused 431".
class SessionWorld {
 public:
  explicit SessionWorld(Limits given = {}) : limits(given) {}

  // False: the connection is over.
  bool receive(std::string bytes) {
    const auto received = session.receive(bytes, now);
    if (!received) error = received.error().text;
    note_events();
    return received.has_value();
  }
  std::string output(std::size_t room = std::size_t{1} << 30U) {
    session.send(out, room);
    note_events();
    return take_all(out);
  }
  // Until neither has anything to say.
  void talk(Http2Peer& peer) {
    for (int quiet = 0; quiet < 2;) {
      const std::string up = peer.output();
      if (!up.empty() && error.empty()) receive(up);
      const std::string down = output();
      EXPECT_TRUE(peer.take(down));
      quiet = up.empty() && down.empty() ? quiet + 1 : 0;
    }
  }
  std::string received(const std::string& stream) const {
    for (const std::string& each : notes) {
      if (each.starts_with(stream + " data ")) return each.substr(stream.size() + 6);
    }
    return {};
  }
  bool heard(const std::string& what) const {
    for (const std::string& each : notes) {
      if (each == what) return true;
    }
    return false;
  }

  Limits limits;
  ChunkPool chunks;
  Session session{limits, chunks};
  SendQueue out{chunks};
  Instant now{std::chrono::seconds(1000)};
  bool consumes = true;
  std::vector<std::string> notes;
  std::string error;
  StreamId last = 0;  // the newest request

 private:
  // However DATA is cut, and whatever comes between: it is one run of bytes.
  void append_data(const std::string& stream, const std::string& data) {
    for (auto note = notes.rbegin(); note != notes.rend(); ++note) {
      if (!note->starts_with(stream)) continue;
      if (!note->starts_with(stream + "data ")) break;
      note->append(data);
      return;
    }
    notes.push_back(stream + "data " + data);
  }
  void note_events() {
    while (const auto event = session.next_event()) {
      const std::string stream = std::to_string(event->stream) + " ";
      switch (event->type) {
        case Event::Type::request: {
          last = event->stream;
          const http::Request& request = session.request(last);
          std::string text(request.method);
          if (!request.protocol.empty()) text.append(":").append(request.protocol);
          notes.push_back(stream + text + " " + std::string(request.target));
          break;
        }
        case Event::Type::refused:
          notes.push_back(stream + "refused " + std::to_string(event->code));
          break;
        case Event::Type::data: {
          const std::string data(event->data.data(), event->data.size());
          append_data(stream, data);
          if (consumes) session.consume(event->stream, data.size());
          break;
        }
        case Event::Type::end:
          notes.push_back(stream + "end");
          break;
        case Event::Type::closed:
          notes.push_back(stream + "closed " + std::to_string(event->code));
          break;
      }
    }
  }
};

}  // namespace naru::http2::testing
