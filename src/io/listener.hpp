#pragma once

#include "base/unique_function.hpp"
#include "io/last_error.hpp"
#include "io/loop.hpp"
#include "io/stream.hpp"
#include "io/timer_wheel.hpp"
#include "io/tls_context.hpp"
#include "naru/result.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace naru::io {

// An address to listen on. `host` is an IPv4 or IPv6 literal (no brackets), "localhost" (which is
// 127.0.0.1; nothing is looked up), or empty for every address of both families.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;         // 0: the system chooses
  std::string to_string() const;  // "127.0.0.1:3000", "[::1]:3000"
};
// Parses "127.0.0.1:3000", "[::1]:3000", ":3000", "3000", "localhost:3000".
// Errors: invalid_argument.
Result<Endpoint> parse_endpoint(const std::string& text);

// Makes the handler of a new connection; nullptr turns it away.
// Whether nobody listens there yet. SO_REUSEPORT alone would let a second program take half of the
// connections without a word. Errors: io, with the system's text in last_error().
Result<void> check_unused(const Endpoint& endpoint);

using HandlerFactory = UniqueFunction<std::unique_ptr<StreamHandler>(Stream&)>;

// Accepts connections for one loop. Each loop has its own listener on the same port (SO_REUSEPORT),
// and the kernel spreads connections over them.
class Listener : public Pollable {
 public:
  // Errors: io (the address is taken, or not ours), with the system's text in `last_error()`.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& endpoint,
                                                  std::shared_ptr<TlsContext> tls,
                                                  HandlerFactory make_handler);
  ~Listener() override;
  std::uint16_t port() const { return port_; }
  // Stops accepting. Call on the loop's thread.
  void close();

  void on_ready(std::uint32_t epoll_events) override;

 private:
  // Ends the rest that a listener takes when descriptors have run out.
  class Retry final : public Timer {
   public:
    explicit Retry(Listener& listener) : listener_(listener) {}
    void on_timer(Instant) override;

   private:
    Listener& listener_;
  };

  Listener(Loop& loop, int fd, std::shared_ptr<TlsContext> tls, HandlerFactory make_handler);
  void welcome(int fd, const PeerAddress& peer);
  void rest();

  Loop& loop_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::shared_ptr<TlsContext> tls_;
  HandlerFactory make_handler_;
  Retry retry_{*this};
};

}  // namespace naru::io
