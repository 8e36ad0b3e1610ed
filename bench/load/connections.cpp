// The modes that measure connections and not messages.
#include "modes.hpp"
#include "websocket_client.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <poll.h>
#include <unistd.h>
#include <vector>

namespace naru::load {
namespace {

struct Handshakes {
  std::size_t ready = 0;
  std::uint64_t lost = 0;
};

class HandshakeClient final : public WebSocketClient {
 public:
  HandshakeClient(Poller& poller, Protocol protocol, Handshakes& shared)
      : WebSocketClient(poller, protocol, "/echo"), shared_(shared) {}

  void begin() {
    over_ = false;
    began_ = Clock::now();
    open();
  }
  // Whether the handshake, or the connection, has come to its end.
  bool over() const { return over_; }
  Instant began() const { return began_; }

 private:
  void on_ready() override {
    over_ = true;
    ++shared_.ready;
  }
  void on_message(std::string_view) override {}
  void on_lost() override {
    over_ = true;
    ++shared_.lost;
  }

  Handshakes& shared_;
  bool over_ = false;
  Instant began_{};
};

bool input_ended() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  std::array<char, 64> ignored;
  return ::poll(&input, 1, 0) > 0 && ::read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0;
}

}  // namespace

Report run_connect(const Options& options, Poller& poller) {
  Handshakes shared;
  std::vector<std::unique_ptr<HandshakeClient>> clients;
  for (std::size_t i = 0; i < options.connections; ++i) {
    clients.push_back(std::make_unique<HandshakeClient>(poller, options.protocol, shared));
    clients.back()->begin();
  }
  Window window(options);
  while (window.running()) {
    poller.turn();
    for (const auto& client : clients) {
      if (!client->over()) continue;
      window.add(client->began(), Clock::now());
      client->drop();
      client->begin();
    }
  }
  for (std::uint64_t i = 0; i < shared.lost; ++i) window.add_error();
  return window.report();
}

void run_idle(const Options& options, Poller& poller) {
  Handshakes shared;
  std::vector<std::unique_ptr<HandshakeClient>> clients;
  Report report;
  report.mode = options.mode;
  const Instant began = Clock::now();
  open_all(poller, options.connections, shared.ready, [&](std::size_t) {
    clients.push_back(std::make_unique<HandshakeClient>(poller, options.protocol, shared));
    clients.back()->begin();
  });
  report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  report.messages = shared.ready;
  report.errors = shared.lost;
  std::puts(report.json().c_str());
  std::fflush(stdout);
  while (!input_ended()) poller.turn();
}

}  // namespace naru::load
