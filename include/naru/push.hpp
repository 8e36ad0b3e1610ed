#pragma once

#include "naru/engineio.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

// What a topic remembers for those who come back, or come late. Whatever of the three is passed
// first, the oldest go.
struct HistoryOptions {
  std::size_t count = 0;  // messages; 0: none is kept, and nothing can be made up for
  std::size_t bytes = std::size_t{1} << 20U;
  std::chrono::milliseconds age{300'000};
};

// Who is in a topic: clients that say who they are as they subscribe, and those for whom the
// program does (Topic::enter). In bounds, they are named; beyond, they are counted.
struct PresenceOptions {
  std::size_t members = 0;  // 0: none of it is kept; above so many, a number is told
  std::size_t bytes = std::size_t{1} << 18U;  // or above so many of what they say about themselves
  std::size_t connections = 100'000;          // that are seen
  std::chrono::milliseconds linger{5'000};    // who comes back within it has not left
  std::chrono::milliseconds count_interval{1'000};  // between two numbers
};

enum class Access {
  anyone,
  key,     // who shows one of the keys of the route
  nobody,  // the program alone
};

// How the topics that begin with a prefix behave.
struct TopicOptions {
  HistoryOptions history{};
  PresenceOptions presence{};
  Access subscribe = Access::anyone;  // by HTTP push, and /api/history
  Access publish = Access::key;       // by HTTP
  // Publications also go to the Socket.IO room of that name in the namespace "/": an event with the
  // publication's event name, or "message", and its data.
  bool socketio = false;
};

// GET <path><topic>[,<topic>...]: server-sent events, JSON lines, long polling and polling, by what
// Accept says. See docs/guide/push.md.
struct PushOptions {
  CorsOptions cors{};
  std::vector<std::string> keys{};  // "Authorization: Bearer <key>", where a topic asks for one
  std::chrono::milliseconds heartbeat{20'000};
  std::chrono::milliseconds retry{2'000};  // told to EventSource, up to a fifth more
  std::chrono::milliseconds wait{25'000};  // of a long poll that does not say
  std::chrono::milliseconds longest_wait{120'000};
  std::size_t topics = 8;  // of one request
  std::size_t topic_bytes = 200;
  std::size_t poll_messages = 100;  // of one answer to a poll: "more" says that there are
  std::size_t outbox_bytes =
      1U << 20U;  // that a stream has not taken: it is closed, and comes back
  std::chrono::milliseconds stall{30'000};  // a stream that takes none of them
};

// POST <path>publish and batch, GET <path>history, presence and info. See docs/guide/push.md.
struct PushApiOptions {
  std::vector<std::string> keys{};  // none: nothing is let in
  std::size_t body_bytes = std::size_t{1} << 20U;
  std::size_t batch = 100;  // publications of one request
  std::size_t topic_bytes = 200;
  std::size_t history_messages = 100;  // of one answer
  // Idempotency-Key: what is answered again instead of being done again; on each loop.
  std::size_t idempotency_keys = 10'000;
  std::chrono::milliseconds idempotency_age{300'000};
};

}  // namespace naru
