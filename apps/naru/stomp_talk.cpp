// naru connect, listen and publish, of STOMP.

#include "base/utf8.hpp"
#include "keyboard.hpp"
#include "naru/json.hpp"
#include "naru/stomp_client.hpp"
#include "shown.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace naru::app {
namespace {

StompClientOptions stomp_options(const TalkArguments& arguments) {
  StompClientOptions options;
  options.login = arguments.login;
  options.passcode = arguments.passcode;
  options.host = arguments.vhost;
  options.headers = parse_headers(arguments.headers);
  options.tls.ca_file = arguments.ca_file;
  const std::chrono::seconds limit(arguments.timeout);
  options.timeouts = {limit, limit, limit, limit, limit};
  options.connect_timeout = limit;
  options.receipt_timeout = limit;
  return options;
}

Message shown_body(const StompMessage& message) {
  return {message.body(), !is_utf8(message.body())};
}

std::string shown(const StompMessage& message, bool json) {
  if (!json) return shown_message(shown_body(message), false);
  Json::Object headers;
  for (const auto& [name, value] : message.headers()) {
    headers.push_back({std::string(name), std::string(value)});
  }
  Json::Object out;
  out.push_back({"destination", std::string(message.destination())});
  out.push_back({"headers", std::move(headers)});
  const auto body = Json::parse(shown_message(shown_body(message), true));
  for (const JsonMember& each : *body->as<Json::Object>()) out.push_back(each);
  return one_line(Json(std::move(out)).dump());
}

std::string describe_error(const StompMessage& error) {
  return "the broker says: " + std::string(error.header("message")) + " " +
         std::string(error.body());
}

// What is typed: send DESTINATION TEXT, subscribe DESTINATION, unsubscribe DESTINATION.
class StompTypist {
 public:
  StompTypist(StompClient& client, Keyboard& keyboard) : client_(client), keyboard_(keyboard) {
    for (const char* word : {"send", "subscribe", "unsubscribe"}) keyboard_.learn(word);
  }

  void take(const std::string& line) {
    const auto [word, rest] = cut(line);
    const auto [destination, text] = cut(rest);
    if (word.empty()) return;
    if (word == "send" && !destination.empty()) {
      send(destination, text);
    } else if (word == "subscribe" && !destination.empty()) {
      subscribe(destination);
    } else if (word == "unsubscribe" && subscriptions_.count(destination) > 0) {
      subscriptions_.at(destination).unsubscribe();
      subscriptions_.erase(destination);
    } else {
      keyboard_.complain("send DESTINATION TEXT, subscribe DESTINATION, unsubscribe DESTINATION");
    }
  }
  void done() {
    if (--pending_ == 0) client_.close();
  }

 private:
  static std::pair<std::string, std::string> cut(const std::string& line) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t space = std::min(line.find(' ', begin), line.size());
    const std::size_t rest = std::min(line.find_first_not_of(' ', space), line.size());
    return {line.substr(begin, space - begin), line.substr(rest)};
  }

  void send(const std::string& destination, const std::string& text) {
    ++pending_;
    StompSendOptions options;
    options.on_receipt = [this, destination](const Result<void>& receipt) {
      if (!receipt) keyboard_.complain("no receipt for what was sent to " + destination);
      done();
    };
    const SendOutcome outcome = client_.send(destination, text, std::move(options));
    if (outcome == SendOutcome::sent || outcome == SendOutcome::blocked) return;
    keyboard_.complain("not connected: nothing was sent");
    done();
  }

  void subscribe(const std::string& destination) {
    if (subscriptions_.count(destination) > 0) return;
    StompSubscribeOptions options;
    options.on_subscribed = [this, destination] {
      keyboard_.complain("subscribed to " + destination);
    };
    const bool terminal = ::isatty(STDOUT_FILENO) != 0;
    subscriptions_.emplace(destination,
                           client_.subscribe(
                               destination,
                               [this, terminal](const StompMessage& message) {
                                 const std::string body = shown(message, false);
                                 const bool colours = terminal && Json::parse(message.body());
                                 keyboard_.print(one_line(message.destination()) + " " +
                                                 (colours ? coloured(body) : body));
                               },
                               std::move(options)));
  }

  StompClient& client_;
  Keyboard& keyboard_;
  std::map<std::string, StompSubscription> subscriptions_;  // on the keyboard's thread
  std::atomic<unsigned> pending_ = 1;                       // receipts, and the end of input
};

}  // namespace

int connect_stomp(const TalkArguments& arguments) {
  // In this order: what is still due when the client is destroyed comes to the typist.
  std::optional<StompTypist> typist;
  std::optional<Keyboard> keyboard;
  bool joined = false;
  bool refused = false;
  StompClientOptions options = stomp_options(arguments);
  options.on_connect = [&](StompClient& client) {
    joined = true;
    keyboard->complain("connected by STOMP " + std::string(client.version()));
    keyboard->begin();
  };
  options.on_disconnect = [&](StompClient&, std::string_view reason) {
    keyboard->complain("disconnected: " + std::string(reason));
  };
  options.on_error = [&](StompClient&, const StompMessage& error) {
    keyboard->complain(describe_error(error));
  };
  options.on_failure = [&](StompClient& client, const ConnectFailure& failure) {
    if (joined) return keyboard->complain(failure.text);
    refused = true;  // run() says why
    client.close();
  };
  StompClient client(arguments.url, options);
  keyboard.emplace([&](const std::string& line) { typist->take(line); },
                   [&] { keyboard->edited() ? client.close() : typist->done(); });
  typist.emplace(client, *keyboard);
  const int status = client.run();
  keyboard->end();
  return refused ? 1 : status;
}

int listen_stomp(const TalkArguments& arguments) {
  if (arguments.event.empty()) {
    throw std::invalid_argument("STOMP wants a destination behind the URL, such as /topic/prices");
  }
  bool joined = false;
  bool refused = false;
  unsigned heard = 0;
  StompClientOptions options = stomp_options(arguments);
  options.on_disconnect = [](StompClient&, std::string_view reason) {
    complain("disconnected: " + std::string(reason));
  };
  options.on_error = [&](StompClient& client, const StompMessage& error) {
    complain(describe_error(error));
    refused = true;  // a destination that it does not give us will not come by itself
    client.close();
  };
  options.on_failure = [&](StompClient& client, const ConnectFailure& failure) {
    if (joined) return complain(failure.text);
    refused = true;  // run() says why
    client.close();
  };
  StompClient client(arguments.url, options);
  StompSubscribeOptions how;
  how.on_subscribed = [&] {
    joined = true;
    complain("connected, subscribed to " + arguments.event);
  };
  client.subscribe(
      arguments.event,
      [&](const StompMessage& message) {
        if (arguments.count > 0 && heard == arguments.count) return;
        print(shown(message, arguments.json));
        if (++heard == arguments.count) client.close();
      },
      std::move(how));
  const int status = client.run();
  return refused ? 1 : status;
}

// Each message waits for its receipt before the next.
int publish_stomp(const TalkArguments& arguments) {
  if (arguments.words.size() != 2) {
    throw std::invalid_argument(
        "DESTINATION and MESSAGE are needed, or - for the lines of standard input");
  }
  auto connected = std::make_shared<std::promise<bool>>();
  const auto told = std::make_shared<bool>(false);  // on the client's thread alone
  const auto tell = [connected, told](bool is) {
    if (!std::exchange(*told, true)) connected->set_value(is);
  };
  StompClientOptions options = stomp_options(arguments);
  options.reconnect.enabled = false;
  options.on_connect = [tell](StompClient&) { tell(true); };
  options.on_failure = [tell](StompClient&, const ConnectFailure& failure) {
    complain(failure.text);
    tell(false);
  };
  options.on_error = [](StompClient&, const StompMessage& error) {
    complain(describe_error(error));
  };
  auto outcome = connected->get_future();
  StompClient client(arguments.url, options);
  client.start();
  if (!outcome.get()) return 1;
  const bool all = for_each_message(arguments.words[1], [&](const std::string& message) {
    auto receipt = std::make_shared<std::promise<bool>>();
    auto done = receipt->get_future();
    StompSendOptions how;
    how.on_receipt = [receipt](const Result<void>& result) {
      receipt->set_value(result.has_value());
    };
    const SendOutcome sent = client.send(arguments.words[0], message, std::move(how));
    const bool taken = sent == SendOutcome::sent || sent == SendOutcome::blocked;
    if (taken && done.get()) return true;
    complain("the broker has not confirmed a message");
    return false;
  });
  client.close();
  client.wait();
  return all ? 0 : 1;
}

}  // namespace naru::app
