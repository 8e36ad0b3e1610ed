#include "talk.hpp"

#include "config.hpp"
#include "naru/client.hpp"
#include "naru/websocket_client.hpp"
#include "shown.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <cstdio>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace naru::app {
namespace {

using Seconds = std::chrono::seconds;

int listen_socketio(const TalkArguments& arguments) {
  Client client(arguments.url, client_options(arguments));
  const ClientSocket socket = client.socket();
  bool joined = false;
  bool refused = false;
  unsigned heard = 0;
  socket.on_connect([&](ClientSocket& self) {
    joined = true;
    std::fprintf(stderr, "naru: connected to %s as %s\n", self.nsp().c_str(), self.id().c_str());
  });
  socket.on_connect_error([&](ClientSocket&, const ConnectError& error) {
    complain(describe(error));
    // One that has been there may come back; one that never was is a mistake in the URL.
    if (joined && error.active) return;
    refused = true;
    client.close();
  });
  socket.on_disconnect([](ClientSocket&, std::string_view reason) {
    complain("disconnected: " + std::string(reason));
  });
  socket.on_any([&](ClientSocket&, std::string_view event, const Arguments& given) {
    if (!arguments.event.empty() && event != arguments.event) return;
    if (arguments.count > 0 && heard == arguments.count) return;
    print(shown_event(event, given, arguments.json));
    if (++heard == arguments.count) client.close();
  });
  const int status = client.run();
  return refused ? 1 : status;
}

int listen_websocket(const TalkArguments& arguments) {
  if (!arguments.event.empty()) {
    throw std::invalid_argument("a WebSocket has no events to choose from: leave EVENT out");
  }
  WebSocketClientOptions options = websocket_options(arguments);
  unsigned heard = 0;
  int status = 0;
  options.on_open = [](WebSocketClient&) { std::fprintf(stderr, "naru: connected\n"); };
  options.on_message = [&](WebSocketClient& socket, Message message) {
    if (arguments.count > 0 && heard == arguments.count) return;
    print(shown_message(message, arguments.json));
    if (++heard == arguments.count) socket.close();
  };
  options.on_close = [&](WebSocketClient&, std::uint16_t code, std::string_view reason) {
    if (arguments.count > 0 && heard == arguments.count) return;
    complain("closed: " + std::to_string(code) + " " + std::string(reason));
    if (code != 1000 && code != 1001) status = 1;
  };
  WebSocketClient client(arguments.url, options);
  const int ran = client.run();
  return ran != 0 ? ran : status;
}

// An emitter of events that waits for each answer before the next.
class Emitter {
 public:
  explicit Emitter(const TalkArguments& arguments)
      : arguments_(arguments), client_(arguments.url, client_options(arguments)) {}

  bool connect() {
    auto joined = std::make_shared<std::promise<std::string>>();
    const auto told = std::make_shared<bool>(false);  // on the client's thread alone
    const auto tell = [joined, told](const std::string& failure) {
      if (!std::exchange(*told, true)) joined->set_value(failure);
    };
    client_.socket().on_connect([tell](ClientSocket&) { tell({}); });
    client_.socket().on_connect_error(
        [tell](ClientSocket&, const ConnectError& error) { tell(describe(error)); });
    auto outcome = joined->get_future();
    client_.start();
    const std::string failure = outcome.get();  // an attempt has a timeout
    if (!failure.empty()) complain(failure);
    return failure.empty();
  }

  // `json`: the arguments, each a JSON value.
  bool emit(const std::vector<std::string>& json) {
    std::vector<std::string_view> values(json.begin(), json.end());
    const Arguments given{values, {}};
    if (arguments_.no_ack) {
      return client_.socket().emit(arguments_.event, given) != SendOutcome::closed;
    }
    auto answered = std::make_shared<std::promise<std::string>>();
    auto outcome = answered->get_future();
    client_.socket()
        .timeout(Seconds(arguments_.timeout))
        .emit_with_ack(arguments_.event, given, [answered](Result<Arguments> answer) {
          answered->set_value(answer ? arguments_json(*answer) : std::string());
        });
    const std::string answer = outcome.get();
    if (answer.empty()) {
      complain("'" + arguments_.event + "' was not acknowledged");
      return false;
    }
    print(one_line(answer));
    return true;
  }

  // What was sent leaves before the end.
  void close() {
    client_.close();
    client_.wait();
  }

 private:
  const TalkArguments& arguments_;
  Client client_;
};

// One line of standard input: an array holds the arguments, anything else is the only one.
std::vector<std::string> arguments_of(const std::string& line) {
  std::vector<std::string> all;
  const auto elements = Json::parse(line) ? json_elements({line}) : Error{Errc::bad_json, ""};
  if (!elements) return {as_json(line)};
  for (const JsonView& each : *elements) all.emplace_back(each.text);
  return all;
}

std::string path_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t begin = std::min(url.find('/', host), url.size());
  return url.substr(begin, std::min(url.find('?', begin), url.size()) - begin);
}

// Sends texts and asks for the end: the server's Close comes behind all that it has received.
int send_by_websocket(const TalkArguments& arguments) {
  if (arguments.words.size() != 1) {
    throw std::invalid_argument(
        "a WebSocket takes one MESSAGE, or - for the lines of standard input");
  }
  WebSocketClientOptions options = websocket_options(arguments);
  options.limit = kPublishLimit;
  std::promise<bool> opened;
  std::promise<std::uint16_t> closed;
  options.on_open = [&](WebSocketClient&) { opened.set_value(true); };
  options.on_failure = [&](WebSocketClient&, const ConnectFailure& failure) {
    complain(failure.text);
    opened.set_value(false);
  };
  options.on_close = [&](WebSocketClient&, std::uint16_t code, std::string_view reason) {
    if (code != 1000) complain("closed: " + std::to_string(code) + " " + std::string(reason));
    closed.set_value(code);
  };
  auto is_open = opened.get_future();
  auto code = closed.get_future();
  WebSocketClient client(arguments.url, options);
  client.start();
  if (!is_open.get()) return 1;
  const bool all = for_each_message(arguments.words[0], [&](const std::string& message) {
    return was_taken(client.send(text(message)));
  });
  client.close();
  return code.get() == 1000 && all ? 0 : 1;
}

}  // namespace

void print(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void complain(const std::string& what) {
  std::fprintf(stderr, "naru: %s\n", one_line(what).c_str());
}

ClientOptions client_options(const TalkArguments& arguments) {
  ClientOptions options;
  options.path = arguments.path;
  options.headers = parse_headers(arguments.headers);
  options.tls.ca_file = arguments.ca_file;
  options.timeout = Seconds(arguments.timeout);
  if (!arguments.auth.empty()) {
    const auto auth = Json::parse(arguments.auth);
    if (!auth || auth->as<Json::Object>() == nullptr) {
      throw std::invalid_argument("--auth must be a JSON object");
    }
    options.auth = *auth;
  }
  return options;
}

WebSocketClientOptions websocket_options(const TalkArguments& arguments) {
  WebSocketClientOptions options;
  options.headers = parse_headers(arguments.headers);
  options.tls.ca_file = arguments.ca_file;
  const Seconds limit(arguments.timeout);
  options.timeouts = {limit, limit, limit, limit, limit};
  return options;
}

std::string describe(const ConnectError& error) {
  const std::string why = error.failure ? error.failure->text : error.message;
  return error.data_json.empty() ? why : why + " " + error.data_json;
}

Headers parse_headers(const std::vector<std::string>& lines) {
  Headers headers;
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      throw std::invalid_argument("'" + line + "' is no header: write 'Name: value'");
    }
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    headers.emplace_back(line.substr(0, colon),
                         value == std::string::npos ? "" : line.substr(value));
  }
  return headers;
}

bool for_each_message(const std::string& word,
                      const std::function<bool(const std::string&)>& send) {
  if (word != "-") return send(word);
  bool all = true;
  for (std::string line; std::getline(std::cin, line);) all = send(line) && all;
  return all;
}

Protocol choose_protocol(const TalkArguments& arguments, Protocol of_http) {
  static const std::vector<std::pair<std::string, Protocol>> kNames{
      {"ws", Protocol::websocket},
      {"socketio", Protocol::socketio},
      {"sockjs", Protocol::sockjs},
      {"sse", Protocol::stream},
      {"stomp", Protocol::stomp}};
  std::vector<std::string> known;
  for (const auto& [name, protocol] : kNames) {
    if (name == arguments.protocol) return protocol;
    known.push_back(name);
  }
  if (!arguments.protocol.empty()) {
    const std::string meant = nearest(arguments.protocol, known);
    throw std::invalid_argument("'" + arguments.protocol +
                                "' is no protocol: ws, socketio, sockjs, sse, stomp" +
                                (meant.empty() ? "" : " (did you mean " + meant + "?)"));
  }
  const std::string& url = arguments.url;
  if (url.starts_with("ws:") || url.starts_with("wss:")) return Protocol::websocket;
  if (url.starts_with("stomp:") || url.starts_with("stomp+ssl:")) return Protocol::stomp;
  const std::string path = path_of(url);
  if ((path + "/").find("/sockjs/") != std::string::npos) return Protocol::sockjs;
  const bool stream = of_http != Protocol::push && path.find("/push/") != std::string::npos;
  return stream ? Protocol::stream : of_http;
}

int listen(const TalkArguments& arguments) {
  switch (choose_protocol(arguments, Protocol::socketio)) {
    case Protocol::websocket:
      return listen_websocket(arguments);
    case Protocol::sockjs:
      return listen_sockjs(arguments);
    case Protocol::stream:
      return listen_to_stream(arguments);
    case Protocol::stomp:
      return listen_stomp(arguments);
    case Protocol::socketio:
    case Protocol::push:
      break;
  }
  return listen_socketio(arguments);
}

int emit(const TalkArguments& arguments) {
  Emitter emitter(arguments);
  if (!emitter.connect()) return 1;
  bool all = true;
  if (arguments.words == std::vector<std::string>{"-"}) {
    all = for_each_message(
        "-", [&](const std::string& line) { return emitter.emit(arguments_of(line)); });
  } else {
    std::vector<std::string> json;
    for (const std::string& word : arguments.words) json.push_back(as_json(word));
    all = emitter.emit(json);
  }
  emitter.close();
  return all ? 0 : 1;
}

int publish(const TalkArguments& arguments) {
  const Protocol protocol = choose_protocol(arguments, Protocol::push);
  if (protocol == Protocol::websocket) return send_by_websocket(arguments);
  if (protocol == Protocol::sockjs) return publish_sockjs(arguments);
  if (protocol == Protocol::stomp) return publish_stomp(arguments);
  if (protocol == Protocol::stream) {
    throw std::invalid_argument(
        "an event stream only tells: leave --protocol out for the HTTP API");
  }
  if (protocol == Protocol::socketio) {
    throw std::invalid_argument("Socket.IO has events, not topics: use naru emit");
  }
  return publish_by_http(arguments);
}

}  // namespace naru::app
