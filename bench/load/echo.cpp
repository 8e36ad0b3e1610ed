#include "modes.hpp"
#include "stomp_client.hpp"
#include "websocket_client.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace naru::load {
namespace {

struct Shared {
  std::string expected;  // the text that must come back
  std::size_t inflight = 1;
  std::size_t ready = 0;
  Window* window = nullptr;
};

// What one client has under way. Answers come in order, so a ring of times suffices.
class Echoes {
 public:
  explicit Echoes(Shared& shared) : shared_(shared), sent_(shared.inflight) {}

  bool may_begin() const { return begun_ - answered_ < sent_.size(); }
  void begin(Instant now) { sent_[begun_++ % sent_.size()] = now; }
  void answer(std::string_view text, Instant now) {
    if (text != shared_.expected || answered_ == begun_) return shared_.window->add_error();
    shared_.window->add(sent_[answered_++ % sent_.size()], now);
  }
  void lose() {
    if (shared_.window == nullptr) throw std::runtime_error("connection lost while opening");
    shared_.window->add_error();
  }

 private:
  Shared& shared_;
  std::vector<Instant> sent_;
  std::uint64_t begun_ = 0;
  std::uint64_t answered_ = 0;
};

class AnyEcho {
 public:
  virtual ~AnyEcho() = default;
  virtual void connect() = 0;
  virtual void start() = 0;
};

// Keeps `inflight` frames under way: of a client of any kind, which knows what comes back of one.
template <class Client>
class EchoClient : public AnyEcho, public Client {
 public:
  template <class... Given>
  EchoClient(Shared& shared, std::string frame, Given&&... given)
      : Client(std::forward<Given>(given)...),
        shared_(shared),
        echoes_(shared),
        frame_(std::move(frame)) {}

  void connect() override { this->open(); }
  void start() override {
    on_read_end();
    this->flush();
  }

 protected:
  void answer(std::string_view text) { echoes_.answer(text, this->poller().now()); }

  Shared& shared_;

 private:
  void on_lost() override { echoes_.lose(); }
  void on_read_end() override {
    if (shared_.window == nullptr) return;
    while (echoes_.may_begin()) {
      echoes_.begin(this->poller().now());
      this->send(frame_);
    }
  }

  Echoes echoes_;
  const std::string frame_;
};

class PlainEcho final : public EchoClient<WebSocketClient> {
 public:
  using EchoClient::EchoClient;

 private:
  void on_ready() override { ++shared_.ready; }
  void on_message(std::string_view text) override { answer(text); }
};

// Each frame of the server has one message or more: a["x","x"].
class SockJsEcho final : public EchoClient<WebSocketClient> {
 public:
  using EchoClient::EchoClient;

 private:
  void on_ready() override {}
  void on_message(std::string_view text) override {
    if (text == "o") ++shared_.ready;
    if (!text.starts_with("a[")) return;
    for (text.remove_prefix(2); text.size() > shared_.expected.size();) {
      answer(text.substr(0, shared_.expected.size()));
      text.remove_prefix(shared_.expected.size() + 1);
    }
  }
};

// Each has a topic of its own.
class StompEcho final : public EchoClient<StompClient> {
 public:
  using EchoClient::EchoClient;

 private:
  void on_subscribed() override { ++shared_.ready; }
  void on_body(std::string_view body) override { answer(body); }
};

std::unique_ptr<AnyEcho> make_client(const Options& options, Poller& poller, Shared& shared,
                                     std::size_t number) {
  const std::string id = std::to_string(number);
  const std::string text(options.size, 'x');
  if (options.protocol == Protocol::sockjs) {
    return std::make_unique<SockJsEcho>(shared, text_frame("[\"" + text + "\"]"), poller,
                                        Protocol::sockjs, "/sockjs/000/" + id + "/websocket");
  }
  if (options.protocol == Protocol::stomp) {
    const std::string destination = "/topic/echo-" + id;
    return std::make_unique<StompEcho>(shared, stomp_send_frame(destination, text), poller,
                                       destination);
  }
  return std::make_unique<PlainEcho>(shared, text_frame(shared.expected), poller, options.protocol,
                                     "/echo");
}

}  // namespace

Report run_echo(const Options& options, Poller& poller) {
  Shared shared;
  shared.expected = message_text(options.protocol, "message", std::string(options.size, 'x'));
  if (options.protocol == Protocol::sockjs) shared.expected = '"' + shared.expected + '"';
  shared.inflight = options.inflight;
  std::vector<std::unique_ptr<AnyEcho>> clients;
  open_all(poller, options.connections, shared.ready, [&](std::size_t number) {
    clients.push_back(make_client(options, poller, shared, number));
    clients.back()->connect();
  });

  Window window(options);
  shared.window = &window;
  for (const auto& client : clients) client->start();
  while (window.running()) poller.turn();
  return window.report();
}

}  // namespace naru::load
