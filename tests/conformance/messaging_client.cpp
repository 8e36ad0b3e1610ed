// naru::StompClient and naru::SockJsClient as their users see them, driven by lines on standard
// input: what the cases of tests/interop/stomp-client.test.mjs and sockjs-client.test.mjs are
// written in. A line is a JSON array, a command and its arguments:
//   ["sockjs", name, url, {options}]   ["say", session, text]   ["leave", session]
//   ["stomp", name, url, {options}]   ["close", client]
//   ["subscribe", name, client, destination, ack, {headers}]   ["unsubscribe", subscription]
//   ["send", client, destination, body, {headers}, receipt or null]: with one, of "not sent" too
//   ["ack", subscription, message]   ["nack", subscription, message]: by its body
//   ["begin", name, client]   ["send-in", transaction, destination, body]
//   ["ack-in", transaction, subscription, message]   ["commit", name]   ["abort", name]
// What happens is printed likewise: ["message", subscription, body, {headers}], ["receipt", name,
// null or error], ...
#include "naru/json.hpp"
#include "naru/sockjs_client.hpp"
#include "naru/stomp_client.hpp"

#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace naru;

std::mutex printing;

void print(Json::Array line) {
  const std::string text = Json(std::move(line)).dump();
  const std::lock_guard lock(printing);
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

std::string text(const Json& value) {
  const auto* out = value.as<std::string>();
  return out == nullptr ? std::string() : *out;
}
std::chrono::milliseconds milliseconds(const Json& value) {
  const auto* out = value.as<std::int64_t>();
  return std::chrono::milliseconds(out == nullptr ? 0 : *out);
}
Headers headers(const Json& value) {
  Headers out;
  if (const auto* object = value.as<Json::Object>()) {
    for (const auto& [name, each] : *object) out.emplace_back(name, text(each));
  }
  return out;
}

std::vector<SockJsTransport> transports(const Json& names) {
  const auto* array = names.as<Json::Array>();
  if (array == nullptr) return SockJsConnect{}.transports;
  std::vector<SockJsTransport> out;
  for (const Json& name : *array) {
    const std::string each = text(name);
    out.push_back(each == "websocket"       ? SockJsTransport::websocket
                  : each == "xhr-streaming" ? SockJsTransport::xhr_streaming
                                            : SockJsTransport::xhr_polling);
  }
  return out;
}

SockJsClientOptions sockjs_options(const std::string& name, const Json& given) {
  SockJsClientOptions options;
  const auto* again = given["reconnect"].as<bool>();
  options.reconnect = {.enabled = again != nullptr && *again,
                       .first_delay = std::chrono::milliseconds(10),
                       .min_delay = std::chrono::milliseconds(10)};
  options.connect.transports = transports(given["transports"]);
  options.tls.ca_file = text(given["ca"]);
  if (!given["patience"].is_null()) {
    const std::chrono::milliseconds patience = milliseconds(given["patience"]);
    options.connect.open_timeout = options.connect.send_timeout = patience;
    options.connect.heartbeat_timeout = patience;
    options.timeouts = {patience, patience, patience, patience, patience};
    options.reconnect.max_delay = patience / 10;
  }
  options.on_open = [name](SockJsClient&) { print({"open", name}); };
  options.on_message = [name](SockJsClient&, Message message) {
    print({"said", name, std::string(message.data)});
  };
  options.on_close = [name](SockJsClient&, std::string_view why) {
    print({"closed", name, std::string(why)});
  };
  options.on_failure = [name](SockJsClient&, const ConnectFailure& failure) {
    print({"failure", name, failure.text});
  };
  return options;
}

StompClientOptions options_of(const std::string& name, const Json& given) {
  StompClientOptions options;
  options.login = text(given["login"]);
  options.passcode = text(given["passcode"]);
  options.host = text(given["host"]);
  options.tls.ca_file = text(given["ca"]);
  options.reconnect.first_delay = options.reconnect.min_delay = std::chrono::milliseconds(10);
  options.sockjs.transports = transports(given["transports"]);
  if (!given["patience"].is_null()) {
    const std::chrono::milliseconds patience = milliseconds(given["patience"]);
    options.connect_timeout = options.receipt_timeout = patience;
    options.timeouts = {patience, patience, patience, patience, patience};
    options.reconnect.max_delay = patience / 10;
  }
  if (!given["heartbeat"].is_null()) {
    options.heartbeat_send = options.heartbeat_receive = milliseconds(given["heartbeat"]);
  }
  options.on_connect = [name](StompClient& client) {
    print({"connect", name, std::string(client.version())});
  };
  options.on_disconnect = [name](StompClient&, std::string_view why) {
    print({"disconnect", name, std::string(why)});
  };
  options.on_failure = [name](StompClient&, const ConnectFailure& failure) {
    print({"failure", name, failure.text});
  };
  options.on_error = [name](StompClient&, const StompMessage& error) {
    print({"error", name, std::string(error.header("message")), std::string(error.body())});
  };
  return options;
}

OnReceipt told(const std::string& receipt) {
  if (receipt.empty()) return {};
  return [receipt](Result<void> done) {
    print({"receipt", receipt, done ? Json() : Json(std::string(done.error().text))});
  };
}

struct World {
  std::map<std::string, std::unique_ptr<StompClient>> clients;
  std::map<std::string, std::unique_ptr<SockJsClient>> sessions;
  std::map<std::string, StompSubscription> subscriptions;
  std::map<std::string, StompTransaction> transactions;
  std::mutex mutex;
  std::map<std::string, StompDelivery> deliveries;  // by subscription and body

  void run(const Json& line);
  void subscribe(const Json& line);
  StompDelivery delivery(const Json& subscription, const Json& body) {
    const std::lock_guard lock(mutex);
    return deliveries.at(text(subscription) + "\n" + text(body));
  }
};

void World::subscribe(const Json& line) {
  const std::string name = text(line[1]);
  const std::string ack = text(line[4]);
  StompSubscribeOptions options;
  if (ack == "client") options.ack = StompAck::client;
  if (ack == "client-individual") options.ack = StompAck::client_individual;
  options.headers = headers(line[5]);
  options.on_subscribed = [name] { print({"subscribed", name}); };
  const auto hear = [this, name](const StompMessage& message) {
    {
      const std::lock_guard lock(mutex);
      deliveries.insert_or_assign(name + "\n" + std::string(message.body()), message.delivery());
    }
    Json::Object shown;
    for (const auto& [key, value] : message.headers()) {
      shown.push_back({std::string(key), std::string(value)});
    }
    print({"message", name, std::string(message.body()), std::move(shown)});
  };
  subscriptions.insert_or_assign(
      name, clients.at(text(line[2]))->subscribe(text(line[3]), hear, std::move(options)));
}

void World::run(const Json& line) {
  const std::string command = text(line[0]);
  const std::string name = text(line[1]);
  if (command == "stomp") {
    auto& client = clients[name];
    client = std::make_unique<StompClient>(text(line[2]), options_of(name, line[3]));
    client->start();
  } else if (command == "sockjs") {
    auto& session = sessions[name];
    session = std::make_unique<SockJsClient>(text(line[2]), sockjs_options(name, line[3]));
    session->start();
  } else if (command == "say") {
    sessions.at(name)->send(naru::text(text(line[2])));
  } else if (command == "leave") {
    sessions.at(name)->close();
  } else if (command == "close") {
    clients.at(name)->close();
  } else if (command == "subscribe") {
    subscribe(line);
  } else if (command == "unsubscribe") {
    subscriptions.at(name).unsubscribe();
  } else if (command == "send") {
    const std::string receipt = text(line[5]);
    const SendOutcome outcome = clients.at(name)->send(
        text(line[2]), text(line[3]), {.headers = headers(line[4]), .on_receipt = told(receipt)});
    const bool sent = outcome == SendOutcome::sent || outcome == SendOutcome::blocked;
    if (!receipt.empty() && !sent) print({"receipt", receipt, "not sent"});
  } else if (command == "ack") {
    delivery(line[1], line[2]).ack(told(text(line[3])));
  } else if (command == "nack") {
    delivery(line[1], line[2]).nack(told(text(line[3])));
  } else if (command == "begin") {
    transactions.insert_or_assign(name, clients.at(text(line[2]))->begin());
  } else if (command == "send-in") {
    transactions.at(name).send(text(line[2]), text(line[3]));
  } else if (command == "ack-in") {
    transactions.at(name).ack(delivery(line[2], line[3]));
  } else if (command == "commit") {
    transactions.at(name).commit(told(name));
  } else if (command == "abort") {
    transactions.at(name).abort(told(name));
  }
}

}  // namespace

int main() {
  World world;
  for (std::string line; std::getline(std::cin, line);) {
    const auto command = Json::parse(line);
    if (!command) return 2;
    world.run(*command);
  }
  world.clients.clear();
  world.sessions.clear();
}
