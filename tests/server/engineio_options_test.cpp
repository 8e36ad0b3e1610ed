// Hooks and options of a route (socketio.md 1.3 to 1.5, 1.10, 1.15).
#include "support/test_server.hpp"

#include <zlib.h>

#include <atomic>
#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

class EngineIoOptionsOf : public ::testing::TestWithParam<Way> {
 protected:
  void start(TransportOptions transport) {
    EngineIoOptions options{.transport = std::move(transport)};
    options.on_message = [](EngineSocket& socket, Message message) { socket.send(message); };
    server.server.engineio("/engine.io/", std::move(options));
    server.start();
  }
  Answer open(std::string_view more = {}, std::string_view fields = {}) {
    return Peer(server.port).get(engine.target("polling") + std::string(more), fields);
  }

  Journal journal;
  TestServer server{GetParam().loops};
  Engine engine{server, "/engine.io/", GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Ways, EngineIoOptionsOf, kWays, way_name);

// ---- allow_request

TEST_P(EngineIoOptionsOf, AskAnApplicationWhetherToServeAHandshake) {
  std::atomic<int> asked{0};
  start({.allow_request = [&](const RequestInfo& request) -> std::optional<Forbidden> {
    ++asked;
    if (request.query.find("token=good") != std::string::npos) return std::nullopt;
    if (request.query.find("token=") == std::string::npos) return Forbidden{};
    return Forbidden{"a \"bad\" token"};
  }});
  const Answer none = open();
  EXPECT_EQ(none.status, 403);
  EXPECT_EQ(none.field("content-type"), "application/json");
  EXPECT_EQ(none.body, R"({"code":4,"message":"Forbidden"})");
  EXPECT_EQ(open("&token=bad").body, R"({"code":4,"message":"a \"bad\" token"})");
  const Answer good = open("&token=good");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(asked, 3);
  // A session's own requests are not asked about.
  const std::string sid = sid_of(good.body);
  Peer own(server.port);
  EXPECT_EQ(own.post(engine.target("polling", sid), "4a").body, "ok");
  EXPECT_EQ(own.get(engine.target("polling", sid)).body, "4a");
  EXPECT_EQ(asked, 3);

  WebSocketPeer refused(server.port);
  const Answer answer = refused.open(engine.target("websocket") + "&token=bad");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "a \"bad\" token");
  EXPECT_TRUE(refused.ended());
  WebSocketPeer peer(server.port, engine.target("websocket") + "&token=good");
  EXPECT_TRUE(peer.hear().starts_with("0{"));
}

TEST_P(EngineIoOptionsOf, RefuseWhatAHookThrowsOn) {
  start({.allow_request = [](const RequestInfo&) -> std::optional<Forbidden> {
    throw std::runtime_error("no database");
  }});
  EXPECT_EQ(open().status, 403);
  EXPECT_NE(server.log.next().find("no database"), std::string::npos);
}

// The method comes before the hook, the revision after it (socketio.md 1.3).
TEST_P(EngineIoOptionsOf, KeepTheOrderOfChecks) {
  std::atomic<int> asked{0};
  start({.allow_request = [&](const RequestInfo&) -> std::optional<Forbidden> {
    ++asked;
    return Forbidden{};
  }});
  Peer peer(server.port);
  EXPECT_EQ(peer.post("/engine.io/?EIO=3&transport=polling", "4x").body,
            R"({"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(peer.get("/engine.io/?EIO=4&transport=websocket").body,
            R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(peer.get("/engine.io/?EIO=3&transport=polling").status, 403);
  EXPECT_EQ(asked, 1);
}

// ---- header hooks

TEST_P(EngineIoOptionsOf, AddHeadersToTheFirstAnswerAndToAll) {
  std::atomic<int> first{0};
  start({.on_initial_headers =
             [&](const RequestInfo& request, ResponseHeaders& headers) {
               headers.add("X-First", std::to_string(++first));
               headers.add("Set-Cookie", "a=" + std::string(request.header("X-Who")));
             },
         .on_headers = [](const RequestInfo&,
                          ResponseHeaders& headers) { headers.add("X-Each", "yes"); }});
  const Answer answer = open({}, "X-Who: me\r\n");
  EXPECT_EQ(answer.field("x-first"), "1");
  EXPECT_EQ(answer.field("set-cookie"), "a=me");
  EXPECT_EQ(answer.field("x-each"), "yes");
  const std::string sid = sid_of(answer.body);
  const Answer posted = engine.post(sid, "4a");
  EXPECT_EQ(posted.field("x-each"), "yes");
  EXPECT_EQ(posted.field("x-first"), "");
  EXPECT_EQ(engine.poll(sid).field("x-each"), "yes");
  WebSocketPeer candidate(engine.connect(sid));
  const Answer upgraded = candidate.open(engine.target("websocket", sid));
  EXPECT_EQ(upgraded.status, 101);
  EXPECT_EQ(upgraded.field("x-each"), "yes");
  EXPECT_EQ(upgraded.field("x-first"), "");
  WebSocketPeer fresh(server.port);
  EXPECT_NE(fresh.open(engine.target("websocket")).field("x-first"), "");
}

TEST(ResponseHeaders, TakesOnlyWhatHttpAllows) {
  ResponseHeaders headers;
  headers.add("X-A", "b c");
  for (const auto& [name, value] : {std::pair{"X-A", "b\r\nX-B: c"},
                                    {"X A", "b"},
                                    {"", "b"},
                                    {"Content-Length", "5"},
                                    {"connection", "close"},
                                    {"Sec-WebSocket-Accept", "x"}}) {
    EXPECT_THROW(headers.add(name, value), std::invalid_argument) << name;
  }
  EXPECT_EQ(headers.all().size(), 1U);
}

// ---- connection_error

TEST_P(EngineIoOptionsOf, TellOfRequestsThatWereRefused) {
  start({.allow_request = [](const RequestInfo& request) -> std::optional<Forbidden> {
           if (request.query.find("deny") == std::string::npos) return std::nullopt;
           return Forbidden{"denied"};
         },
         .on_connection_error =
             [this](const ConnectionError& error) {
               journal.note(std::to_string(error.code) + " " + std::string(error.message) + " (" +
                            std::string(error.context) + ") " + error.request.path);
             }});
  Peer peer(server.port);
  peer.get("/engine.io/?EIO=4&transport=abc");
  EXPECT_EQ(journal.next(), "0 Transport unknown (abc) /engine.io/");
  peer.get("/engine.io/?EIO=4&transport=polling&sid=abc");
  EXPECT_EQ(journal.next(), "1 Session ID unknown (abc) /engine.io/");
  peer.post("/engine.io/?EIO=4&transport=polling", "4x");
  EXPECT_EQ(journal.next(), "2 Bad handshake method (POST) /engine.io/");
  peer.get("/engine.io/?EIO=4&transport=websocket");
  EXPECT_EQ(journal.next(), "3 Bad request (TRANSPORT_HANDSHAKE_ERROR) /engine.io/");
  peer.get("/engine.io/?EIO=4&transport=polling&deny");
  EXPECT_EQ(journal.next(), "4 denied (denied) /engine.io/");
  peer.get("/engine.io/?EIO=3&transport=polling");
  EXPECT_EQ(journal.next(), "5 Unsupported protocol version (3) /engine.io/");
  const std::string sid = engine.open_session();
  engine.connect(sid).get(engine.target("websocket", sid));
  EXPECT_EQ(journal.next(), "3 Bad request (TRANSPORT_MISMATCH) /engine.io/");
  EXPECT_EQ(engine.post(sid, "1").body, "ok");
  engine.poll(sid);
  EXPECT_EQ(journal.next(), "1 Session ID unknown (" + sid + ") /engine.io/");
  WebSocketPeer candidate(engine.connect(sid));
  candidate.open(engine.target("websocket", sid));
  EXPECT_EQ(journal.next(), "1 Session ID unknown (" + sid + ") /engine.io/");
}

// ---- ids of an application

TEST_P(EngineIoOptionsOf, TakeIdsOfAnApplication) {
  std::atomic<int> count{0};
  start({.generate_id = [&](const RequestInfo& request) -> std::string {
    if (request.query.find("bad") != std::string::npos) return "not / allowed";
    if (request.query.find("same") != std::string::npos) return "twice";
    return "order-" + std::to_string(++count);
  }});
  const std::string body = open().body;
  const std::string sid = body.substr(9, body.find('"', 9) - 9);
  EXPECT_EQ(sid.substr(2), "order-1");
  Peer peer(server.port);  // any loop finds it
  EXPECT_EQ(peer.post(engine.target("polling", sid), "4a").body, "ok");
  EXPECT_EQ(peer.get(engine.target("polling", sid)).body, "4a");
  WebSocketPeer candidate(server.port);
  EXPECT_EQ(candidate.open(engine.target("websocket", sid)).status, 101);
  candidate.say("5");
  candidate.say("4b");
  EXPECT_EQ(candidate.hear(), "4b");
  EXPECT_EQ(open("&bad").body, R"({"code":3,"message":"Bad request"})");
  if (GetParam().loops > 1) return;  // ids of different loops differ
  EXPECT_EQ(open("&same").status, 200);
  EXPECT_EQ(open("&same").status, 400);
}

// ---- cookie, CORS

TEST_P(EngineIoOptionsOf, SetACookieWithAllItsAttributes) {
  start({.cookie = {.name = "io",
                    .path = "/x",
                    .domain = "a.example",
                    .max_age = 60s,
                    .http_only = true,
                    .secure = true,
                    .partitioned = true,
                    .same_site = "None"}});
  const Answer answer = open();
  EXPECT_EQ(answer.field("set-cookie"), "io=" + sid_of(answer.body) +
                                            "; Max-Age=60; Domain=a.example; Path=/x; HttpOnly; "
                                            "Secure; Partitioned; SameSite=None");
}

TEST(EngineIoCookie, Cve202447764RefusesWhatIsNoCookie) {
  for (const CookieOptions& cookie :
       {CookieOptions{.name = "a b"}, CookieOptions{.name = "io", .path = "/; Domain=evil"},
        CookieOptions{.name = "io", .domain = "a\r\nb"},
        CookieOptions{.name = "io", .same_site = "Lax; x"}}) {
    TestServer server;
    EXPECT_THROW(server.server.engineio("/engine.io/", {.transport = {.cookie = cookie}}),
                 std::invalid_argument);
  }
}

TEST_P(EngineIoOptionsOf, AskAnApplicationForOrigins) {
  start({.cors = {.allow_origin =
                      [](std::string_view origin) {
                        if (origin == "https://throws.example") throw std::runtime_error("x");
                        return origin.ends_with(".app.example");
                      },
                  .credentials = true,
                  .methods = "GET,POST",
                  .allowed_headers = {"x-a", "x-b"},
                  .exposed_headers = {"x-c"},
                  .max_age_seconds = 600}});
  Peer peer(server.port);
  peer.ask("OPTIONS", engine.target("polling"), {},
           "Origin: https://one.app.example\r\nAccess-Control-Request-Method: POST\r\n");
  const Answer preflight = peer.answer();
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.field("access-control-allow-origin"), "https://one.app.example");
  EXPECT_EQ(preflight.field("access-control-allow-credentials"), "true");
  EXPECT_EQ(preflight.field("access-control-allow-methods"), "GET,POST");
  EXPECT_EQ(preflight.field("access-control-allow-headers"), "x-a,x-b");
  EXPECT_EQ(preflight.field("access-control-expose-headers"), "x-c");
  EXPECT_EQ(preflight.field("access-control-max-age"), "600");
  EXPECT_EQ(preflight.field("vary"), "Origin");
  for (const char* origin : {"https://evil.example", "https://throws.example"}) {
    const std::string field = "Origin: " + std::string(origin) + "\r\n";
    const Answer answer = peer.get(engine.target("polling"), field);
    EXPECT_EQ(answer.field("access-control-allow-origin"), "") << origin;
    WebSocketPeer refused(server.port);
    EXPECT_EQ(refused.open(engine.target("websocket"), field).status, 403) << origin;
  }
  WebSocketPeer allowed(server.port, engine.target("websocket"),
                        "Origin: https://two.app.example\r\n");
  EXPECT_TRUE(allowed.hear().starts_with("0{"));
}

// ---- compression of polls

std::string inflated(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 32), Z_OK);  // zlib or gzip
  std::string out(100'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST_P(EngineIoOptionsOf, CompressLongPollsForThoseWhoAcceptIt) {
  start({});
  const std::string sid = engine.open_session();
  const std::string packet = "4" + std::string(2000, 'x');
  const auto poll = [&](const std::string& accepted, std::string_view body) {
    EXPECT_EQ(engine.post(sid, body).body, "ok");
    return engine.connect(sid).get(engine.target("polling", sid),
                                   "Accept-Encoding: " + accepted + "\r\n");
  };
  const Answer gzip = poll("gzip, deflate, br", packet);
  EXPECT_EQ(gzip.field("content-encoding"), "gzip");
  EXPECT_EQ(gzip.field("content-type"), "text/plain; charset=UTF-8");
  EXPECT_LT(gzip.body.size(), 100U);
  EXPECT_EQ(inflated(gzip.body), packet);
  const Answer deflate = poll("deflate", packet);
  EXPECT_EQ(deflate.field("content-encoding"), "deflate");
  EXPECT_EQ(inflated(deflate.body), packet);
  EXPECT_EQ(poll("br", packet).body, packet);
  EXPECT_EQ(poll("gzip;q=0", packet).body, packet);
  const std::string small = "4" + std::string(1022, 'x');
  EXPECT_EQ(poll("gzip", small).body, small);  // below the threshold
}

TEST_P(EngineIoOptionsOf, CompressNoPollsWhenSwitchedOff) {
  start({.http_compression = {.enabled = false}});
  const std::string sid = engine.open_session();
  const std::string packet = "4" + std::string(2000, 'x');
  EXPECT_EQ(engine.post(sid, packet).body, "ok");
  EXPECT_EQ(
      engine.connect(sid).get(engine.target("polling", sid), "Accept-Encoding: gzip\r\n").body,
      packet);
}

}  // namespace
}  // namespace naru::test
