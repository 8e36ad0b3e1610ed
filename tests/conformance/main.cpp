// naru-conformance: one server with the handlers that a public suite expects (see README.md beside
// this file). It uses only the public API: what it cannot say there is a gap of the API.

#include "naru/server.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <map>
#include <string>

namespace {

using namespace std::chrono_literals;

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

void engineio_v4(naru::Server& server) {
  naru::EngineIoOptions options;
  suite_times(options.transport);
  options.on_message = [](naru::EngineSocket& socket, naru::Message message) {
    socket.send(message);
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

void socketio_v5(naru::Server& server) {
  naru::SocketIoOptions options;
  suite_times(options.transport);
  options.connect_timeout = 1000ms;
  naru::SocketIo& io = server.socketio("/socket.io/", options);
  add_socketio_handlers(io.root());
  add_socketio_handlers(io.of("/custom"));
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

  naru::SocketIoOptions options;
  options.transport.max_payload = largest;
  options.transport.limit = 4 * largest;
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

const std::map<std::string, std::function<void(naru::Server&)>> kProfiles{
    {"websocket-echo", websocket_echo},
    {"engineio-v4", engineio_v4},
    {"socketio-v5", socketio_v5},
    {"load", load},
    {"soak", soak},
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Servers for public protocol suites", "naru-conformance"};
  std::string profile;
  std::string address = "127.0.0.1:0";
  unsigned loops = 1;
  std::vector<std::string> names;
  for (const auto& [name, setup] : kProfiles) names.push_back(name);
  app.add_option("--profile", profile, "Which handlers to offer")
      ->required()
      ->check(CLI::IsMember(names));
  app.add_option("--listen", address, "HOST:PORT; port 0 takes a free one")->capture_default_str();
  app.add_option("--loops", loops, "Event loops, one thread each")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  naru::Server server({.loops = loops});
  kProfiles.at(profile)(server);
  const std::size_t colon = address.rfind(':');
  naru::ListenOptions where;
  where.host = address.substr(0, colon);
  where.port = static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)));
  if (!server.listen(where)) {
    std::fprintf(stderr, "naru-conformance: %s\n", server.last_error().c_str());
    return 1;
  }
  return server.run_until_signal([&server] {
    const std::string url = server.urls().front();
    std::printf("listening on %s\n", url.substr(url.rfind(':') + 1).c_str());
    std::fflush(stdout);
  });
}
