// naru-conformance: one server with the handlers that a public suite expects (see README.md beside
// this file). It uses only the public API: what it cannot say there is a gap of the API.

#include "naru/server.hpp"
#include "socketio_client_suite.hpp"
#include "websocket_client.hpp"

#include <CLI/CLI.hpp>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

// Of the profiles socketio-v4, socketio-v5, socketio-api and load: --parser, once at the start.
std::shared_ptr<const naru::PacketParser> chosen_parser;

void echo(naru::WebSocket& socket, naru::Message message) {
  socket.send(message);
}

naru::WebSocketOptions echo_route(std::size_t message_bytes) {
  naru::WebSocketOptions options;
  options.on_message = echo;
  options.origins.kind = naru::OriginPolicy::Kind::any;
  options.message_bytes = message_bytes;
  options.fragments = 1'000'000;
  options.limit = 4 * message_bytes;
  return options;
}

void websocket_echo(naru::Server& server) {
  naru::WebSocketOptions options = echo_route(std::size_t{32} << 20U);
  options.idle_timeout = 0ms;  // a ping of ours would be in the way
  server.websocket("/*", options);
}

void suite_times(naru::TransportOptions& options) {
  options.ping_interval = 300ms;
  options.ping_timeout = 200ms;
  options.max_payload = 1'000'000;
  options.cors.origins = {"*"};
}

void engineio_echo(naru::Server& server, bool allow_eio3) {
  naru::EngineIoOptions options;
  suite_times(options.transport);
  options.transport.allow_eio3 = allow_eio3;
  options.on_message = [](naru::EngineSocket& socket, naru::Message message) {
    socket.send(message);
  };
  server.engineio("/engine.io/", options);
}

void engineio_v4(naru::Server& server) {
  engineio_echo(server, false);
}
void engineio_v3(naru::Server& server) {
  engineio_echo(server, true);
}

// What the tests of engine.io-client expect. The headers of a POST are seen by the hook alone: it
// keeps them, per session, for the message that the POST carries.
class PostHeaders {
 public:
  void keep(const naru::RequestInfo& request) {
    const std::size_t at = request.query.find("sid=");
    if (at == std::string::npos) return;
    const std::lock_guard lock(mutex_);
    of_[request.query.substr(at + 4, 20)] = to_json(request);
  }
  std::string of(const std::string& sid) {
    const std::lock_guard lock(mutex_);
    return of_[sid];
  }

 private:
  static std::string to_json(const naru::RequestInfo& request) {
    std::string json;
    for (const auto& [name, value] : request.headers) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      json.append(json.empty() ? "{" : ",").append(quoted(lower)).append(":").append(quoted(value));
    }
    return json + "}";
  }
  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c == '\t' ? ' ' : c);
    }
    return out + "\"";
  }

  std::mutex mutex_;
  std::map<std::string, std::string> of_;
};

void answer_client_test(PostHeaders& headers, naru::EngineSocket& socket, naru::Message message) {
  if (message.data == "give binary") {
    socket.send({std::string_view("\0\1\2\3\4", 5), true});
  } else if (message.data == "give utf8") {
    socket.send(naru::text("пойду спать всем спокойной ночи"));
  } else if (message.data == "sendHeaders") {
    socket.send(naru::text(headers.of(socket.id())));
  } else {
    socket.send(message);
  }
}

std::string http_date(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

void engineio_client(naru::Server& server) {
  naru::EngineIoOptions options;
  options.transport.ping_interval = 500ms;
  options.transport.max_payload = 100;
  options.transport.allow_eio3 = true;
  options.transport.cors.allow_origin = [](std::string_view) { return true; };
  options.transport.cors.credentials = true;
  options.transport.allow_request =
      [](const naru::RequestInfo& request) -> std::optional<naru::Forbidden> {
    if (request.query.find("deny") == std::string::npos) return std::nullopt;
    return naru::Forbidden{};
  };
  options.transport.on_initial_headers = [](const naru::RequestInfo&,
                                            naru::ResponseHeaders& headers) {
    headers.add("Set-Cookie", "1=1; Max-Age=86400");
    headers.add("Set-Cookie", "2=2; Path=/; HttpOnly; Secure; SameSite=Strict");
    headers.add("Set-Cookie", "3=3; Max-Age=0");
    headers.add("Set-Cookie", "4=4; Expires=" + http_date(std::time(nullptr)));
  };
  const auto posts = std::make_shared<PostHeaders>();
  options.transport.on_headers = [posts](const naru::RequestInfo& request, naru::ResponseHeaders&) {
    if (!request.header("Content-Length").empty()) posts->keep(request);
  };
  options.on_open = [](naru::EngineSocket& socket) { socket.send(naru::text("hi")); };
  options.on_message = [posts](naru::EngineSocket& socket, naru::Message message) {
    answer_client_test(*posts, socket, message);
  };
  server.engineio("/engine.io/", options);
}

void add_socketio_handlers(naru::Namespace& nsp) {
  nsp.on_connect([](naru::Socket& socket) { socket.emit("auth", socket.auth()); });
  nsp.on("message",
         [](naru::Socket& socket, naru::Arguments all) { socket.emit("message-back", all); });
  nsp.on("message-with-ack",
         [](naru::Socket&, naru::Arguments all, const naru::Ack& ack) { ack(all); });
  nsp.on("emit-with-ack", [](naru::Socket& socket, naru::Arguments all) {
    socket.timeout(200ms).emit_with_ack("emit-with-ack", all,
                                        [to = socket.ref()](naru::Result<naru::Arguments> answer) {
                                          if (answer) to.emit("emit-with-ack", *answer);
                                        });
  });
}

void socketio_echo(naru::Server& server, bool allow_eio3) {
  naru::SocketIoOptions options;
  suite_times(options.transport);
  options.transport.allow_eio3 = allow_eio3;
  options.connect_timeout = 1000ms;
  options.parser = chosen_parser;
  naru::SocketIo& io = server.socketio("/socket.io/", options);
  add_socketio_handlers(io.root());
  add_socketio_handlers(io.of("/custom"));
}

void socketio_v5(naru::Server& server) {
  socketio_echo(server, false);
}
void socketio_v4(naru::Server& server) {
  socketio_echo(server, true);
}
void socketio_msgpack(naru::Server& server) {
  chosen_parser = naru::msgpack_parser();
  socketio_echo(server, false);
}

// The rest of the Socket.IO API, with recovery on: what tests/interop asks of it.
void socketio_api(naru::Server& server) {
  naru::SocketIoOptions options;
  suite_times(options.transport);
  options.recovery.enabled = true;
  options.acknowledge_always = true;
  options.parser = chosen_parser;
  naru::SocketIo& io = server.socketio("/socket.io/", options);
  naru::Namespace& root = io.root();
  root.use_async([](naru::Socket& socket, const naru::Next& next) {
    const bool refused = socket.auth().text.find("\"refuse\"") != std::string_view::npos;
    std::thread([next, refused] {
      next(refused ? std::optional(naru::Refusal{.message = "refused", .data_json = "{\"code\":7}"})
                   : std::nullopt);
    }).detach();
  });
  root.on("join", [](naru::Socket& socket, const std::string& room) {
    socket.join(room);
    socket.data<std::string>() = room;
    return socket.rooms();
  });
  root.on("rooms", [](naru::Socket& socket) {
    return naru::Json(naru::Json::Array{static_cast<std::int64_t>(socket.rooms().size()),
                                        socket.data<std::string>()});
  });
  root.on("publish",
          [&root](naru::Socket&, naru::Arguments all) { root.to("room").emit("message", all); });
  // What is retried comes more than once: told apart by the sender's own number.
  auto seen = std::make_shared<std::pair<std::mutex, std::set<std::int64_t>>>();
  root.on("once", [seen](naru::Socket&, std::int64_t number) {
    const std::lock_guard lock(seen->first);
    seen->second.insert(number);
  });
  root.on("count", [seen](naru::Socket&) {
    const std::lock_guard lock(seen->first);
    return seen->second.size();
  });
  root.on("ask all", [&root](naru::Socket&, int ms, const naru::Ack& ack) {
    root.timeout(std::chrono::milliseconds(ms))
        .emit_with_ack("ask", [ack](const naru::Answers<int>& answers) {
          int sum = 0;
          for (const auto& answer : answers.given) sum += answer.value;
          ack(sum, answers.given.size(), answers.missing.size());
        });
  });
  root.on("sockets", [&root](naru::Socket&, const naru::Ack& ack) {
    root.fetch_sockets([ack](const std::vector<naru::RemoteSocket>& sockets) {
      std::vector<std::string> ids;
      for (const naru::RemoteSocket& socket : sockets) ids.push_back(socket.id());
      ack(ids);
    });
  });
  root.on("move all", [&root](naru::Socket&, const std::string& from, const std::string& to) {
    root.to(from).sockets_join(to);
    root.to(to).emit("moved", to);
    root.to(from).sockets_leave(from);
  });
  root.on("retry me", [](naru::Socket& socket, const naru::Ack& ack) {
    socket.timeout(100ms).retries(5).emit_with_ack(
        "retried", [ack](const naru::Result<int>& answer) { ack(answer ? *answer : -1); });
  });
  root.on("kick",
          [&root](naru::Socket&, const std::string& room) { root.to(room).disconnect_sockets(); });
  naru::Namespace& orders = io.of(naru::NamespacePattern{"/orders/*"});
  orders.on("name", [](naru::Socket& socket) { return socket.nsp().name(); });
  orders.on("all",
            [](naru::Socket& socket, naru::Arguments all) { socket.nsp().emit("all", all); });
}

// A server that Socket.IO's Admin UI looks at, from whichever origin (admin.browser.test.mjs).
void socketio_admin(naru::Server& server) {
  naru::SocketIoOptions options;
  options.transport.cors.allow_origin = [](std::string_view) { return true; };
  options.transport.cors.credentials = true;
  naru::SocketIo& io = server.socketio("/socket.io/", options);
  io.instrument({.username = "admin", .password = "changeit", .server_id = "naru"});
  naru::Namespace& root = io.root();
  root.on("join", [](naru::Socket& socket, const std::string& room) { socket.join(room); });
  root.on("say", [&root](naru::Socket&, naru::Arguments all) { root.emit("said", all); });
  io.of("/orders");
}

naru::SockJsOptions sockjs_echo() {
  naru::SockJsOptions options;
  options.origins.kind = naru::OriginPolicy::Kind::any;
  options.on_message = [](naru::SockJs& session, naru::Message message) { session.send(message); };
  return options;
}

// `message` is a number n: 2^n times "x" come back.
void amplify(naru::SockJs& session, naru::Message message) {
  int power = std::atoi(std::string(message.data).c_str());
  if (power < 1 || power > 18) power = 1;
  session.send(naru::text(std::string(std::size_t{1} << static_cast<unsigned>(power), 'x')));
}

// Those of SockJS's test server, as its protocol suite and its client's tests want them.
void sockjs(naru::Server& server) {
  naru::SockJsOptions echo = sockjs_echo();
  echo.response_limit = 4096;
  server.sockjs("/echo", echo);
  naru::SockJsOptions closing = sockjs_echo();
  closing.on_open = [](naru::SockJs& session) { session.close(3000, "Go away!"); };
  server.sockjs("/close", closing);
  naru::SockJsOptions no_websocket = sockjs_echo();
  no_websocket.transports.websocket = false;
  no_websocket.transports.raw_websocket = false;
  server.sockjs("/disabled_websocket_echo", no_websocket);
  naru::SockJsOptions cookie = sockjs_echo();
  cookie.jsessionid = true;
  server.sockjs("/cookie_needed_echo", cookie);
  naru::SockJsOptions amplifying = sockjs_echo();
  amplifying.on_message = amplify;
  server.sockjs("/amplify", amplifying);
  // Of our own: what the interop tests ask.
  naru::SockJsOptions broadcast = sockjs_echo();
  broadcast.on_open = [](naru::SockJs& session) {
    session.subscribe("broadcast");
    session.send(naru::text(session.transport()));
  };
  broadcast.on_message = [topic = server.topic("broadcast")](naru::SockJs&, naru::Message message) {
    topic.publish(message);
  };
  server.sockjs("/broadcast", broadcast);
}

void websocket_feed(naru::Server& server, std::size_t message_bytes) {
  server.websocket("/echo", echo_route(message_bytes));

  naru::WebSocketOptions publishers = echo_route(message_bytes);
  publishers.on_message = [topic = server.topic("room")](naru::WebSocket&, naru::Message message) {
    topic.publish(message);
  };
  server.websocket("/pub", publishers);

  naru::WebSocketOptions subscribers = echo_route(message_bytes);
  subscribers.on_open = [](naru::WebSocket& socket) { socket.subscribe("room"); };
  subscribers.on_message = nullptr;
  server.websocket("/sub", subscribers);
}

// For peers of every kind (bench_load chaos): limits that they do meet.
void soak(naru::Server& server) {
  websocket_feed(server, std::size_t{64} << 10U);
}

// For measuring from outside, with any load generator.
void load(naru::Server& server) {
  constexpr std::size_t largest = std::size_t{256} << 20U;
  websocket_feed(server, largest);

  server.sockjs("/sockjs", [] {
    naru::SockJsOptions options = sockjs_echo();
    options.message_bytes = largest;
    options.limit = 4 * largest;
    return options;
  }());

  naru::SocketIoOptions options;
  options.transport.allow_eio3 = true;  // clients of every age in one room
  options.transport.max_payload = largest;
  options.transport.limit = 4 * largest;
  options.parser = chosen_parser;
  naru::StompOptions broker;
  broker.origins.kind = naru::OriginPolicy::Kind::any;
  broker.body_bytes = largest;
  broker.limit = 4 * largest;
  server.stomp("/ws", broker);
  server.push("/push/");
  naru::Namespace& root = server.socketio("/socket.io/", options).root();
  root.on("message",
          [](naru::Socket& socket, naru::Arguments all) { socket.emit("message", all); });
  root.on("join", [](naru::Socket& socket, const std::string& room, const naru::Ack& ack) {
    socket.join(room);
    ack();
  });
  root.on("publish",
          [&root](naru::Socket&, naru::Arguments all) { root.to("room").emit("message", all); });
}

// Says which HTTP carried each WebSocket, to browsers (http2.browser.test.mjs).
void http_version(naru::Server& server) {
  naru::WebSocketOptions options;
  options.on_open = [](naru::WebSocket& socket) {
    socket.send(naru::text(socket.request().http_version));
  };
  options.on_message = echo;
  server.websocket("/version", options);
  naru::Namespace& root = server.socketio().root();
  root.on("version", [](naru::Socket& socket, const naru::Ack& ack) {
    ack(std::string(socket.request().http_version));
  });
  root.on("echo", [](naru::Socket& socket, naru::Arguments all) { socket.emit("echo", all); });
}

// As RabbitMQ by default: guest with the passcode guest.
naru::Stomp& stomp(naru::Server& server) {
  naru::StompOptions options;
  options.authorize = [](const naru::stomp::Connect& connect) {
    return connect.login == "guest" && connect.passcode == "guest";
  };
  options.origins.kind = naru::OriginPolicy::Kind::any;
  options.heartbeat_send = 1000ms;  // the suite waits for its end by missing heart-beats
  options.heartbeat_receive = 1000ms;
  naru::Stomp& broker = server.stomp("/ws", options);
  naru::SockJsOptions sockjs;
  sockjs.origins.kind = naru::OriginPolicy::Kind::any;
  broker.sockjs("/sockjs", sockjs);
  return broker;
}

// STOMP handed to the broker at that address, which is shown the profile's own login; the broker's
// topic "prices" is read by event streams too.
void stomp_relay(naru::Server& server, const naru::ListenOptions& upstream) {
  naru::StompOptions options;
  options.authorize = [](const naru::stomp::Connect& connect) {
    return connect.login == "anna" && connect.passcode == "s3cret";
  };
  options.permit = [](std::string_view, naru::stomp::Access, std::string_view destination) {
    return destination != "/queue/secret";
  };
  options.origins.kind = naru::OriginPolicy::Kind::any;
  options.relay.emplace();
  options.relay->host = upstream.host;
  options.relay->port = upstream.port;
  options.relay->topics = {"prices"};
  options.relay->reconnect_delay = options.relay->reconnect_delay_max = 100ms;
  options.relay->on_available = [](bool available) {
    std::printf("broker %s\n", available ? "available" : "away");
    std::fflush(stdout);
  };
  naru::Stomp& stomp = server.stomp("/ws", options);
  stomp.sockjs("/sockjs", {.origins = options.origins});
  server.push("/push/");
}

const std::map<std::string, std::function<void(naru::Server&)>> kProfiles{
    {"websocket-echo", websocket_echo},
    {"engineio-v4", engineio_v4},
    {"engineio-v3", engineio_v3},
    {"engineio-client", engineio_client},
    {"socketio-v4", socketio_v4},
    {"socketio-v5", socketio_v5},
    {"http-version", http_version},
    {"socketio-admin", socketio_admin},
    {"socketio-api", socketio_api},
    {"sockjs", sockjs},
    {"socketio-client", socketio_client},
    {"socketio-msgpack", socketio_msgpack},
    {"load", load},
    {"soak", soak},
};

naru::ListenOptions parse_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  naru::ListenOptions where;
  where.host = address.substr(0, colon);
  where.port = static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)));
  return where;
}

const std::map<std::string, naru::Io> kIo{
    {"auto", naru::Io::automatic}, {"epoll", naru::Io::epoll}, {"uring", naru::Io::uring}};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Servers for public protocol suites", "naru-conformance"};
  std::string profile;
  std::string address = "127.0.0.1:0";
  unsigned loops = 1;
  naru::Io io = naru::Io::automatic;
  unsigned spin = 0;
  std::string parser = "text";
  naru::TlsCertificate certificate;
  std::vector<std::string> names;
  for (const auto& [name, setup] : kProfiles) names.push_back(name);
  names.emplace_back("websocket-client");
  names.emplace_back("stomp");
  names.emplace_back("stomp-relay");
  std::string tcp;
  std::string upstream;
  ClientSuite suite;
  app.add_option("--profile", profile, "Which handlers to offer")
      ->required()
      ->check(CLI::IsMember(names));
  app.add_option("--listen", address, "HOST:PORT; port 0 takes a free one")->capture_default_str();
  app.add_option("--tcp", tcp, "stomp: HOST:PORT for plain TCP");
  app.add_option("--upstream", upstream, "stomp-relay: HOST:PORT of the other broker");
  app.add_option("--loops", loops, "Event loops, one thread each")->capture_default_str();
  app.add_option("--io", io, "How bytes leave: auto, epoll, uring")
      ->transform(CLI::CheckedTransformer(kIo));
  app.add_option("--parser", parser, "Of Socket.IO packets: text, msgpack")
      ->check(CLI::IsMember({"text", "msgpack"}))
      ->capture_default_str();
  app.add_option("--spin", spin, "Microseconds before an idle loop sleeps")->capture_default_str();
  app.add_option("--tls-certificate", certificate.chain_file,
                 "PEM file of the chain: listen by TLS");
  app.add_option("--tls-key", certificate.key_file, "PEM file of its key");
  app.add_option("--url", suite.url, "websocket-client: the suite's server");
  app.add_option("--agent", suite.agent, "websocket-client: our name in its report")
      ->capture_default_str();
  app.add_option("--ca", suite.ca_file, "websocket-client: PEM file of the server's authority");
  app.add_option("--subprotocol", suite.subprotocols, "websocket-client: asked for in each case");
  CLI11_PARSE(app, argc, argv);
  if (profile == "websocket-client") return run_websocket_client(suite);

  if (parser == "msgpack") chosen_parser = naru::msgpack_parser();
  naru::Server server({.loops = loops, .io = io, .spin = std::chrono::microseconds(spin)});
  naru::Stomp* broker = nullptr;
  if (profile == "stomp") {
    broker = &stomp(server);
  } else if (profile == "stomp-relay") {
    stomp_relay(server, parse_address(upstream));
  } else {
    kProfiles.at(profile)(server);
  }
  naru::ListenOptions where = parse_address(address);
  if (!certificate.chain_file.empty()) where.tls.certificates = {certificate};
  if (!server.listen(where) ||
      (broker != nullptr && !tcp.empty() && !broker->listen(parse_address(tcp)))) {
    std::fprintf(stderr, "naru-conformance: %s\n", server.last_error().c_str());
    return 1;
  }
  return server.run_until_signal([&server] {
    for (const std::string& url : server.urls()) {
      const bool plain = url.starts_with("stomp");
      std::printf("%s on %s\n", plain ? "tcp" : "listening",
                  url.substr(url.rfind(':') + 1).c_str());
    }
    std::fflush(stdout);
  });
}
