#include "modes.hpp"
#include "websocket_client.hpp"

#include <memory>
#include <vector>

namespace naru::load {
namespace {

struct Shared {
  std::string frame;     // what each sends
  std::string expected;  // the text that must come back
  std::size_t inflight = 1;
  std::size_t ready = 0;
  Window* window = nullptr;
};

// Keeps `inflight` messages under way. Answers come in order, so a ring of times suffices.
class EchoClient final : public WebSocketClient {
 public:
  EchoClient(Poller& poller, Protocol protocol, Shared& shared)
      : WebSocketClient(poller, protocol, "/echo"), shared_(shared), sent_(shared.inflight) {}

  void start() {
    for (std::size_t i = 0; i < shared_.inflight; ++i) send_one();
    flush();
  }

 private:
  void on_ready() override { ++shared_.ready; }

  void on_message(std::string_view text) override {
    if (text != shared_.expected || answered_ == begun_) return shared_.window->add_error();
    shared_.window->add(sent_[answered_++ % sent_.size()], poller().now());
  }

  void on_read_end() override {
    if (shared_.window == nullptr) return;
    while (begun_ - answered_ < shared_.inflight) send_one();
  }

  void on_lost() override {
    if (shared_.window == nullptr) throw std::runtime_error("connection lost while opening");
    shared_.window->add_error();
  }

  void send_one() {
    sent_[begun_++ % sent_.size()] = poller().now();
    send(shared_.frame);
  }

  Shared& shared_;
  std::vector<Instant> sent_;
  std::uint64_t begun_ = 0;
  std::uint64_t answered_ = 0;
};

}  // namespace

Report run_echo(const Options& options, Poller& poller) {
  Shared shared;
  shared.expected = message_text(options.protocol, "message", std::string(options.size, 'x'));
  shared.frame = text_frame(shared.expected);
  shared.inflight = options.inflight;
  std::vector<std::unique_ptr<EchoClient>> clients;
  open_all(poller, options.connections, shared.ready, [&](std::size_t) {
    clients.push_back(std::make_unique<EchoClient>(poller, options.protocol, shared));
    clients.back()->open();
  });

  Window window(options);
  shared.window = &window;
  for (const auto& client : clients) client->start();
  while (window.running()) poller.turn();
  return window.report();
}

}  // namespace naru::load
