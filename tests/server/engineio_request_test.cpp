// The order of checks of a request, and every error (socketio.md 1.3).
#include "support/test_server.hpp"

#include <ostream>
#include <string>

namespace naru::test {
namespace {

class EngineIoRequest : public ::testing::TestWithParam<Way> {
 protected:
  void start(EngineIoOptions options = {}) {
    options.on_message = [](EngineSocket& socket, Message message) { socket.send(message); };
    server.server.engineio("/engine.io/", std::move(options));
    server.start();
  }
  Answer get(std::string_view query) {
    return Peer(server.port).get("/engine.io/?" + std::string(query));
  }

  TestServer server{GetParam().loops};
  Engine engine{server, "/engine.io/", GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Ways, EngineIoRequest, kWays, way_name);

constexpr std::string_view kUnknownTransport = R"({"code":0,"message":"Transport unknown"})";
constexpr std::string_view kUnknownSid = R"({"code":1,"message":"Session ID unknown"})";
constexpr std::string_view kBadMethod = R"({"code":2,"message":"Bad handshake method"})";
constexpr std::string_view kBadRequest = R"({"code":3,"message":"Bad request"})";
constexpr std::string_view kBadVersion = R"({"code":5,"message":"Unsupported protocol version"})";

void expect_error(const Answer& answer, std::string_view body, int status = 400) {
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.field("content-type"), "application/json");
}

TEST_P(EngineIoRequest, OpensASessionByAHandshake) {
  start();
  const Answer answer = get("EIO=4&transport=polling&t=abc");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(answer.field("cache-control"), "no-store");
  EXPECT_EQ(answer.field("access-control-allow-origin"), "");  // CVE-2020-28481
  EXPECT_EQ(answer.field("set-cookie"), "");
  const std::string sid = sid_of(answer.body);
  EXPECT_EQ(sid.size(), 20U);
  EXPECT_EQ(answer.body, "0{\"sid\":\"" + sid +
                             "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
                             "\"pingTimeout\":20000,\"maxPayload\":1000000}");
}

TEST_P(EngineIoRequest, RefusesATransportThatIsUnknown) {
  start();
  for (const char* query : {"EIO=4", "EIO=4&transport=abc", "EIO=4&transport=webtransport",
                            "EIO=4&transport=", "EIO=4&transport=websocket&transport=x"}) {
    expect_error(get(query), kUnknownTransport);
  }
}

TEST_P(EngineIoRequest, RefusesAHandshakeOfAnotherRevision) {
  start();
  for (const char* query : {"transport=polling", "EIO=3&transport=polling",
                            "EIO=abc&transport=polling", "EIO=4&EIO=5&transport=polling"}) {
    expect_error(get(query), kBadVersion);
  }
}

TEST_P(EngineIoRequest, RefusesAHandshakeOfAnotherMethod) {
  start();
  Peer peer(server.port);
  expect_error(peer.post("/engine.io/?EIO=4&transport=polling", "4x"), kBadMethod);
  peer.ask("PUT", "/engine.io/?EIO=4&transport=polling");
  expect_error(peer.answer(), kBadMethod);
  peer.ask("OPTIONS", "/engine.io/?EIO=4&transport=polling");  // without CORS
  expect_error(peer.answer(), kBadMethod);
}

TEST_P(EngineIoRequest, RefusesAWebSocketHandshakeWithoutAnUpgrade) {
  start();
  expect_error(get("EIO=4&transport=websocket"), kBadRequest);
}

TEST_P(EngineIoRequest, RefusesASessionThatIsUnknown) {
  start();
  const std::string sid = engine.open_session();
  std::string other = sid;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  for (const std::string& wrong : {other, std::string("abc"), sid + "A", std::string("__proto__"),
                                   std::string("zzAAAAAAAAAAAAAAAAAA"), std::string("%00")}) {
    expect_error(engine.connect(sid).get(engine.target("polling", wrong)), kUnknownSid);
    expect_error(engine.connect(sid).post(engine.target("polling", wrong), "4x"), kUnknownSid);
    Peer peer = engine.connect(sid);
    peer.ask("PUT", engine.target("polling", wrong));
    expect_error(peer.answer(), kUnknownSid);
    expect_error(engine.connect(sid).get(engine.target("websocket", wrong)), kUnknownSid);
  }
}

TEST_P(EngineIoRequest, RefusesAPlainRequestForAWebSocketSession) {
  start();
  WebSocketPeer peer(server.port, engine.target("websocket"));
  const std::string sid = sid_of(peer.hear());
  expect_error(engine.poll(sid), kBadRequest);
  expect_error(engine.post(sid, "4x"), kBadRequest);
  expect_error(engine.connect(sid).get(engine.target("websocket", sid)), kBadRequest);
  peer.say("4still open");
  EXPECT_EQ(peer.hear(), "4still open");
}

TEST_P(EngineIoRequest, RefusesAPlainWebSocketRequestForAPollingSession) {
  start();
  const std::string sid = engine.open_session();
  expect_error(engine.connect(sid).get(engine.target("websocket", sid)), kBadRequest);
  expect_error(engine.connect(sid).post(engine.target("websocket", sid), "4x"), kBadRequest);
  expect_error(engine.connect(sid).post(engine.target("nothing", sid), "4x"), kUnknownTransport);
  EXPECT_EQ(engine.post(sid, "4unharmed").body, "ok");
  EXPECT_EQ(engine.poll(sid).body, "4unharmed");
}

TEST_P(EngineIoRequest, RefusesOtherMethodsOfASession) {
  start();
  const std::string sid = engine.open_session();
  for (const char* method : {"PUT", "DELETE", "OPTIONS"}) {
    Peer peer = engine.connect(sid);
    peer.ask(method, engine.target("polling", sid));
    EXPECT_EQ(peer.answer().status, 500) << method;
  }
  EXPECT_EQ(engine.post(sid, "4unharmed").body, "ok");
  EXPECT_EQ(engine.poll(sid).body, "4unharmed");
}

TEST_P(EngineIoRequest, RefusesAnOriginThatIsNone) {
  start();
  Peer peer(server.port);
  EXPECT_EQ(peer.get(engine.target("polling"), "Origin: http://a\x7f.example\r\n").status, 400);
}

TEST_P(EngineIoRequest, RefusesATransportThatIsSwitchedOff) {
  start({{.polling = false}});
  expect_error(get("EIO=4&transport=polling"), kUnknownTransport);
  WebSocketPeer peer = engine.open_websocket();
  peer.say("4hi");
  EXPECT_EQ(peer.hear(), "4hi");
}

// ---- upgrades: the bare message before a 101, and the end

void expect_refusal(TestServer& server, std::string_view target, std::string_view message,
                    int status = 400, std::string_view fields = {}) {
  WebSocketPeer peer(server.port);
  const Answer answer = peer.open(target, fields);
  EXPECT_EQ(answer.status, status) << target;
  EXPECT_EQ(answer.field("connection"), "close") << target;
  EXPECT_EQ(answer.body, message) << target;
  EXPECT_TRUE(peer.ended());
}

TEST_P(EngineIoRequest, RefusesUpgradesBefore101) {
  start();
  const auto target = [](std::string_view query) { return "/engine.io/?" + std::string(query); };
  expect_refusal(server, target("EIO=4&transport=abc"), "Transport unknown");
  expect_refusal(server, target("EIO=4"), "Transport unknown");
  expect_refusal(server, target("EIO=4&transport=polling"), "Bad request");
  expect_refusal(server, target("EIO=3&transport=websocket"), "Unsupported protocol version");
  expect_refusal(server, target("transport=websocket"), "Unsupported protocol version");
  expect_refusal(server, target("EIO=4&transport=websocket&sid=abc"), "Session ID unknown");
  expect_refusal(server, target("EIO=4&transport=websocket"), "Forbidden", 403,
                 "Origin: http://evil.example\r\n");
}

TEST_P(EngineIoRequest, RefusesAnUpgradeForASessionThatIsUnknown) {
  start();
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "1").body, "ok");  // it has ended
  for (int i = 0; i < 4; ++i) {
    WebSocketPeer peer(engine.connect(sid));
    const Answer answer = peer.open(engine.target("websocket", sid));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body, "Session ID unknown");
    EXPECT_TRUE(peer.ended());
  }
}

// Names that are special in JavaScript, and parameters that repeat or are empty.
TEST_P(EngineIoRequest, RefusesOddTransportsAndSids) {  // CVE-2023-31125
  start();
  const std::string sid = engine.open_session();
  for (const char* odd : {"polling", "webtransport", "__proto__", "constructor", "hasOwnProperty",
                          "", "websocket&transport=", "%77ebsocket%00"}) {
    WebSocketPeer peer(engine.connect(sid));
    const Answer answer = peer.open(engine.target(odd, sid));
    EXPECT_EQ(answer.status, 400) << odd;
    EXPECT_TRUE(peer.ended());
  }
  for (const char* odd : {"__proto__", "constructor", "toString", "a&sid=b", "%ff", "......"}) {
    WebSocketPeer peer(engine.connect(sid));
    const Answer answer = peer.open(engine.target("websocket", odd));
    EXPECT_EQ(answer.status, 400) << odd;
    EXPECT_EQ(answer.body, "Session ID unknown") << odd;
  }
  EXPECT_EQ(engine.post(sid, "4unharmed").body, "ok");
  EXPECT_EQ(engine.poll(sid).body, "4unharmed");
}

// ---- cross-origin access

TEST_P(EngineIoRequest, AddsCorsToAnswersAndErrors) {
  start({{.cors = {.origins = {"https://app.example"}, .credentials = true}}});
  Peer peer(server.port);
  constexpr std::string_view origin = "Origin: https://app.example\r\n";
  for (const char* query : {"EIO=4&transport=polling", "EIO=4&transport=abc"}) {
    const Answer answer = peer.get("/engine.io/?" + std::string(query), origin);
    EXPECT_EQ(answer.field("access-control-allow-origin"), "https://app.example");
    EXPECT_EQ(answer.field("access-control-allow-credentials"), "true");
    EXPECT_EQ(answer.field("vary"), "Origin");
  }
  const Answer other = peer.get(engine.target("polling"), "Origin: https://evil.example\r\n");
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.field("access-control-allow-origin"), "");
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.connect(sid)
                .post(engine.target("polling", sid), "4a", origin)
                .field("access-control-allow-origin"),
            "https://app.example");
}

TEST_P(EngineIoRequest, AnswersAPreflight) {
  start({{.cors = {.origins = {"*"}}}});
  Peer peer(server.port);
  peer.ask("OPTIONS", engine.target("polling"), {},
           "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n"
           "Access-Control-Request-Headers: x-a\r\n");
  const Answer answer = peer.answer();
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("access-control-allow-origin"), "*");
  EXPECT_EQ(answer.field("access-control-allow-methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
  EXPECT_EQ(answer.field("access-control-allow-headers"), "x-a");
}

TEST_P(EngineIoRequest, LetsTheOriginsOfCorsOpenWebSockets) {
  start({{.cors = {.origins = {"https://app.example"}}}});
  WebSocketPeer peer(server.port, engine.target("websocket"), "Origin: https://app.example\r\n");
  EXPECT_TRUE(peer.hear().starts_with("0{"));
  expect_refusal(server, engine.target("websocket"), "Forbidden", 403,
                 "Origin: https://evil.example\r\n");
}

TEST_P(EngineIoRequest, SetsItsCookieOnPollingHandshakesOnly) {
  start({{.cookie = {.name = "io"}}});
  const Answer answer = get("EIO=4&transport=polling");
  EXPECT_EQ(answer.field("set-cookie"),
            "io=" + sid_of(answer.body) + "; Path=/; HttpOnly; SameSite=Lax");
  WebSocketPeer peer(server.port);
  EXPECT_EQ(peer.open(engine.target("websocket")).field("set-cookie"), "");
}

// A sid is a secret of its path: another one has other options, handlers and limits.
TEST(EngineIoPaths, DoNotKnowEachOthersSessions) {
  TestServer server;
  server.server.engineio("/one/", {});
  server.server.engineio("/two/", {});
  server.start();
  Engine one(server, "/one/");
  Engine two(server, "/two/");
  const std::string sid = one.open_session();
  EXPECT_EQ(two.post(sid, "1").status, 400);
  EXPECT_EQ(two.poll(sid).status, 400);
  WebSocketPeer candidate{Peer(server.port)};
  EXPECT_EQ(candidate.open(two.target("websocket", sid)).status, 400);
  EXPECT_EQ(one.post(sid, "1").body, "ok");
}

}  // namespace
}  // namespace naru::test
