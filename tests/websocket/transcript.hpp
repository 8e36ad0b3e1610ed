#pragma once

#include "support/for_each_split.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::websocket::test {

// "81 05 48" to its bytes.
inline std::string bytes(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += hex[i] == ' ' ? 1 : 2) {
    if (hex[i] != ' ') out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return out;
}

// A frame whose first byte is `first`, whatever the rules say: unmasked as servers send it ...
inline std::string plain(unsigned first, std::string_view payload) {
  std::string out;
  append_frame(Opcode::text, {}, payload, out);
  out[0] = static_cast<char>(first);
  return out;
}

// ... and masked as clients do.
inline std::string masked(unsigned first, std::string_view payload) {
  constexpr std::array<unsigned char, 4> mask{0x37, 0xfa, 0x21, 0x3d};
  std::string out = plain(first, payload);
  const std::size_t head = head_size(payload.size());
  out[1] = static_cast<char>(static_cast<unsigned char>(out[1]) | 0x80U);
  out.insert(head, reinterpret_cast<const char*>(mask.data()), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    char& byte = out[head + 4 + i];
    byte = static_cast<char>(byte ^ mask[i % 4]);
  }
  return out;
}

inline std::string frame_to(Role receiver, unsigned first, std::string_view payload) {
  return receiver == Role::server ? masked(first, payload) : plain(first, payload);
}

// A Close payload.
inline std::string code(unsigned value, std::string_view reason = {}) {
  std::string out{static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)};
  return out.append(reason);
}

inline std::string flatten(const SendQueue& queue) {
  std::vector<std::string_view> pieces(4096);
  pieces.resize(queue.peek(pieces));
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

inline std::string describe(const Event& event) {
  const std::string payload(event.payload.begin(), event.payload.end());
  switch (event.type) {
    case Event::Type::message:
      return (event.binary ? "binary " : "text ") + payload;
    case Event::Type::part:
      return std::string(event.first ? "first " : "") + (event.last ? "last " : "") +
             (event.binary ? "binary part " : "text part ") + payload;
    case Event::Type::pong:
      return "pong " + payload;
    case Event::Type::closed:
      return "closed " + std::to_string(event.code) + " " + payload;
    case Event::Type::close_answered:
      return "close answered " + std::to_string(event.code) + " " + payload;
  }
  return "?";
}

inline std::string describe(const Error& error) {
  switch (error.code) {
    case Errc::protocol_error:
      return "protocol_error";
    case Errc::bad_utf8:
      return "bad_utf8";
    case Errc::bad_compression:
      return "bad_compression";
    case Errc::message_too_big:
      return "message_too_big";
    case Errc::too_many:
      return "too_many";
    default:
      return "another error";
  }
}

// The frames in `sent`, one by one: "-> text Hello", "-> close 1002" (without its reason).
inline std::vector<std::string> sent_frames(std::string sent, Role sender) {
  const Role receiver = sender == Role::server ? Role::client : Role::server;
  std::vector<std::string> out;
  while (!sent.empty()) {
    const auto decoded = decode_head(sent, receiver);
    if (!decoded || !*decoded) {
      out.emplace_back("-> garbage");
      return out;
    }
    const auto& [head, size] = **decoded;
    std::string payload = sent.substr(size, head.payload_bytes);
    if (head.masked) apply_mask(payload, head.mask);
    sent.erase(0, size + payload.size());
    if (head.opcode == Opcode::close) {
      const unsigned value = payload.empty() ? 1005U
                                             : static_cast<unsigned char>(payload[0]) * 256U +
                                                   static_cast<unsigned char>(payload[1]);
      out.push_back("-> close " + std::to_string(value));
    } else {
      const char* name = head.opcode == Opcode::text     ? "text "
                         : head.opcode == Opcode::binary ? "binary "
                         : head.opcode == Opcode::ping   ? "ping "
                                                         : "pong ";
      out.push_back("-> " + (name + payload));
    }
  }
  return out;
}

// A connection and all it needs to be fed.
struct Feed {
  explicit Feed(Role own_role = Role::server, const Limits& own_limits = {})
      : limits(own_limits), connection(own_role, limits, &random), role(own_role) {}

  // Each piece lives in a block of exactly its size, which is gone before the next one comes.
  void receive(std::string_view piece) {
    std::vector<char> block(piece.begin(), piece.end());
    Cursor in{std::span<char>(block)};
    while (true) {
      auto event = connection.receive(in, queue);
      if (!event) {
        seen.push_back(describe(event.error()));
      } else if (*event) {
        seen.push_back(describe(**event));
      } else {
        EXPECT_TRUE(in.empty());
        return;
      }
    }
  }

  // What was seen, then what was sent.
  std::vector<std::string> transcript() const {
    std::vector<std::string> all = seen;
    for (std::string& frame : sent_frames(flatten(queue), role)) all.push_back(std::move(frame));
    return all;
  }

  SeededRandom random{1};
  ChunkPool pool;
  SendQueue queue{pool};
  Limits limits;
  DeflatePool deflate;
  Connection connection;
  Role role;
  std::vector<std::string> seen;
};

// Expects these events and answers, however `input` is cut. `prepare(feed)` comes before the input.
template <class Prepare>
void expect_after(Prepare prepare, Role role, std::string_view input,
                  const std::vector<std::string>& expected, const Limits& limits = {}) {
  const auto run = [&](const std::vector<std::string>& pieces) {
    Feed feed(role, limits);
    prepare(feed);
    for (const std::string& piece : pieces) feed.receive(piece);
    // The bytes as well: even the words of a refusal must not depend on the cut.
    return std::pair(feed.transcript(), flatten(feed.queue));
  };
  EXPECT_EQ(run({std::string(input)}).first, expected);
  naru::test::for_each_split(input, run);
}

inline void expect(Role role, std::string_view input, const std::vector<std::string>& expected,
                   const Limits& limits = {}) {
  expect_after([](Feed&) {}, role, input, expected, limits);
}

}  // namespace naru::websocket::test
