// naru connect, listen and publish, of SockJS.

#include "keyboard.hpp"
#include "naru/json.hpp"
#include "naru/sockjs_client.hpp"
#include "shown.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace naru::app {
namespace {

constexpr auto kQuiet = std::chrono::seconds(1);

// Waits until nothing has been heard for a while, `limit` at most: SockJS has no ping that would
// tell that all is received and answered.
class Quiet {
 public:
  void on_heard() {
    change([this] { ++heard_; });
  }
  void stop() {
    change([this] { over_ = true; });
  }
  void wait(std::chrono::seconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + limit;
    std::unique_lock lock(mutex_);
    for (auto now = Clock::now(); !over_ && now < end; now = Clock::now()) {
      const unsigned before = heard_;
      const auto changed = [&] { return over_ || heard_ != before; };
      if (!changed_.wait_until(lock, std::min(now + kQuiet, end), changed)) return;
    }
  }

 private:
  template <class F>
  void change(F how) {
    const std::lock_guard lock(mutex_);
    how();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned heard_ = 0;
  bool over_ = false;
};

SockJsClientOptions sockjs_options(const TalkArguments& arguments) {
  SockJsClientOptions options;
  options.headers = parse_headers(arguments.headers);
  options.tls.ca_file = arguments.ca_file;
  const std::chrono::seconds limit(arguments.timeout);
  options.timeouts = {limit, limit, limit, limit, limit};
  options.connect.open_timeout = limit;
  return options;
}

// Whether a server that has closed the session meant it well: WebSocket's codes, and SockJS's own
// for an end without a reason.
bool ended_well(std::string_view reason) {
  constexpr std::string_view kClosed = "the server has closed, ";
  if (!reason.starts_with(kClosed)) return false;
  const std::string_view code = reason.substr(kClosed.size(), 5);
  return code == "1000:" || code == "1001:" || code == "3000:";
}

}  // namespace

int connect_sockjs(const TalkArguments& arguments) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  Quiet quiet;
  std::optional<SockJsClient> client;
  std::optional<Keyboard> keyboard;
  keyboard.emplace(
      [&](const std::string& line) {
        if (client->send(text(line)) == SendOutcome::dropped) {
          keyboard->complain("not sent: SockJS carries UTF-8 only");
        }
      },
      [&] {
        if (!keyboard->edited()) quiet.wait(std::chrono::seconds(arguments.timeout));
        client->close();
      });
  int status = 0;
  bool ours = true;  // the end
  SockJsClientOptions options = sockjs_options(arguments);
  options.on_open = [&](SockJsClient&) {
    keyboard->complain("connected");
    keyboard->begin();
  };
  options.on_message = [&](SockJsClient&, Message message) {
    quiet.on_heard();
    const std::string shown = shown_message(message, false);
    const bool colours = terminal && Json::parse(message.data);
    keyboard->print(colours ? coloured(shown) : shown);
  };
  options.on_close = [&](SockJsClient&, std::string_view reason) {
    ours = reason == "closed";
    keyboard->complain(ours ? "closed" : "closed: " + std::string(reason));
    if (!ours && !ended_well(reason)) status = 1;
  };
  client.emplace(arguments.url, options);
  const int ran = client->run();
  quiet.stop();
  keyboard->end();
  return ran != 0 ? ran : status;
}

int listen_sockjs(const TalkArguments& arguments) {
  if (!arguments.event.empty()) {
    throw std::invalid_argument("SockJS has no events to choose from: leave EVENT out");
  }
  unsigned heard = 0;
  int status = 0;
  SockJsClientOptions options = sockjs_options(arguments);
  options.on_open = [](SockJsClient&) { complain("connected"); };
  options.on_message = [&](SockJsClient& session, Message message) {
    if (arguments.count > 0 && heard == arguments.count) return;
    print(shown_message(message, arguments.json));
    if (++heard == arguments.count) session.close();
  };
  options.on_close = [&](SockJsClient&, std::string_view reason) {
    if (reason == "closed") return;
    complain("closed: " + std::string(reason));
    if (!ended_well(reason)) status = 1;
  };
  SockJsClient client(arguments.url, options);
  const int ran = client.run();
  return ran != 0 ? ran : status;
}

// Nothing confirms a message: what can be told is that the session was there until all had left.
int publish_sockjs(const TalkArguments& arguments) {
  if (arguments.words.size() != 1) {
    throw std::invalid_argument("SockJS takes one MESSAGE, or - for the lines of standard input");
  }
  std::promise<bool> opened;
  std::promise<bool> closed;
  SockJsClientOptions options = sockjs_options(arguments);
  options.limit = kPublishLimit;
  options.on_open = [&](SockJsClient&) { opened.set_value(true); };
  options.on_failure = [&](SockJsClient&, const ConnectFailure& failure) {
    complain(failure.text);
    opened.set_value(false);
  };
  options.on_close = [&](SockJsClient&, std::string_view reason) {
    const bool ours = reason == "closed";
    if (!ours) complain("closed: " + std::string(reason));
    closed.set_value(ours);
  };
  auto is_open = opened.get_future();
  auto is_ours = closed.get_future();
  SockJsClient client(arguments.url, options);
  client.start();
  if (!is_open.get()) return 1;
  const bool all = for_each_message(arguments.words[0], [&](const std::string& message) {
    return was_taken(client.send(text(message)));
  });
  client.close();
  return is_ours.get() && all ? 0 : 1;
}

}  // namespace naru::app
