// Peers as the world has them: talkers, slow readers, ones that vanish inside a frame, send too
// much, break the protocol. Checks all that comes back; made for servers built with a sanitizer.
#include "modes.hpp"
#include "websocket_client.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace naru::load {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

enum class Habit : std::uint8_t {
  talker,      // echoes of all sizes, and an orderly goodbye
  fragmenter,  // the same in fragments, with pings between them
  slow,        // reads nothing for a while
  vanishing,   // resets the connection inside a frame
  oversized,   // announces more than the server takes: 1009
  violator,    // does not mask: 1002
  subscriber,
  publisher,
};
constexpr std::size_t kHabits = 8;

constexpr std::size_t kTooMuch = std::size_t{1} << 20U;
constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kProtocolError = 1002;
constexpr std::uint16_t kTooBig = 1009;

class ChaosClient final : public WebSocketClient {
 public:
  ChaosClient(Poller& poller, Window& window, Random& random)
      : WebSocketClient(poller, Protocol::websocket, "/echo"), window_(window), random_(random) {}

  // Whether its connection has come to its end: begin() makes it another peer.
  bool over() const { return over_; }

  void begin() {
    over_ = false;
    habit_ = static_cast<Habit>(below(random_, kHabits));
    left_ = 1 + below(random_, 40);
    expected_.clear();
    close_code_.reset();
    saying_goodbye_ = false;
    set_path(habit_ == Habit::subscriber ? "/sub" : habit_ == Habit::publisher ? "/pub" : "/echo");
    open();
  }

  // The server owes its Close, and has had ten seconds.
  void check_patience() {
    if (ready_ && saying_goodbye_ && poller().now() - goodbye_at_ > std::chrono::seconds(10)) {
      error("never closed by the server");
    }
  }

  // Now and then, whatever arrives: goes on, leaves, or reads again.
  void nudge() {
    if (!ready_) return;
    if (habit_ == Habit::slow) {
      if (below(random_, 4) == 0) resume();
      if (paused()) talk();
    }
    if (habit_ == Habit::subscriber || habit_ == Habit::publisher || habit_ == Habit::slow) step();
    flush();
  }

 private:
  void on_ready() override {
    ready_ = true;
    if (habit_ == Habit::slow) pause();
    step();
  }

  void on_message(std::string_view text) override {
    if (habit_ == Habit::subscriber) {
      if (text.find_first_not_of(text.empty() ? 'x' : text.front()) != text.npos) error("mixed");
    } else if (expected_.empty() || text != expected_.front()) {
      return error("not what was sent");
    } else {
      window_.add(sent_at_, poller().now());
      expected_.pop_front();
    }
    if (habit_ != Habit::slow) step();
  }

  void on_close(std::uint16_t code) override { close_code_ = code; }

  void on_lost() override {
    const bool orderly = habit_ == Habit::oversized  ? close_code_ == kTooBig
                         : habit_ == Habit::violator ? close_code_ == kProtocolError
                         : habit_ == Habit::slow || habit_ == Habit::subscriber
                             ? true  // too slow for the server's limits
                             : saying_goodbye_ && close_code_ == kNormal;
    if (!orderly) error("lost without the right code");
    leave();
  }

  void step() {
    if (saying_goodbye_) return;
    if (left_ == 0) return say_goodbye();
    --left_;
    switch (habit_) {
      case Habit::talker:
      case Habit::slow:
        return talk();
      case Habit::fragmenter:
        return talk_in_fragments();
      case Habit::vanishing:
        if (left_ > 5) return talk();
        send(text_frame(std::string(1000, 'v')).substr(0, 1 + below(random_, 900)));
        flush();
        drop();
        return leave();
      case Habit::oversized:
        expect_close();
        return send(text_frame(std::string(kTooMuch, 'o')).substr(0, 2000));
      case Habit::violator:
        expect_close();
        return send(std::string("\x81\x02hi", 4));
      case Habit::subscriber:
        if (left_ == 20) pause();
        if (left_ == 5) resume();
        return;
      case Habit::publisher:
        return send(text_frame(payload()));
    }
  }

  std::string payload() {
    const std::size_t size = below(random_, 8) == 0 ? below(random_, 60000) : below(random_, 300);
    return std::string(size, static_cast<char>('a' + below(random_, 26)));
  }

  const std::string& expect() {
    expected_.push_back(payload());
    sent_at_ = poller().now();
    return expected_.back();
  }

  void talk() { send(text_frame(expect())); }

  void talk_in_fragments() {
    const std::string& text = expect();
    const std::size_t middle = below(random_, text.size() + 1);
    send(fragment(text.substr(0, middle), Fragment::first));
    send(ping_frame());
    send(fragment(text.substr(middle), Fragment::last));
  }

  void expect_close() {
    saying_goodbye_ = true;
    goodbye_at_ = poller().now();
  }

  void say_goodbye() {
    expect_close();
    resume();
    send(close_frame(kNormal));
  }

  void leave() {
    ready_ = false;
    over_ = true;
    resume();
  }

  void error(const char* what) {
    std::fprintf(stderr, "chaos: habit %d: %s (close code %d)\n", static_cast<int>(habit_), what,
                 close_code_.value_or(0));
    window_.add_error();
  }

  Window& window_;
  Random& random_;
  Habit habit_ = Habit::talker;
  std::size_t left_ = 0;
  bool over_ = false;
  bool ready_ = false;
  bool saying_goodbye_ = false;  // the server's Close is due
  Instant goodbye_at_{};
  Instant sent_at_{};
  std::optional<std::uint16_t> close_code_;
  std::deque<std::string> expected_;
};

}  // namespace

Report run_chaos(const Options& options, Poller& poller) {
  Random random(options.seed);
  Window window(options);
  std::vector<std::unique_ptr<ChaosClient>> clients;
  while (window.running()) {
    // A few per turn, so that no listen queue overflows.
    for (std::size_t i = 0; i < 16 && clients.size() < options.connections; ++i) {
      clients.push_back(std::make_unique<ChaosClient>(poller, window, random));
      clients.back()->begin();
    }
    poller.turn();
    for (const auto& client : clients) {
      if (client->over()) client->begin();
    }
    for (std::size_t i = 0; i < 1 + clients.size() / 16; ++i) {
      clients[below(random, clients.size())]->nudge();
    }
  }
  for (const auto& client : clients) client->check_patience();
  return window.report();
}

}  // namespace naru::load
