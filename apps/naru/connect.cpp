#include "keyboard.hpp"
#include "shown.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace naru::app {
namespace {

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

// Emits what is typed; after the end of piped input the client ends too, with the last answer.
class Typist {
 public:
  Typist(Client& client, Keyboard& keyboard, std::chrono::seconds timeout)
      : client_(client), keyboard_(keyboard), timeout_(timeout) {}

  void emit(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) return;
    const std::size_t space = std::min(line.find(' ', begin), line.size());
    const std::size_t rest = std::min(line.find_first_not_of(' ', space), line.size());
    const std::vector<std::string> json = typed_arguments(line.substr(rest));
    const std::vector<std::string_view> values(json.begin(), json.end());
    const std::string event = line.substr(begin, space - begin);
    keyboard_.learn(event);
    ++pending_;
    try {
      client_.socket().timeout(timeout_).emit_with_ack(
          event, Arguments{values, {}}, [this](Result<Arguments> answer) {
            if (answer) print_answer(*answer);  // most are not acknowledged: that is no news
            done();
          });
    } catch (const std::invalid_argument& error) {
      keyboard_.complain(error.what());  // a name that the protocol keeps for itself
      done();
    }
  }
  void done() {
    if (--pending_ == 0) client_.close();
  }

 private:
  void print_answer(const Arguments& answer) {
    const std::string text = one_line(arguments_json(answer));
    keyboard_.print("ack " + (::isatty(STDOUT_FILENO) != 0 ? coloured(text) : text));
  }

  Client& client_;
  Keyboard& keyboard_;
  const std::chrono::seconds timeout_;
  std::atomic<unsigned> pending_ = 1;  // answers, and the end of input
};

int connect_socketio(const TalkArguments& arguments) {
  // In this order: answers that are still due when the client is destroyed come to the typist, and
  // what they say to the keyboard.
  std::optional<Typist> typist;
  std::optional<Keyboard> keyboard;
  Client client(arguments.url, client_options(arguments));
  keyboard.emplace([&](const std::string& line) { typist->emit(line); },
                   [&] { keyboard->edited() ? client.close() : typist->done(); });
  typist.emplace(client, *keyboard, std::chrono::seconds(arguments.timeout));
  const ClientSocket socket = client.socket();
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  bool joined = false;
  bool refused = false;
  socket.on_connect([&](ClientSocket& self) {
    joined = true;
    keyboard->complain("connected to " + self.nsp() + " as " + self.id());
    keyboard->begin();
  });
  socket.on_connect_error([&](ClientSocket&, const ConnectError& error) {
    keyboard->complain(describe(error));
    if (joined && error.active) return;
    refused = true;
    client.close();
  });
  socket.on_disconnect([&](ClientSocket&, std::string_view reason) {
    keyboard->complain("disconnected: " + std::string(reason));
  });
  socket.on_any([&](ClientSocket&, std::string_view event, const Arguments& given) {
    const std::string json = one_line(arguments_json(given));
    keyboard->learn(event);
    keyboard->print(one_line(event) + " " + (terminal ? coloured(json) : json));
  });
  const int status = client.run();
  keyboard->end();
  return refused ? 1 : status;
}

int connect_websocket(const TalkArguments& arguments) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::optional<WebSocketClient> client;
  // After the end of piped input a ping asks whether all was received: what the server had to say
  // to it comes before the pong, and after close() nothing would come.
  constexpr std::string_view kLast = "last";
  std::promise<void> answered;
  auto tell = [&answered, told = false]() mutable {  // on the client's loop
    if (!std::exchange(told, true)) answered.set_value();
  };
  std::optional<Keyboard> keyboard;
  keyboard.emplace([&](const std::string& line) { client->send(text(line)); },
                   [&] {
                     if (!keyboard->edited()) {
                       client->ping(kLast);
                       answered.get_future().wait_for(std::chrono::seconds(arguments.timeout));
                     }
                     client->close();
                   });
  WebSocketClientOptions options = websocket_options(arguments);
  int status = 0;
  options.on_open = [&](WebSocketClient&) {
    keyboard->complain("connected");
    keyboard->begin();
  };
  options.on_message = [&](WebSocketClient&, Message message) {
    const std::string shown = shown_message(message, false);
    const bool colours = terminal && !message.binary && Json::parse(message.data);
    keyboard->print(colours ? coloured(shown) : shown);
  };
  options.on_pong = [&](WebSocketClient&, std::string_view payload) {
    if (payload == kLast) tell();
  };
  options.on_close = [&](WebSocketClient&, std::uint16_t code, std::string_view reason) {
    keyboard->complain("closed: " + std::to_string(code) + " " + std::string(reason));
    if (code != 1000 && code != 1001) status = 1;
    tell();
  };
  client.emplace(arguments.url, options);
  const int ran = client->run();
  keyboard->end();
  return ran != 0 ? ran : status;
}

}  // namespace

int connect(const TalkArguments& arguments) {
  switch (choose_protocol(arguments, Protocol::socketio)) {
    case Protocol::websocket:
      return connect_websocket(arguments);
    case Protocol::sockjs:
      return connect_sockjs(arguments);
    case Protocol::stomp:
      return connect_stomp(arguments);
    case Protocol::stream:
      throw std::invalid_argument("an event stream goes one way: use naru listen");
    case Protocol::socketio:
    case Protocol::push:
      break;
  }
  return connect_socketio(arguments);
}

}  // namespace naru::app
