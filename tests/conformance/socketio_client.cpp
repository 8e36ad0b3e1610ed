// naru::Client as its users see it, driven by lines on standard input: what the cases of
// tests/interop/client.test.mjs are written in. A line is a JSON array, a command and its
// arguments:
//   ["client", name, url, {options}]   ["socket", name, client, nsp]   ["close", client]
//   ["connect", socket]   ["disconnect", socket]   ["state", socket]
//   ["emit", socket, event, ...]   ["volatile", socket, event, ...]
//   ["ask", socket, call, timeout or null, event, ...]
// What happens is printed likewise: ["event", socket, name, ...], ["answer", call, error, ...], ...
// Binary values are {"bytes": base64} in these lines. The event "ask" is answered by its arguments.
#include "base/base64.hpp"
#include "naru/client.hpp"

#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace {

using namespace naru;

std::mutex printing;

Json shown(const Json& value) {
  if (const auto* bytes = value.as<Bytes>()) {
    return Json::Object{{"bytes", base64(as_text(*bytes))}};
  }
  if (const auto* array = value.as<Json::Array>()) {
    Json::Array out;
    for (const Json& each : *array) out.push_back(shown(each));
    return out;
  }
  if (const auto* object = value.as<Json::Object>()) {
    Json::Object out;
    for (const auto& [name, member] : *object) out.push_back({name, shown(member)});
    return out;
  }
  return value;
}

Json meant(const Json& value) {
  if (const auto* encoded = value["bytes"].as<std::string>()) {
    std::string bytes;
    if (!append_decoded_base64(*encoded, bytes)) return nullptr;
    const BytesView view = as_bytes(bytes);
    return Bytes(view.begin(), view.end());
  }
  if (const auto* array = value.as<Json::Array>()) {
    Json::Array out;
    for (const Json& each : *array) out.push_back(meant(each));
    return out;
  }
  if (const auto* object = value.as<Json::Object>()) {
    Json::Object out;
    for (const auto& [name, member] : *object) out.push_back({name, meant(member)});
    return out;
  }
  return value;
}

void print(Json::Array line) {
  const std::string text = shown(Json(std::move(line))).dump();
  const std::lock_guard lock(printing);
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

void append(Json::Array& line, const Arguments& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto value = json_cast<Json>(arguments[i]);
    line.push_back(value ? *std::move(value) : Json("?"));
  }
}

std::string text(const Json& value) {
  const auto* out = value.as<std::string>();
  return out == nullptr ? std::string() : *out;
}
std::chrono::milliseconds milliseconds(const Json& value) {
  const auto* out = value.as<std::int64_t>();
  return std::chrono::milliseconds(out == nullptr ? 0 : *out);
}

ClientOptions options_of(const std::string& name, const Json& given) {
  ClientOptions options;
  const auto take = [&](const char* key, auto& into) {
    if (given[key].is_null()) return;
    using T = std::remove_reference_t<decltype(into)>;
    if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
      into = milliseconds(given[key]);
    } else if constexpr (std::is_same_v<T, bool>) {
      into = *given[key].as<bool>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      into = text(given[key]);
    } else {
      into = static_cast<T>(*given[key].as<std::int64_t>());
    }
  };
  take("path", options.path);
  take("reconnection", options.reconnection);
  take("reconnectionAttempts", options.reconnection_attempts);
  take("reconnectionDelay", options.reconnection_delay);
  take("reconnectionDelayMax", options.reconnection_delay_max);
  take("timeout", options.timeout);
  take("autoConnect", options.auto_connect);
  take("ackTimeout", options.ack_timeout);
  take("retries", options.retries);
  take("ca", options.tls.ca_file);
  take("certificate", options.tls.certificate_file);
  take("key", options.tls.key_file);
  if (text(given["parser"]) == "msgpack") options.parser = msgpack_parser();
  take("proxy", options.proxy.url);
  take("upgrade", options.upgrade);
  take("tryAllTransports", options.try_all_transports);
  take("rememberUpgrade", options.remember_upgrade);
  take("revision", options.revision);
  if (const auto* transports = given["transports"].as<Json::Array>()) {
    options.transports.clear();
    for (const Json& each : *transports) {
      options.transports.push_back(text(each) == "polling" ? ClientTransport::polling
                                                           : ClientTransport::websocket);
    }
  }
  options.auth = given["auth"];
  if (const Json counted = given["countedAuth"]; !counted.is_null()) {
    options.make_auth = [n = std::int64_t{0}]() mutable {
      return Json(Json::Object{{"attempt", ++n}});
    };
  }
  if (const auto* query = given["query"].as<Json::Object>()) {
    for (const auto& [key, value] : *query) options.query.emplace_back(key, text(value));
  }
  if (const auto* headers = given["extraHeaders"].as<Json::Object>()) {
    for (const auto& [key, value] : *headers) options.headers.emplace_back(key, text(value));
  }
  options.on_reconnect_attempt = [name](unsigned n) { print({"reconnect_attempt", name, n}); };
  options.on_reconnect = [name](unsigned n) { print({"reconnect", name, n}); };
  options.on_reconnect_error = [name](const ConnectError& error) {
    print({"reconnect_error", name, error.message});
  };
  options.on_reconnect_failed = [name] { print({"reconnect_failed", name}); };
  return options;
}

void listen(const ClientSocket& socket, const std::string& name, bool greets = false) {
  socket.on_connect([name, greets](ClientSocket& self) {
    print({"connect", name, self.id(), self.recovered()});
    if (greets) self.emit("greeting", name);
  });
  socket.on_connect_error([name](ClientSocket&, const ConnectError& error) {
    auto data = Json::parse(error.data_json);
    print({"connect_error", name, error.message, data ? *std::move(data) : Json(), error.active});
  });
  socket.on_disconnect(
      [name](ClientSocket&, std::string_view reason) { print({"disconnect", name, reason}); });
  socket.on_any([name](ClientSocket&, std::string_view event, const Arguments& arguments) {
    Json::Array line{"event", name, event};
    append(line, arguments);
    print(std::move(line));
  });
  socket.on("transport",
            [name](ClientSocket& self) { print({"transport", name, self.transport()}); });
  socket.on("ask", [](const Arguments& arguments, const Ack& ack) { ack(arguments); });
}

class Driver {
 public:
  void run(const Json& line) {
    const std::string command = text(line[0]);
    const std::string name = text(line[1]);
    if (command == "client") {
      const std::string url = text(line[2]);
      clients_[name] = std::make_unique<Client>(url, options_of(name, line[3]));
      sockets_.emplace(name, clients_[name]->socket());
      listen(sockets_.at(name), name, !line[3]["greets"].is_null());
      clients_[name]->start();
    } else if (command == "socket") {
      sockets_.emplace(name, clients_.at(text(line[2]))->of(text(line[3])));
      listen(sockets_.at(name), name);
      sockets_.at(name).connect();
    } else if (command == "close") {
      clients_.at(name)->close();
      clients_.at(name)->wait();
      print({"closed", name});
    } else {
      act(command, sockets_.at(name), line);
    }
  }

 private:
  static void act(const std::string& command, const ClientSocket& socket, const Json& line) {
    if (command == "connect") {
      socket.connect();
    } else if (command == "disconnect") {
      socket.disconnect();
    } else if (command == "state") {
      print({"state", text(line[1]), socket.connected(), socket.active(), socket.id()});
    } else if (command == "emit") {
      emit(line, 2, [&](auto event, const Arguments& all) { socket.emit(event, all); });
    } else if (command == "volatile") {
      emit(line, 2, [&](auto event, const Arguments& all) { socket.droppable().emit(event, all); });
    } else if (command == "ask") {
      const Json call = line[2];
      const auto answered = [call](Result<Arguments> answer) {
        Json::Array out{"answer", call, answer ? Json() : Json(answer.error().text)};
        if (answer) append(out, *answer);
        print(std::move(out));
      };
      emit(line, 4, [&](auto event, const Arguments& all) {
        if (line[3].is_null()) {
          socket.emit_with_ack(event, all, answered);
        } else {
          socket.timeout(milliseconds(line[3])).emit_with_ack(event, all, answered);
        }
      });
    }
  }

  // The values of a line from `first` on, the event, as arguments.
  template <class F>
  static void emit(const Json& line, std::size_t first, F send) {
    std::vector<std::string> texts;
    std::vector<std::string> attachments;
    const auto& values = *line.as<Json::Array>();
    for (std::size_t i = first + 1; i < values.size(); ++i) {
      std::string text;
      JsonWriter writer(text, attachments);
      json_write(writer, meant(values[i]));
      texts.push_back(std::move(text));
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    send(text(values[first]), Arguments{views, attachments});
  }

  std::map<std::string, std::unique_ptr<Client>> clients_;
  std::map<std::string, ClientSocket> sockets_;
};

}  // namespace

int main() {
  Driver driver;
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto command = Json::parse(line);
    if (!command) {
      std::fprintf(stderr, "not a command: %s\n", line.c_str());
      return 1;
    }
    driver.run(*command);
  }
  return 0;
}
