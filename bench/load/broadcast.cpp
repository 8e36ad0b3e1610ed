#include "event_stream.hpp"
#include "modes.hpp"
#include "stomp_client.hpp"
#include "websocket_client.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace naru::load {
namespace {

// The publications under way, by their number modulo how many may be.
class Publications {
 public:
  Publications(const Options& options)
      : options_(options), slots_(options.inflight), receivers_(options.connections) {}

  std::size_t ready = 0;
  std::optional<Window> window;

  bool may_begin() const { return begun_ - done_ < slots_.size(); }

  // The frame of the next publication: its text starts with its number.
  std::string begin(Instant now) {
    std::string text(options_.size, 'x');
    std::snprintf(text.data(), text.size(), "%011llu", static_cast<unsigned long long>(begun_));
    text[11] = 'x';
    Slot& slot = slots_[begun_++ % slots_.size()];
    slot = {now, 0, message_text(options_.protocol, "message", text)};
    return text_frame(message_text(options_.protocol, "publish", text));
  }

  // A receiver got its `number`th message. False if that is not what was published.
  bool receive(std::uint64_t number, std::string_view text, Instant now) {
    if (number < done_ || number >= begun_) return false;
    Slot& slot = slots_[number % slots_.size()];
    if (text != slot.expected) return false;
    if (++slot.received == receivers_) {
      window->add(slot.begun, now, receivers_);
      ++done_;
    }
    return true;
  }

 private:
  struct Slot {
    Instant begun{};
    std::size_t received = 0;
    std::string expected;
  };

  const Options& options_;
  std::vector<Slot> slots_;
  std::size_t receivers_;
  std::uint64_t begun_ = 0;
  std::uint64_t done_ = 0;
};

[[noreturn]] void give_up() {
  throw std::runtime_error("a receiver lost its connection");
}

class Receiver final : public WebSocketClient {
 public:
  Receiver(Poller& poller, Protocol protocol, Publications& publications)
      : WebSocketClient(poller, protocol, "/sub"),
        protocol_(protocol),
        publications_(publications) {}

 private:
  void on_ready() override {
    if (protocol_ == Protocol::websocket) {
      ++publications_.ready;
    } else {
      send(text_frame(R"(420["join","room"])"));
    }
  }
  void on_message(std::string_view text) override {
    if (text == "430[]") {
      ++publications_.ready;
    } else if (!publications_.receive(received_++, text, poller().now())) {
      publications_.window->add_error();
    }
  }
  void on_lost() override { give_up(); }

  Protocol protocol_;
  Publications& publications_;
  std::uint64_t received_ = 0;
};

class StompReceiver final : public StompClient {
 public:
  StompReceiver(Poller& poller, Publications& publications)
      : StompClient(poller, "/topic/room"), publications_(publications) {}

 private:
  void on_subscribed() override { ++publications_.ready; }
  void on_body(std::string_view body) override {
    if (publications_.receive(received_++, body, poller().now())) return;
    publications_.window->add_error();
  }
  void on_lost() override { give_up(); }

  Publications& publications_;
  std::uint64_t received_ = 0;
};

class StreamReceiver final : public EventStream {
 public:
  StreamReceiver(Poller& poller, Publications& publications)
      : EventStream(poller, "/push/room"), publications_(publications) {}

 private:
  void on_open() override { ++publications_.ready; }
  void on_data(std::string_view data) override {
    if (publications_.receive(received_++, data, poller().now())) return;
    publications_.window->add_error();
  }
  void on_lost() override { give_up(); }

  Publications& publications_;
  std::uint64_t received_ = 0;
};

std::unique_ptr<Connection> make_receiver(Poller& poller, Protocol protocol,
                                          Publications& publications) {
  if (protocol == Protocol::stomp) return std::make_unique<StompReceiver>(poller, publications);
  if (protocol == Protocol::sse) return std::make_unique<StreamReceiver>(poller, publications);
  return std::make_unique<Receiver>(poller, protocol, publications);
}

class Publisher final : public WebSocketClient {
 public:
  Publisher(Poller& poller, Protocol protocol, Publications& publications)
      : WebSocketClient(poller, protocol, "/pub"), publications_(publications) {}

  // Begins as many publications as may be under way.
  void publish() {
    while (publications_.may_begin()) send(publications_.begin(Clock::now()));
    flush();
  }

 private:
  void on_ready() override { ++publications_.ready; }
  void on_message(std::string_view) override {
    throw std::runtime_error("the publisher is in no room, yet received a message");
  }
  void on_lost() override { throw std::runtime_error("the publisher lost its connection"); }

  Publications& publications_;
};

}  // namespace

Report run_broadcast(const Options& options, Poller& poller) {
  Publications publications(options);
  std::vector<std::unique_ptr<Connection>> receivers;
  open_all(poller, options.connections, publications.ready, [&](std::size_t) {
    receivers.push_back(make_receiver(poller, options.protocol, publications));
    receivers.back()->open();
  });
  Publisher publisher(poller, options.protocol, publications);
  publications.ready = 0;
  open_all(poller, 1, publications.ready, [&](std::size_t) { publisher.open(); });

  publications.window.emplace(options);
  while (publications.window->running()) {
    publisher.publish();
    poller.turn();
  }
  return publications.window->report();
}

}  // namespace naru::load
