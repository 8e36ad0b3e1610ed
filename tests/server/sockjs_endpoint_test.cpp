// What a SockJS service answers before there is a session (sockjs.md 1 to 3, 10).
#include "support/sockjs_peer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

class SockJsService : public ::testing::Test {
 protected:
  void start(SockJsOptions options = sockjs_echo()) {
    server.server.sockjs("/echo", std::move(options));
    server.start();
  }
  Answer ask(std::string_view method, std::string_view target, std::string_view fields = {},
             std::string_view body = {}) {
    Peer peer(server.port);
    peer.ask(method, target, body, fields);
    return peer.answer(method);
  }
  Answer get(std::string_view target, std::string_view fields = {}) {
    return ask("GET", target, fields);
  }

  TestServer server;
};

TEST_F(SockJsService, Greets) {
  start();
  for (const char* target : {"/echo", "/echo/"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("content-type"), "text/plain; charset=UTF-8");
    EXPECT_EQ(answer.body, "Welcome to SockJS!\n");
    EXPECT_EQ(answer.field("set-cookie"), "");
  }
  EXPECT_EQ(ask("HEAD", "/echo").status, 200);
}

TEST_F(SockJsService, HasNothingElseBelowItsPath) {
  start();
  for (const char* target :
       {"/echo/a", "/echo/a.html", "/echo//", "/echo///", "/echo/a/a/", "/echofoo", "/echo//xhr",
        "/echo/a./a/xhr", "/echo/././xhr", "/echo/iframe.HTML"}) {
    EXPECT_EQ(get(target).status, 404) << target;
    EXPECT_EQ(ask("POST", target).status, 404) << target;
  }
}

TEST_F(SockJsService, TellsWhatItOffers) {
  start();
  const Answer one = get("/echo/info", "Origin: test\r\n");
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.field("content-type"), "application/json; charset=UTF-8");
  EXPECT_EQ(one.field("cache-control"),
            "no-store, no-cache, no-transform, must-revalidate, max-age=0");
  EXPECT_TRUE(one.body.starts_with(R"({"websocket":true,"origins":["*:*"],"cookie_needed":false)"));
  EXPECT_NE(one.body, get("/echo/info").body);  // the entropy
}

TEST_F(SockJsService, LetsEveryOriginInByDefaultOfTheSuite) {
  start();
  for (const char* origin : {"test", "null", "https://example.org"}) {
    const Answer answer = get("/echo/info", "Origin: " + std::string(origin) + "\r\n");
    EXPECT_EQ(answer.field("access-control-allow-origin"), origin);
    EXPECT_EQ(answer.field("access-control-allow-credentials"), "true");
    EXPECT_EQ(answer.field("vary"), "Origin");
  }
  const Answer answer = get("/echo/info");
  EXPECT_EQ(answer.field("access-control-allow-origin"), "*");
  EXPECT_EQ(answer.field("access-control-allow-credentials"), "");
}

TEST_F(SockJsService, AnswersPreflights) {
  start();
  for (const char* target :
       {"/echo/info", "/echo/a/b/xhr", "/echo/a/b/xhr_send", "/echo/a/b/xhr_streaming"}) {
    const Answer answer =
        ask("OPTIONS", target, "Origin: test\r\nAccess-Control-Request-Headers: a, b\r\n");
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.field("access-control-max-age"), "31536000");
    EXPECT_EQ(answer.field("access-control-allow-methods"),
              target == std::string("/echo/info") ? "OPTIONS, GET" : "OPTIONS, POST");
    EXPECT_EQ(answer.field("access-control-allow-headers"), "a, b");
    EXPECT_EQ(answer.field("cache-control"), "public, max-age=31536000");
    EXPECT_NE(answer.field("expires"), "");
  }
}

TEST_F(SockJsService, NamesTheMethodsThatAPathHas) {
  start();
  const auto refused = [&](std::string_view method, std::string_view target) {
    const Answer answer = ask(method, target);
    EXPECT_EQ(answer.status, 405) << target;
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.field("content-type"), "");
    EXPECT_EQ(answer.field("content-length"), "0");
    return answer.field("allow");
  };
  EXPECT_EQ(refused("POST", "/echo"), "GET, HEAD");
  EXPECT_EQ(refused("DELETE", "/echo/info"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(refused("GET", "/echo/a/b/xhr"), "POST, OPTIONS");
  EXPECT_EQ(refused("OPTIONS", "/echo/a/b/jsonp"), "GET");
  EXPECT_EQ(refused("POST", "/echo/websocket"), "GET");
}

TEST_F(SockJsService, ServesThePageForFrames) {
  SockJsOptions options = sockjs_echo();
  options.client_url = "/sockjs.min.js";
  start(options);
  const Answer page = get("/echo/iframe-1.2.3.html?t=5");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.field("content-type"), "text/html; charset=UTF-8");
  EXPECT_NE(page.body.find("<script src=\"/sockjs.min.js\"></script>"), std::string::npos);
  const std::string tag = page.field("etag");
  EXPECT_EQ(get("/echo/iframe.html").field("etag"), tag);
  const Answer known = get("/echo/iframe.html", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(known.field("content-type"), "");
}

TEST_F(SockJsService, KeepsPagesOfOthersOut) {
  SockJsOptions options = sockjs_echo();
  options.origins = {.kind = OriginPolicy::Kind::list, .origins = {"https://example.org"}};
  start(options);
  for (const char* target : {"/echo/info", "/echo/a/b/eventsource"}) {
    const Answer answer = get(target, "Origin: https://evil.example\r\n");
    EXPECT_EQ(answer.status, 403) << target;
    EXPECT_EQ(answer.field("access-control-allow-origin"), "");
  }
  EXPECT_EQ(ask("POST", "/echo/a/b/xhr", "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(ask("POST", "/echo/a/b/xhr_send", "Origin: https://evil.example\r\n", "[]").status,
            403);
  for (const char* target : {"/echo/a/b/websocket", "/echo/websocket"}) {
    WebSocketPeer peer{Peer(server.port)};
    EXPECT_EQ(peer.open(target, "Origin: https://evil.example\r\n").status, 403);
  }
  const Answer answer = get("/echo/info", "Origin: https://example.org\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("access-control-allow-origin"), "https://example.org");
}

// Scripts and frames of any page ask without an Origin.
TEST_F(SockJsService, HasNoJsonpAndNoFramesWhereOriginsAreChosen) {
  for (const auto kind : {OriginPolicy::Kind::list, OriginPolicy::Kind::same_origin}) {
    TestServer own;
    SockJsOptions options = sockjs_echo();
    options.origins.kind = kind;
    own.server.sockjs("/echo", options);
    own.start();
    for (const char* target : {"/echo/a/b/jsonp?c=x", "/echo/iframe.html"}) {
      EXPECT_EQ(Peer(own.port).get(target).status, 404) << target;
    }
    EXPECT_EQ(Peer(own.port).post("/echo/a/b/jsonp_send", "d=[]").status, 404);
  }
}

TEST_F(SockJsService, OffersOnlyWhatItIsTold) {
  SockJsOptions options = sockjs_echo();
  options.transports = {.websocket = false,
                        .raw_websocket = false,
                        .xhr_streaming = false,
                        .eventsource = false,
                        .htmlfile = false,
                        .xhr_polling = true,
                        .jsonp_polling = false};
  start(options);
  EXPECT_TRUE(get("/echo/info").body.starts_with("{\"websocket\":false"));
  for (const char* target : {"/echo/websocket", "/echo/a/b/websocket", "/echo/a/b/eventsource",
                             "/echo/a/b/htmlfile?c=x", "/echo/a/b/jsonp?c=x"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
  EXPECT_EQ(ask("POST", "/echo/a/b/xhr_streaming").status, 404);
  EXPECT_EQ(ask("POST", "/echo/a/b/xhr").body, "o\n");
}

// CVE-2020-7693: sockjs-node died of an upgrade where there was no WebSocket.
TEST_F(SockJsService, AnswersAnUpgradeOnEveryPath) {
  start();
  for (const char* target :
       {"/echo", "/echo/info", "/echo/iframe.html", "/echo/a/b/jsonp", "/echo/a/b/xhr",
        "/echo/a/b/xhr_send", "/echo/nothing", "/echo/a/b/htmlfile", "/echo/a/b/c/websocket"}) {
    WebSocketPeer peer{Peer(server.port)};
    const int status = peer.open(target).status;
    EXPECT_GE(status, 200) << target;
    EXPECT_NE(status, 101) << target;
  }
  EXPECT_EQ(get("/echo/info").status, 200);
}

TEST_F(SockJsService, WantsAnUpgradeForAWebSocket) {
  start();
  for (const char* target : {"/echo/websocket", "/echo/a/b/websocket"}) {
    EXPECT_EQ(get(target).status, 400);
    EXPECT_EQ(get(target, "Upgrade: WebSocket\r\nConnection: close\r\n").status, 400);
  }
}

TEST_F(SockJsService, AsksForACookieWhenToldTo) {
  SockJsOptions options = sockjs_echo();
  options.jsessionid = true;
  start(options);
  const Answer info = get("/echo/info");
  EXPECT_NE(info.body.find("\"cookie_needed\":true"), std::string::npos);
  EXPECT_EQ(info.field("set-cookie"), "");
  const auto cookie = [&](std::string_view fields) {
    return ask("POST", "/echo/a/b/xhr", fields).field("set-cookie");
  };
  EXPECT_EQ(cookie(""), "JSESSIONID=dummy; path=/");
}

TEST_F(SockJsService, ReturnsTheCookieOfABalancer) {
  SockJsOptions options = sockjs_echo();
  options.jsessionid = true;
  start(options);
  const auto cookie = [&](std::string_view value) {
    return ask("POST", "/echo/a/b/xhr_send", "Cookie: " + std::string(value) + "\r\n", "[]")
        .field("set-cookie");
  };
  EXPECT_EQ(cookie("JSESSIONID=abc.node1"), "JSESSIONID=abc.node1; path=/");
  EXPECT_EQ(cookie("a=b; JSESSIONID=x; c=d"), "JSESSIONID=x; path=/");
  EXPECT_EQ(cookie("XJSESSIONID=abc"), "JSESSIONID=dummy; path=/");
  EXPECT_EQ(cookie("JSESSIONID=a b"), "JSESSIONID=dummy; path=/");
  EXPECT_EQ(cookie("JSESSIONID=a\x80"), "JSESSIONID=dummy; path=/");
}

TEST_F(SockJsService, RefusesOptionsThatContradictEachOther) {
  SockJsOptions small;
  small.limit = 1;
  EXPECT_THROW(server.server.sockjs("/a", small), std::invalid_argument);
  SockJsOptions script;
  script.client_url = "\"><script>";
  EXPECT_THROW(server.server.sockjs("/a", script), std::invalid_argument);
  SockJsOptions silent;
  silent.heartbeat_interval = 0ms;
  EXPECT_THROW(server.server.sockjs("/a", silent), std::invalid_argument);
  server.server.sockjs("/a", {});
  EXPECT_THROW(server.server.sockjs("/a", {}), std::invalid_argument);
}

TEST_F(SockJsService, MayHaveAParameterInItsPath) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) {
    session.send(text(session.request().path));
    session.send(text(session.request().parameter("room")));
  };
  server.server.sockjs("/rooms/:room/live", options);
  server.start();
  SockJsClient client(server, "/rooms/a%20b/live", "x");
  EXPECT_EQ(client.poll(), "o\n");
  EXPECT_EQ(client.poll(), "a[\"/rooms/a%20b/live\",\"a b\"]\n");
}

}  // namespace
}  // namespace naru::test
