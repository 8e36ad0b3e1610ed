#include "shown.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace naru::app {
namespace {

// The lines of standard input, read on a thread of its own. Begun on the client's loop: there
// SIGINT is blocked, as it must be here, so that it comes to the client.
class Keyboard {
 public:
  Keyboard(std::function<void(const std::string&)> on_line, std::function<void()> on_end)
      : on_line_(std::move(on_line)),
        on_end_(std::move(on_end)),
        wake_(::eventfd(0, EFD_CLOEXEC)) {}
  ~Keyboard() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof(one));
    if (thread_.joinable()) thread_.join();
    ::close(wake_);
  }
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  void begin() {
    if (!thread_.joinable()) thread_ = std::thread([this] { read(); });
  }

 private:
  void read() {
    std::array<pollfd, 2> ready{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
    std::array<char, 4096> bytes{};
    std::string line;
    for (;;) {
      if (::poll(ready.data(), ready.size(), -1) < 0) continue;
      if (ready[1].revents != 0) return;
      const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
      if (got <= 0) break;
      for (const char each : std::string_view(bytes.data(), static_cast<std::size_t>(got))) {
        if (each != '\n') {
          line += each;
        } else {
          on_line_(std::exchange(line, {}));
        }
      }
    }
    if (!line.empty()) on_line_(line);
    on_end_();
  }

  std::function<void(const std::string&)> on_line_;
  std::function<void()> on_end_;
  int wake_;
  std::thread thread_;
};

// What was typed behind the event: JSON values with commas between them, or else one string.
std::vector<std::string> typed_arguments(const std::string& rest) {
  if (rest.empty()) return {};
  const std::string array = "[" + rest + "]";
  if (!Json::parse(array)) return {as_json(rest)};
  std::vector<std::string> all;
  const auto elements = json_elements({array});
  if (elements) {
    for (const JsonView& each : *elements) all.emplace_back(each.text);
  }
  return all;
}

// Emits what is typed; after the end of input the client ends too, with the last answer.
class Typist {
 public:
  Typist(Client& client, std::chrono::seconds timeout) : client_(client), timeout_(timeout) {}

  void emit(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) return;
    const std::size_t space = std::min(line.find(' ', begin), line.size());
    const std::size_t rest = std::min(line.find_first_not_of(' ', space), line.size());
    const std::vector<std::string> json = typed_arguments(line.substr(rest));
    const std::vector<std::string_view> values(json.begin(), json.end());
    ++pending_;
    try {
      client_.socket().timeout(timeout_).emit_with_ack(
          line.substr(begin, space - begin), Arguments{values, {}},
          [this](Result<Arguments> answer) {
            if (answer) print_answer(*answer);  // most are not acknowledged: that is no news
            done();
          });
    } catch (const std::invalid_argument& error) {
      complain(error.what());  // a name that the protocol keeps for itself
      done();
    }
  }
  void done() {
    if (--pending_ == 0) client_.close();
  }

 private:
  static void print_answer(const Arguments& answer) {
    const std::string text = one_line(arguments_json(answer));
    print("ack " + (::isatty(STDOUT_FILENO) != 0 ? coloured(text) : text));
  }

  Client& client_;
  const std::chrono::seconds timeout_;
  std::atomic<unsigned> pending_ = 1;  // answers, and the end of input
};

int connect_socketio(const TalkArguments& arguments) {
  // Answers that are still due when the client is destroyed come to the typist.
  std::optional<Typist> typist;
  Client client(arguments.url, client_options(arguments));
  typist.emplace(client, std::chrono::seconds(arguments.timeout));
  const ClientSocket socket = client.socket();
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  bool joined = false;
  bool refused = false;
  Keyboard keyboard([&](const std::string& line) { typist->emit(line); }, [&] { typist->done(); });
  socket.on_connect([&](ClientSocket& self) {
    joined = true;
    complain("connected to " + self.nsp() + " as " + self.id());
    keyboard.begin();
  });
  socket.on_connect_error([&](ClientSocket&, const ConnectError& error) {
    complain(describe(error));
    if (joined && error.active) return;
    refused = true;
    client.close();
  });
  socket.on_disconnect([](ClientSocket&, std::string_view reason) {
    complain("disconnected: " + std::string(reason));
  });
  socket.on_any([&](ClientSocket&, std::string_view event, const Arguments& given) {
    const std::string json = one_line(arguments_json(given));
    print(one_line(event) + " " + (terminal ? coloured(json) : json));
  });
  const int status = client.run();
  return refused ? 1 : status;
}

int connect_websocket(const TalkArguments& arguments) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  WebSocketClientOptions options = websocket_options(arguments);
  std::unique_ptr<Keyboard> keyboard;
  int status = 0;
  options.on_open = [&](WebSocketClient& client) {
    complain("connected");
    keyboard =
        std::make_unique<Keyboard>([&client](const std::string& line) { client.send(text(line)); },
                                   [&client] { client.close(); });
    keyboard->begin();
  };
  options.on_message = [&](WebSocketClient&, Message message) {
    const std::string shown = shown_message(message, false);
    print(terminal && !message.binary && Json::parse(message.data) ? coloured(shown) : shown);
  };
  options.on_close = [&](WebSocketClient&, std::uint16_t code, std::string_view reason) {
    complain("closed: " + std::to_string(code) + " " + std::string(reason));
    if (code != 1000 && code != 1001) status = 1;
  };
  WebSocketClient client(arguments.url, options);
  const int ran = client.run();
  keyboard.reset();  // before the client that it sends by
  return ran != 0 ? ran : status;
}

}  // namespace

int connect(const TalkArguments& arguments) {
  return choose_protocol(arguments, Protocol::socketio) == Protocol::websocket
             ? connect_websocket(arguments)
             : connect_socketio(arguments);
}

}  // namespace naru::app
