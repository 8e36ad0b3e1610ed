#pragma once

#include "io/listener.hpp"
#include "io/loop.hpp"
#include "io/ring_flusher.hpp"
#include "io/stream.hpp"
#include "tls_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::io::testing {

// The kinds of stream; the last one is TCP whose every byte leaves by io_uring.
enum class Wire { tcp4, tcp6, tls, ring };

// What a handler lived through; outlives it.
struct Seen {
  Stream* stream = nullptr;
  std::string received;
  std::string calls;  // "attached bytes end closed "
  int sent = 0;
  int closed = 0;
  std::optional<StreamEnd> end;
  bool destroyed = false;

  // What to do besides noting it.
  std::function<void(Stream&)> on_attached;
  std::function<void(Stream&, std::string_view)> on_bytes;
  std::function<void(Stream&)> on_end;
  std::function<void(Stream&)> on_sent;
  std::function<void(Stream&)> on_deadline;
  std::function<void(Stream&)> on_closed;
  std::function<std::span<char>()> room;
};

// Notes every call, and expects none after on_closed.
class Witness final : public StreamHandler {
 public:
  explicit Witness(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  ~Witness() override { seen_->destroyed = true; }

  void on_attached(Stream& stream) override {
    seen_->stream = &stream;
    note("attached", seen_->on_attached);
  }
  std::span<char> room() override { return seen_->room ? seen_->room() : std::span<char>(); }
  void on_bytes(std::span<char> bytes) override {
    const std::string_view text(bytes.data(), bytes.size());
    seen_->received += text;
    EXPECT_FALSE(inside_);
    inside_ = true;
    note("bytes", [&](Stream& stream) {
      if (seen_->on_bytes) seen_->on_bytes(stream, text);
    });
    inside_ = false;
  }
  void on_end() override { note("end", seen_->on_end); }
  void on_sent() override {
    ++seen_->sent;
    note("sent", seen_->on_sent);
  }
  void on_deadline(Instant) override { note("deadline", seen_->on_deadline); }
  void on_closed(StreamEnd end) override {
    EXPECT_FALSE(inside_);  // never beneath another call
    ++seen_->closed;
    seen_->end = end;
    note("closed", seen_->on_closed);
  }

 private:
  void note(std::string_view call, const std::function<void(Stream&)>& action) {
    EXPECT_EQ(seen_->closed, call == "closed" ? 1 : 0) << call;
    seen_->calls.append(call).append(" ");
    // A copy: the action may set another one.
    if (const std::function<void(Stream&)> doing = action) doing(*seen_->stream);
  }

  std::shared_ptr<Seen> seen_;
  bool inside_ = false;
};

inline void send(Stream& stream, std::string_view bytes) {
  stream.out().append(bytes);
  stream.send_later();
}

// A byte run in which a lost, doubled or moved piece shows.
inline std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

// Turns until `done`. The time limit only ends a test that has failed.
inline bool turn_until(Loop& loop, const std::function<bool()>& done) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    loop.poll(std::chrono::milliseconds(1));
  }
  return true;
}

// Turns until nothing more is ready.
inline void settle(Loop& loop) {
  for (int i = 0; i < 20; ++i) loop.poll(Duration::zero());
}

// A loop with a listener; the next connection's handler notes into `seen`.
class World {
 public:
  explicit World(Wire wire) : World(wire, wire == Wire::tls ? test_tls_context() : nullptr) {}
  World(Wire wire, std::shared_ptr<TlsContext> tls) : wire_(wire) {
    if (wire == Wire::ring) {
      auto ring = std::make_unique<RingFlusher>(1);
      flusher = ring.get();
      loop.set_flusher(std::move(ring));
    }
    const Endpoint endpoint{wire == Wire::tcp6 ? "::1" : "127.0.0.1", 0};
    auto made = Listener::listen(loop, endpoint, std::move(tls), [this](Stream&) {
      accepted.push_back(seen);
      return std::make_unique<Witness>(std::exchange(seen, std::make_shared<Seen>()));
    });
    EXPECT_TRUE(made) << last_error();
    listener = *std::move(made);
  }

  // Connects, and turns until the stream is attached and (TLS) ready to send. What `seen` asks for
  // happens to that stream.
  std::unique_ptr<Client> connect(int receive_buffer = 0) {
    const std::size_t before = accepted.size();
    auto client = dial(wire_, listener->port(), receive_buffer);
    EXPECT_TRUE(turn_until(loop, [&] { return client->handshake() && accepted.size() > before; }));
    settle(loop);
    return client;
  }

  static std::unique_ptr<Client> dial(Wire wire, std::uint16_t port, int receive_buffer = 0) {
    if (wire == Wire::tls) return std::make_unique<TlsClient>(port, TlsOptions{}, receive_buffer);
    return std::make_unique<Client>(wire == Wire::tcp6 ? AF_INET6 : AF_INET, port, receive_buffer);
  }

  // Moves what the client sends and receives until it has `wanted` bytes, or its input ends.
  std::string read(Client& client, std::size_t wanted = ~std::size_t{0}) {
    std::string bytes;
    EXPECT_TRUE(turn_until(loop, [&] {
      return client.receive(bytes) != Client::Input::open || bytes.size() >= wanted;
    }));
    return bytes;
  }
  void write(Client& client, std::string_view bytes) {
    EXPECT_TRUE(turn_until(loop, [&] {
      bytes.remove_prefix(client.send(bytes));
      return bytes.empty();
    }));
  }

  Loop loop;
  RingFlusher* flusher = nullptr;
  std::unique_ptr<Listener> listener;
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  std::vector<std::shared_ptr<Seen>> accepted;

 private:
  Wire wire_;
};

}  // namespace naru::io::testing
