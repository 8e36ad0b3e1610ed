#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Input: one byte of options, sixteen of split sizes (used in turn), then what the peer sends. Fed
// whole and in those pieces a connection must see and say the same, and its Close must be right;
// compressed or not, in parts or not.

namespace {

using naru::ChunkPool;
using naru::Cursor;
using naru::Errc;
using naru::SeededRandom;
using naru::SendQueue;
using naru::websocket::Connection;
using naru::websocket::Event;
using naru::websocket::Limits;
using naru::websocket::Role;

constexpr std::size_t kSplits = 16;

struct Options {
  Role role;
  bool closes_first;  // we sent a Close before the peer said anything
  Limits limits;
  bool deflate;
  bool context;
};

struct Seen {
  std::vector<std::string> events;
  std::string sent;
  bool finished = false;
  bool operator==(const Seen&) const = default;
};

std::string describe(const Event& event, const Limits& limits) {
  const std::string payload(event.payload.begin(), event.payload.end());
  if (event.type == Event::Type::part) {
    NARU_ASSERT(limits.parts && payload.size() <= limits.message_bytes);
    return payload;
  }
  if (event.type == Event::Type::message) {
    NARU_ASSERT(!limits.parts);
    NARU_ASSERT(payload.size() <= limits.message_bytes);
    NARU_ASSERT(event.binary || naru::is_utf8(payload));
  } else {
    NARU_ASSERT(payload.size() <= 125);
  }
  return std::to_string(static_cast<int>(event.type)) + (event.binary ? "b" : "t") +
         std::to_string(event.code) + " " + payload;
}

std::string flatten(const SendQueue& queue) {
  std::vector<std::string_view> pieces(4096);
  pieces.resize(queue.peek(pieces));
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

// How many parts a message comes in depends on the cuts, and what a broken one began with too.
void note(const Event& event, const Limits& limits, bool& open, Seen& seen) {
  if (event.type != Event::Type::part) {
    if (open && !seen.events.empty()) {  // behind it, as if it had come before
      seen.events.insert(seen.events.end() - 1, describe(event, limits));
    } else {
      seen.events.push_back(describe(event, limits));
    }
    return;
  }
  NARU_ASSERT(event.first == !open);
  if (event.first) seen.events.emplace_back(event.binary ? "binary " : "text ");
  seen.events.back() += describe(event, limits);
  NARU_ASSERT(seen.events.back().size() <= limits.message_bytes + 7);
  open = !event.last;
  if (event.last && !event.binary) NARU_ASSERT(naru::is_utf8(seen.events.back()));
}

// `splits` empty: everything at once. Each piece is a block of its own size, freed before the next;
// or it is where the connection has room.
Seen run(const Options& options, std::string_view input, std::string_view splits) {
  SeededRandom random(1);
  ChunkPool pool;
  SendQueue queue(pool);
  naru::websocket::DeflatePool deflate;
  Connection connection(options.role, options.limits, &random);
  if (options.deflate) {
    connection.use_deflate({.own_context = options.context, .peer_context = options.context},
                           deflate);
  }
  if (options.closes_first) connection.close(1001, "fuzz", queue);
  Seen seen;
  bool open = false;  // a message in parts
  for (std::size_t turn = 0; !input.empty(); ++turn) {
    std::size_t size = input.size();
    if (!splits.empty()) {
      size = std::min<std::size_t>(size,
                                   1U + static_cast<unsigned char>(splits[turn % splits.size()]));
    }
    const std::span<char> room = splits.empty() ? std::span<char>() : connection.room();
    if (!room.empty()) size = std::min(size, room.size());
    std::vector<char> block(room.empty() ? size : 0);
    const std::span<char> piece = room.empty() ? std::span<char>(block) : room.first(size);
    std::copy_n(input.begin(), size, piece.begin());
    input.remove_prefix(size);
    Cursor in{piece};
    while (true) {
      const std::size_t before = in.size();
      const auto event = connection.receive(in, queue);
      if (!event) {
        NARU_ASSERT(connection.finished() && connection.close_sent());
        if (open) seen.events.pop_back();
        open = false;
        seen.events.push_back("error " + std::to_string(static_cast<int>(event.error().code)));
        continue;
      }
      if (!*event) break;
      // Every step consumes or returns, or says something.
      NARU_ASSERT(in.size() < before || before == 0 || !(*event)->payload.empty() ||
                  (*event)->last);
      note(**event, options.limits, open, seen);
    }
    NARU_ASSERT(in.empty());
  }
  seen.sent = flatten(queue);
  NARU_ASSERT(seen.sent.size() <= options.limits.pending_pong_above + 4 * 131);
  queue.clear();
  connection.on_sent(queue);
  seen.sent += flatten(queue);
  seen.finished = connection.finished();
  if (open) seen.events.pop_back();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + kSplits) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto bits = static_cast<unsigned char>(all[0]);
  const Options options{.role = (bits & 1U) != 0 ? Role::client : Role::server,
                        .closes_first = (bits & 2U) != 0,
                        .limits = {.message_bytes = (bits & 4U) != 0 ? 200U : std::size_t{1} << 20U,
                                   .fragments = (bits & 8U) != 0 ? 3U : 4096U,
                                   .pending_pong_above = (bits & 16U) != 0 ? 20U : 16384U,
                                   .room_above = 1,
                                   .parts = (bits & 128U) != 0},
                        .deflate = (bits & 32U) != 0,
                        .context = (bits & 64U) != 0};
  const std::string_view splits = all.substr(1, kSplits);
  const std::string_view input = all.substr(1 + kSplits);
  NARU_ASSERT(run(options, input, splits) == run(options, input, {}));
  return 0;
}
