#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Input: two bytes of options, then commands of two bytes (what, how much) with the bytes that they
// send. A connection says them to another one, by every way there is of sending, and that one must
// hear the same in the same order.

namespace {

using namespace naru;
using namespace naru::websocket;

std::string flatten(const SendQueue& queue) {
  std::vector<std::string_view> pieces(4096);
  pieces.resize(queue.peek(pieces));
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

struct Side {
  Side(Role role, const Limits& own_limits)
      : limits(own_limits), connection(role, limits, &random) {}
  SeededRandom random{1};
  ChunkPool chunks;
  SendQueue queue{chunks};
  DeflatePool pool;
  Limits limits;
  Connection connection;
};

class Talk {
 public:
  Talk(unsigned first, unsigned second)
      : server_speaks_((first & 1U) == 0),
        speaker_(server_speaks_ ? Role::server : Role::client,
                 {.deflate = {.threshold = (first & 2U) != 0 ? 20U : 0U,
                              .memory_level = static_cast<int>(first >> 2U & 7U) + 1,
                              .level = static_cast<int>(first >> 5U) + 1}}),
        listener_(server_speaks_ ? Role::client : Role::server, Limits{}) {
    const int bits = 8 + static_cast<int>(second & 7U);
    const bool context = (second & 8U) != 0;
    speaker_.connection.use_deflate({.own_window_bits = bits, .own_context = context},
                                    speaker_.pool);
    listener_.connection.use_deflate({.peer_window_bits = bits, .peer_context = context},
                                     listener_.pool);
  }

  void run(std::string_view commands) {
    while (commands.size() >= 2) {
      const unsigned what = static_cast<unsigned char>(commands[0]);
      const std::size_t wanted = static_cast<unsigned char>(commands[1]);
      commands.remove_prefix(2);
      const std::string_view given = commands.substr(0, wanted);
      commands.remove_prefix(given.size());
      say(what, std::string(given));
    }
    if (!parts_.empty() || in_parts_) say_part("", websocket::Part::last);
    listen();
    NARU_ASSERT(heard_ == said_);
  }

 private:
  void say(unsigned what, std::string text) {
    for (unsigned i = 0; i < (what >> 6U); ++i) text += text;  // for something to refer to
    const Compress compress = (what & 32U) != 0 ? Compress::no : Compress::yes;
    switch (what % 8) {
      case 0:
      case 1:
        speaker_.connection.send(Opcode::binary, std::string_view(text).substr(0, text.size() / 3),
                                 std::string_view(text).substr(text.size() / 3), compress,
                                 speaker_.queue);
        return said(text);
      case 2:
        return say_shared(text);
      case 3:
        return say_part(text, websocket::Part::more);
      case 4:
        return say_part(text, websocket::Part::last);
      case 5:
        return speaker_.connection.trim();
      case 6:
        return speaker_.connection.send(Opcode::ping, {}, speaker_.queue);
      default:
        return listen();
    }
  }

  void say_shared(const std::string& text) {
    if (!server_speaks_) return;
    std::string frames, plain;
    const int wire_class = speaker_.connection.wire_class();
    append_shared(Opcode::binary, "4", text, wire_class, {.threshold = 10}, speaker_.pool, frames,
                  &plain);
    append_shared(Opcode::binary, {}, text, wire_class, {.threshold = 0}, speaker_.pool, frames,
                  &plain);
    speaker_.connection.send_encoded(std::make_shared<const std::string>(frames), plain,
                                     speaker_.queue);
    said("4" + text);
    said(text);
  }

  void say_part(const std::string& text, websocket::Part part) {
    speaker_.connection.send_part(Opcode::binary, text, part, Compress::yes, speaker_.queue);
    parts_ += text;
    in_parts_ = part == websocket::Part::more;
    if (in_parts_) return;
    said_.push_back(std::exchange(parts_, {}));
    said_.insert(said_.end(), held_.begin(), held_.end());
    held_.clear();
  }

  void said(const std::string& text) { (in_parts_ ? held_ : said_).push_back(text); }

  void listen() {
    std::string bytes = flatten(speaker_.queue);
    speaker_.queue.clear();
    Cursor in{std::span<char>(bytes)};
    while (true) {
      const auto event = listener_.connection.receive(in, listener_.queue);
      NARU_ASSERT(event);
      if (!*event) return;
      heard_.emplace_back((*event)->payload.begin(), (*event)->payload.end());
    }
  }

  bool server_speaks_;
  Side speaker_;
  Side listener_;
  bool in_parts_ = false;
  std::string parts_;
  std::vector<std::string> held_;
  std::vector<std::string> said_;
  std::vector<std::string> heard_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  Talk(data[0], data[1]).run(all.substr(2));
  return 0;
}
