// WebSockets over HTTP/2 (RFC 8441) by TLS: plain ones, Engine.IO, and what shares their
// connection.
#include "support/http2_client.hpp"
#include "support/test_server.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

namespace naru {
namespace {

using http2::testing::extended_connect;
using http2::testing::Fields;
using http2::testing::get;
using test::Http2Client;
using test::TestServer;
using test::Wire;

// What was agreed on by a client that offers both.
std::string agreed(std::uint16_t port) {
  io::testing::TlsClient client(port, {.alpn = "\x02h2\x08http/1.1"});
  while (!client.handshake()) {
    pollfd waiting{client.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 10'000);
  }
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.ssl(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

WebSocketOptions echo() {
  return {.on_message = [](WebSocket& ws, Message message) { ws.send(message); }};
}

// ---- when it is offered (websocket.md 11.5)

TEST(Http2Server, IsOfferedWhereAWebSocketRouteExists) {
  TestServer server;
  server.server.websocket("/", echo());
  server.start_tls();
  EXPECT_EQ(agreed(server.port), "h2");
}

TEST(Http2Server, IsOfferedForSocketIo) {
  TestServer server;
  server.server.socketio();
  server.start_tls();
  EXPECT_EQ(agreed(server.port), "h2");
}

TEST(Http2Server, IsNotOfferedForFilesAlone) {
  TestServer server;
  server.server.files("/", "/nowhere");
  server.start_tls();
  EXPECT_EQ(agreed(server.port), "http/1.1");
}

TEST(Http2Server, IsNotOfferedWhereNoSessionMayUseAWebSocket) {
  TestServer server;
  server.server.socketio("/socket.io/", {.transport = {.websocket = false}});
  server.start_tls();
  EXPECT_EQ(agreed(server.port), "http/1.1");
}

TEST(Http2Server, HasOneSwitch) {
  TestServer server;
  server.server.websocket("/", echo());
  const io::testing::Certificate certificate("-server");
  server.start({.tls = {.certificates = {{certificate.certificate_file, certificate.key_file}}},
                .http2 = false});
  EXPECT_EQ(agreed(server.port), "http/1.1");
}

TEST(Http2Server, LeavesHttp11ByTlsAsItIs) {
  TestServer server;
  server.server.websocket("/", echo());
  server.start_tls();
  test::WebSocketPeer peer(server.port, "/", {}, Wire::tls);
  peer.say("hello");
  EXPECT_EQ(peer.hear(), "hello");
}

// Without TLS there is no ALPN, and no guessing by the first bytes.
TEST(Http2Server, IsNotSpokenInTheClear) {
  TestServer server;
  server.server.websocket("/", echo());
  server.start();
  test::Peer peer(server.port);
  peer.send(http2::testing::kPreface);
  EXPECT_EQ(peer.answer().status, 505);
}

// ---- plain WebSockets

TEST(Http2Server, CarriesWebSockets) {
  TestServer server;
  test::Journal journal;
  WebSocketOptions options = echo();
  options.subprotocols = {"chat"};
  options.on_upgrade = [&](Upgrade& upgrade) {
    journal.note(std::string(upgrade.request().http_version));
    upgrade.add_header("x-room", "7");
  };
  server.server.websocket("/rooms/:room", options);
  server.start_tls();
  Http2Client client(server.port);
  const auto one = client.open_websocket("/rooms/7", {{"sec-websocket-protocol", "chat"}});
  EXPECT_EQ(client.status(one), "200");
  EXPECT_EQ(journal.next(), "2");
  const Fields& fields = client.peer.answers[one];
  EXPECT_TRUE(std::find(fields.begin(), fields.end(),
                        std::pair<std::string, std::string>("sec-websocket-protocol", "chat")) !=
              fields.end());
  EXPECT_TRUE(std::find(fields.begin(), fields.end(),
                        std::pair<std::string, std::string>("x-room", "7")) != fields.end());
  const auto two = client.open_websocket("/rooms/8");
  client.say(one, "to one");
  client.say(two, "to two");
  EXPECT_EQ(client.hear(one), "to one");
  EXPECT_EQ(client.hear(two), "to two");
  client.say_close(one);
  EXPECT_EQ(client.hear(one), "close 1000");
  EXPECT_EQ(client.hear(one), "end");
}

TEST(Http2Server, ServesFilesBesideThem) {
  const std::string directory = ::testing::TempDir() + "naru-http2-" + std::to_string(::getpid());
  std::filesystem::create_directory(directory);
  const std::string page(1'000'000, 'p');
  std::ofstream(directory + "/page.txt") << page;
  TestServer server;
  server.server.files("/", directory);
  server.server.websocket("/chat", echo());
  server.start_tls();
  Http2Client client(server.port);
  const auto chat = client.open_websocket("/chat");
  const auto first = client.ask(get("/page.txt"));
  client.say(chat, "in between");
  EXPECT_EQ(client.hear(chat), "in between");
  const test::Answer answer = client.answer(first);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, page);
  EXPECT_EQ(client.get("/page.txt", {{"if-none-match", answer.field("etag")}}).status, 304);
  EXPECT_EQ(client.get("/missing").status, 404);
  std::filesystem::remove_all(directory);
}

TEST(Http2Server, RefusesAsHttpDoes) {
  TestServer server;
  WebSocketOptions options = echo();
  options.on_upgrade = [](Upgrade& upgrade) { upgrade.refuse(401, "who are you?"); };
  server.server.websocket("/private", options);
  server.server.websocket("/open", echo());
  server.start_tls();
  Http2Client client(server.port);
  const auto ask = [&](const Fields& fields) {
    const auto stream = client.peer.open(fields);
    client.flush();
    return client.answer(stream);
  };
  EXPECT_EQ(ask(extended_connect("/private")).body, "who are you?");
  EXPECT_EQ(ask(extended_connect("/nowhere")).status, 404);
  EXPECT_EQ(ask(extended_connect("/open", {{"sec-websocket-version", "12"}})).status, 400);
  EXPECT_EQ(ask(extended_connect(
                    "/open", {{"sec-websocket-version", "13"}, {"origin", "https://evil.example"}}))
                .status,
            403);
  EXPECT_EQ(client.get("/open").status, 400);
  const auto stream = client.open_websocket("/open", {{"origin", "https://example.org"}});
  client.say(stream, "same origin");
  EXPECT_EQ(client.hear(stream), "same origin");
}

TEST(Http2Server, PublishesToStreamsAndConnections) {
  TestServer server;
  WebSocketOptions options = echo();
  options.on_open = [](WebSocket& ws) {
    ws.subscribe("news");
    ws.send(text("ready"));
  };
  server.server.websocket("/", options);
  server.start_tls();
  Http2Client client(server.port);
  const auto one = client.open_websocket("/");
  const auto two = client.open_websocket("/");
  test::WebSocketPeer other(server.port, "/", {}, Wire::tls);
  EXPECT_EQ(client.hear(one), "ready");
  EXPECT_EQ(client.hear(two), "ready");
  EXPECT_EQ(other.hear(), "ready");
  server.server.topic("news").publish(text("extra"));
  EXPECT_EQ(client.hear(one), "extra");
  EXPECT_EQ(client.hear(two), "extra");
  EXPECT_EQ(other.hear(), "extra");
}

TEST(Http2Server, SaysGoodbyeToStreams) {
  TestServer server;
  server.server.websocket("/", echo());
  server.start_tls();
  Http2Client client(server.port);
  const auto stream = client.open_websocket("/");
  std::thread stopping([&] { server.server.stop(); });
  EXPECT_EQ(client.hear(stream), "close 1001");
  client.say_close(stream, 1001);
  client.peer.end(stream);
  EXPECT_EQ(client.hear(stream), "end");
  EXPECT_TRUE(client.hears("goaway 0"));
  EXPECT_TRUE(client.ended());
  stopping.join();
}

// ---- Engine.IO: everything on one connection

struct EngineServer : TestServer {
  explicit EngineServer(unsigned loops = 1) : TestServer(loops) {
    EngineIoOptions options;
    options.on_message = [](EngineSocket& socket, Message message) { socket.send(message); };
    server.engineio("/engine.io/", options);
    start_tls();
  }
  static std::string target(std::string_view transport, const std::string& sid = {}) {
    std::string text = "/engine.io/?EIO=4&transport=" + std::string(transport);
    return sid.empty() ? text : text + "&sid=" + sid;
  }
};

TEST(Http2Engine, PollsAndPosts) {
  EngineServer server;
  Http2Client client(server.port);
  const std::string sid = test::sid_of(client.get(EngineServer::target("polling")).body);
  ASSERT_EQ(sid.size(), 20U);
  const auto poll = client.ask(get(EngineServer::target("polling", sid)));
  EXPECT_EQ(client.post(EngineServer::target("polling", sid), "4hello").body, "ok");
  EXPECT_EQ(client.answer(poll).body, "4hello");
}

TEST(Http2Engine, OpensByWebSocket) {
  EngineServer server;
  Http2Client client(server.port);
  const auto stream = client.open_websocket(EngineServer::target("websocket"));
  EXPECT_TRUE(client.hear(stream).starts_with("0{\"sid\":"));
  client.say(stream, "4hello");
  EXPECT_EQ(client.hear(stream), "4hello");
}

TEST(Http2Engine, UpgradesAPollingSession) {
  EngineServer server;
  Http2Client client(server.port);
  const std::string sid = test::sid_of(client.get(EngineServer::target("polling")).body);
  const auto stream = client.open_websocket(EngineServer::target("websocket", sid));
  client.say(stream, "2probe");
  EXPECT_EQ(client.hear(stream), "3probe");
  client.say(stream, "5");
  client.say(stream, "4hello");
  EXPECT_EQ(client.hear(stream), "4hello");
}

TEST(Http2Engine, RefusesAnUnknownSession) {
  EngineServer server;
  Http2Client client(server.port);
  const auto stream =
      client.peer.open(extended_connect(EngineServer::target("websocket", "AAAAAAAAAAAAAAAAAAAA")));
  client.flush();
  EXPECT_EQ(client.answer(stream).status, 400);
}

// A stream cannot leave its connection for another loop: the session stays with polling.
TEST(Http2Engine, KeepsASessionOfAnotherLoopOnPolling) {
  EngineServer server(2);
  for (;;) {
    Http2Client client(server.port);
    Http2Client other(server.port);
    const std::string sid = test::sid_of(client.get(EngineServer::target("polling")).body);
    const std::string near = test::sid_of(other.get(EngineServer::target("polling")).body);
    if (engineio::loop_of_sid(sid) == engineio::loop_of_sid(near)) continue;
    const auto stream = other.peer.open(extended_connect(EngineServer::target("websocket", sid)));
    other.flush();
    EXPECT_EQ(other.answer(stream).status, 503);
    const auto poll = other.ask(get(EngineServer::target("polling", sid)));
    EXPECT_EQ(other.post(EngineServer::target("polling", sid), "4still").body, "ok");
    EXPECT_EQ(other.answer(poll).body, "4still");
    break;
  }
}

}  // namespace
}  // namespace naru
