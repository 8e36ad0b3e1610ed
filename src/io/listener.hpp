#pragma once

#include "base/unique_function.hpp"
#include "io/handshake_gate.hpp"
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

// Whether nobody listens there yet. SO_REUSEPORT alone would let a second program take half of the
// connections without a word. Errors: io, with the system's text in last_error().
Result<void> check_unused(const Endpoint& endpoint);

// Makes the handler of a new connection; nullptr turns it away.
using HandlerFactory = UniqueFunction<std::unique_ptr<StreamHandler>(Stream&)>;

// Accepts connections for one loop. Each loop has its own listener on the same port (SO_REUSEPORT),
// and the kernel spreads connections over them.
class Listener final : public Pollable, private HandshakeGate::Door {
 public:
  // By TLS when there is a context; `gate` then says when a handshake may begin.
  // Errors: io (the address is taken, or not ours), with the system's text in `last_error()`.
  static Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& endpoint,
                                                  std::shared_ptr<TlsContext> tls,
                                                  HandlerFactory make_handler,
                                                  HandshakeGate* gate = nullptr);
  ~Listener() override;
  std::uint16_t port() const { return port_; }
  // For connections from now on. Call on the loop's thread; not for a listener without TLS.
  void replace_tls(std::shared_ptr<TlsContext> tls) { tls_ = std::move(tls); }
  // Stops accepting. Call on the loop's thread.
  void close();

  void on_ready(std::uint32_t epoll_events) override;

 private:
  Listener(Loop& loop, int fd, std::shared_ptr<TlsContext> tls, HandlerFactory make_handler,
           HandshakeGate* gate);
  void on_timer(Instant) override;
  void welcome(int fd);
  void admit(int fd) override;
  void start(std::unique_ptr<Stream> made);
  void rest();

  Loop& loop_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::shared_ptr<TlsContext> tls_;
  HandlerFactory make_handler_;
  HandshakeGate* gate_;
};

}  // namespace naru::io
