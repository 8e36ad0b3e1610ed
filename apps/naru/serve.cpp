#include "serve.hpp"

#include "chat.hpp"
#include "logger.hpp"
#include "naru/server.hpp"
#include "sockjs.hpp"
#include "stomp.hpp"
#include "ticker.hpp"
#include "whiteboard.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace naru::app {
namespace {

constexpr unsigned short kHttpPort = 3000;
constexpr unsigned short kHttpsPort = 3443;

std::vector<ListenAddress> addresses(const ServeConfig& config) {
  std::vector<ListenAddress> all;
  for (const std::string& text : config.listen) {
    if (text.starts_with("stomp")) throw std::runtime_error("'" + text + "' belongs to [stomp]");
    all.push_back(parse_listen(text));
  }
  if (all.empty()) all.push_back({.tls = false, .host = "localhost", .port = kHttpPort});

  const bool certified = !config.tls_cert.empty();
  bool wants_tls = false;
  for (const ListenAddress& each : all) wants_tls = wants_tls || each.tls;
  if (config.tls_cert.size() != config.tls_key.size()) {
    throw std::runtime_error("--tls-cert and --tls-key go together");
  }
  if (wants_tls && !certified) {
    throw std::runtime_error("https:// needs --tls-cert and --tls-key");
  }
  if (certified && !wants_tls) {
    all.push_back({.tls = true, .host = all.front().host, .port = kHttpsPort});
  }
  return all;
}

void add_gallery(Server& server, const std::string& web) {
  const std::filesystem::path root(web);
  if (!std::filesystem::is_directory(root / "public")) {
    throw std::runtime_error("no gallery in '" + web + "' (--web)");
  }
  server.files("/", (root / "public").string());
  const std::filesystem::path packages = root / "node_modules";
  server.files("/vendor/", (packages / "socket.io-client" / "dist").string());
  server.files("/vendor/sockjs/", (packages / "sockjs-client" / "dist").string());
  server.files("/vendor/stomp/", (packages / "@stomp" / "stompjs" / "bundles").string());
}

TlsOptions tls_options(const ServeConfig& config) {
  TlsOptions options;
  for (std::size_t i = 0; i < config.tls_cert.size(); ++i) {
    options.certificates.push_back({config.tls_cert[i], config.tls_key[i]});
  }
  options.client_authorities = config.tls_client_ca;
  if (config.tls_client == "optional") {
    options.client_certificates = ClientCertificates::optional;
  } else if (config.tls_client == "required") {
    options.client_certificates = ClientCertificates::required;
  } else if (config.tls_client != "none") {
    throw std::runtime_error("'" + config.tls_client + "' is no answer to whose certificates we " +
                             "want (--tls-client): none, optional, required");
  }
  return options;
}

Io parse_io(const std::string& word) {
  if (word == "auto") return Io::automatic;
  if (word == "epoll") return Io::epoll;
  if (word == "uring") return Io::uring;
  throw std::runtime_error("'" + word + "' is no way to send: auto, epoll, uring");
}

bool parse_http2(const std::string& word) {
  if (word == "auto") return true;
  if (word == "off") return false;
  throw std::runtime_error("'" + word + "' is no answer to --http2: auto, off");
}

ListenOptions listen_options(const ServeConfig& config, const ListenAddress& address) {
  ListenOptions where;
  where.host = address.host;
  where.port = address.port;
  if (address.tls) where.tls = tls_options(config);
  where.http2 = parse_http2(config.http2);
  return where;
}

ListenAddress parse_stomp_listen(const ServeConfig& config, const std::string& text) {
  if (text.starts_with("http")) {
    throw std::runtime_error("'" + text + "' is no address of STOMP: stomp:// or stomp+ssl://");
  }
  const ListenAddress address = parse_listen(text);
  if (address.tls && config.tls_cert.empty()) {
    throw std::runtime_error("stomp+ssl:// needs --tls-cert and --tls-key");
  }
  return address;
}

// The ticker's topic keeps some lists, unless the operator says how it behaves.
void add_ticker_topic(Server& server, const std::vector<TopicConfig>& topics) {
  const auto is_ticker = [](const TopicConfig& each) { return each.prefix == Ticker::kTopic; };
  if (std::any_of(topics.begin(), topics.end(), is_ticker)) return;
  server.topics(Ticker::kTopic, {.history = {.count = Ticker::kHistory}});
}

// Topics by HTTP and by plain WebSocket; and as rooms, for the events "subscribe" and "unsubscribe"
// of Socket.IO's namespace "/".
void add_topics(Server& server, Namespace& rooms, const ServeConfig& config) {
  for (const TopicConfig& topic : config.topics) server.topics(topic.prefix, topic.options);
  if (config.push == "off") return;
  if (config.push != "on") {
    throw std::runtime_error("'" + config.push + "' is no answer to push: on, off");
  }
  server.push("/push/", {.cors = {.origins = config.origins}, .keys = config.api_keys});
  if (!config.api_keys.empty()) server.push_api("/api/", {.keys = config.api_keys});
  const auto open = [topics = config.topics](std::string_view name, bool by_room) {
    const TopicOptions options = options_of(topics, name);
    return options.subscribe == Access::anyone && (!by_room || options.socketio);
  };
  WebSocketOptions websocket;
  if (!config.origins.empty()) {
    websocket.origins = {.kind = OriginPolicy::Kind::list, .origins = config.origins};
  }
  websocket.on_open = [open](WebSocket& ws) {
    const std::string topic(ws.request().parameter("topic"));
    if (topic.ends_with('*') || !open(topic, false)) return ws.close(1008, "not this topic");
    ws.subscribe(topic);
  };
  server.websocket("/ws/:topic", websocket);
  rooms.on("subscribe", [open](Socket& socket, const std::string& topic) {
    const bool allowed = open(topic, true);
    if (allowed) socket.join(topic);
    return allowed;
  });
  rooms.on("unsubscribe", [](Socket& socket, const std::string& topic) { socket.leave(topic); });
}

}  // namespace

int serve(const ServeConfig& config) {
  ServerOptions options;
  options.loops = config.loops;
  options.trusted_proxies = config.trusted_proxies;
  options.io = parse_io(config.io);
  options.spin = std::chrono::microseconds(config.spin);
  if (const auto level = parse_log_level(config.log)) {
    options.log = stderr_logger();
    options.log_level = *level;
  }
  Server server(options);
  add_gallery(server, config.web);
  SocketIoOptions socketio_options;
  socketio_options.transport.cors.origins = config.origins;
  for (const TopicConfig& topic : config.topics) {
    // What reaches a room has a history, and so has the room.
    if (topic.options.socketio) socketio_options.recovery.enabled = true;
  }
  SocketIo& socketio = server.socketio("/socket.io/", socketio_options);
  Chat chat(socketio.of("/chat"));
  Whiteboard whiteboard(socketio.of("/whiteboard"));
  Ticker ticker(server, socketio.of("/ticker"));
  add_ticker_topic(server, config.topics);
  add_topics(server, socketio.of("/"), config);
  add_sockjs(server, config);
  Stomp* const broker = add_stomp(server, config);

  for (const ListenAddress& address : addresses(config)) {
    if (!server.listen(listen_options(config, address))) {
      throw std::runtime_error(server.last_error());
    }
  }
  if (broker != nullptr) {
    for (const std::string& text : config.stomp.listen) {
      if (!broker->listen(listen_options(config, parse_stomp_listen(config, text)))) {
        throw std::runtime_error(server.last_error());
      }
    }
  }
  return server.run_until_signal([&] {
    ticker.start();
    for (const std::string& url : server.urls()) {
      std::printf("naru %s is listening on %s\n", NARU_VERSION, url.c_str());
    }
    std::fflush(stdout);
  });
}

}  // namespace naru::app
