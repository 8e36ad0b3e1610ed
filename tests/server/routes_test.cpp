// Which route a path takes.
#include "server/routes.hpp"

#include "support/test_server.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace naru::server {
namespace {

using Parameters = RoutePattern::Parameters;

std::optional<Parameters> match(std::string_view pattern, std::string_view path) {
  return RoutePattern::parse(pattern).match(path);
}

TEST(RoutePattern, TakesItsPathAlone) {
  EXPECT_EQ(match("/chat", "/chat"), Parameters());
  for (const char* path : {"/", "/chat/", "/chat/x", "/chats", "/Chat", "chat", "", "/ch%61t"}) {
    EXPECT_EQ(match("/chat", path), std::nullopt) << path;
  }
}

TEST(RoutePattern, TakesWhatBeginsSo) {
  EXPECT_EQ(match("/rooms/*", "/rooms/"), Parameters());
  EXPECT_EQ(match("/rooms/*", "/rooms/a/b"), Parameters());
  EXPECT_EQ(match("/room*", "/rooms"), Parameters());
  EXPECT_EQ(match("/*", "/"), Parameters());
  EXPECT_EQ(match("/rooms/*", "/rooms"), std::nullopt);
}

TEST(RoutePattern, TakesASegmentForAParameter) {
  EXPECT_EQ(match("/rooms/:room", "/rooms/blue"), (Parameters{{"room", "blue"}}));
  EXPECT_EQ(match("/:a/with/:b", "/1/with/2"), (Parameters{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(match("/:a/:b", "/:b/:a"), (Parameters{{"a", ":b"}, {"b", ":a"}}));
  EXPECT_EQ(match("/:a/", "/1/"), (Parameters{{"a", "1"}}));
  for (const char* path : {"/rooms", "/rooms/", "/rooms/a/", "/rooms/a/b", "/room/a", "", "/"}) {
    EXPECT_EQ(match("/rooms/:room", path), std::nullopt) << path;
  }
  EXPECT_EQ(match("/:a/", "/1"), std::nullopt);
}

TEST(RoutePattern, TakesParametersBeforeABeginning) {
  EXPECT_EQ(match("/rooms/:room/*", "/rooms/a/b/c"), (Parameters{{"room", "a"}}));
  EXPECT_EQ(match("/rooms/:room/*", "/rooms/a/"), (Parameters{{"room", "a"}}));
  EXPECT_EQ(match("/rooms/:room/b*", "/rooms/a/bc/d"), (Parameters{{"room", "a"}}));
  EXPECT_EQ(match("/rooms/:room/*", "/rooms/a"), std::nullopt);
  EXPECT_EQ(match("/rooms/:room/b*", "/rooms/a/c"), std::nullopt);
}

TEST(RoutePattern, DecodesParametersAfterTheyAreCut) {
  EXPECT_EQ(match("/:room", "/a%20b%2Fc"), (Parameters{{"room", "a b/c"}}));
  EXPECT_EQ(match("/:room", "/%EC%95%88"), (Parameters{{"room", "안"}}));
  EXPECT_EQ(match("/:room", "/a+b"), (Parameters{{"room", "a+b"}}));
  for (const char* path : {"/%", "/%1", "/%zz", "/a%2"}) {
    EXPECT_EQ(match("/:room", path), std::nullopt) << path;
  }
}

TEST(RoutePattern, RefusesWhatIsNoPattern) {
  for (const char* path :
       {"", "chat", "*", "/a*b", "/**", "/:", "/a/:/b", "/:a/:a", "/:a*", "/a/:*"}) {
    EXPECT_THROW(RoutePattern::parse(path), std::invalid_argument) << path;
  }
  for (const char* path : {"/", "/a:b", "/a:", "/:a/:b/*"}) {
    EXPECT_NO_THROW(RoutePattern::parse(path)) << path;
  }
}

class Nothing final : public Endpoint {
 public:
  void on_request(Worker&, transport::HttpExchange&) override {}
};

class RoutesTest : public ::testing::Test {
 protected:
  Endpoint* add(std::string_view pattern) {
    auto made = std::make_unique<Nothing>();
    Endpoint* added = made.get();
    routes.add(RoutePattern::parse(pattern), std::move(made));
    return added;
  }
  Routes routes;
};

TEST_F(RoutesTest, AsksExactOnesThenParametersThenTheLongestBeginning) {
  Endpoint* everything = add("/*");
  Endpoint* rooms = add("/rooms/*");
  Endpoint* parameter = add("/rooms/:room");
  Endpoint* later = add("/:kind/blue");
  Endpoint* exact = add("/rooms/lobby");
  EXPECT_EQ(routes.find("/rooms/lobby"), exact);
  EXPECT_EQ(routes.find("/rooms/blue"), parameter) << "the first that was added";
  EXPECT_EQ(routes.find("/sofas/blue"), later);
  EXPECT_EQ(routes.find("/rooms/"), rooms);
  EXPECT_EQ(routes.find("/rooms/a/b"), rooms);
  EXPECT_EQ(routes.find("/rooms/%"), rooms) << "no value for a parameter";
  EXPECT_EQ(routes.find("/x"), everything);
  EXPECT_EQ(routes.find(""), nullptr);
}

TEST_F(RoutesTest, RefusesTheSameRouteTwice) {
  for (const char* pattern : {"/a", "/a*", "/a/:b", "/a/:b/*"}) add(pattern);
  for (const char* pattern : {"/a", "/a*", "/a/:other", "/a/:other/*"}) {
    EXPECT_THROW(add(pattern), std::invalid_argument) << pattern;
  }
  EXPECT_NO_THROW(add("/b/:b"));
}

}  // namespace
}  // namespace naru::server

namespace naru::test {
namespace {

TEST(WebSocketRoutes, GiveTheirParametersToTheHandlers) {
  TestServer server;
  server.server.websocket("/rooms/:room/:seat",
                          {.on_open =
                               [](WebSocket& ws) {
                                 const RequestInfo& request = ws.request();
                                 ws.send(text(request.path + "?" + request.query));
                                 ws.send(text(request.parameter("room")));
                                 ws.send(text(request.parameter("seat")));
                                 ws.send(text(request.parameter("none")));
                               },
                           .on_upgrade =
                               [](Upgrade& upgrade) {
                                 if (upgrade.request().parameter("room") == "closed") {
                                   upgrade.refuse(404);
                                 }
                               }});
  server.server.websocket("/rooms/*", {.on_open = [](WebSocket& ws) { ws.send(text("any")); }});
  server.start();
  WebSocketPeer peer(server.port, "/rooms/a%20b/7?c=d");
  for (const char* heard : {"/rooms/a%20b/7?c=d", "a b", "7", ""}) EXPECT_EQ(peer.hear(), heard);
  WebSocketPeer other(server.port, "/rooms/a/b/c");
  EXPECT_EQ(other.hear(), "any");
  EXPECT_EQ(WebSocketPeer(server.port).open("/rooms/closed/1").status, 404);
}

TEST(WebSocketRoutes, RefuseBadPatternsAndOptionsAtOnce) {
  Server server({.loops = 1});
  EXPECT_THROW(server.websocket("chat", {}), std::invalid_argument);
  EXPECT_THROW(server.websocket("/:", {}), std::invalid_argument);
  EXPECT_THROW(server.websocket("/ws", {.high_watermark = 2, .limit = 1}), std::invalid_argument);
  EXPECT_THROW(server.websocket("/ws", {.subprotocols = {"a b"}}), std::invalid_argument);
  EXPECT_THROW(server.websocket("/ws", {.compression = {.window_bits = 7}}), std::invalid_argument);
  EXPECT_THROW(server.websocket("/ws", {.compression = {.memory_level = 0}}),
               std::invalid_argument);
  EXPECT_THROW(server.websocket("/ws", {.compression = {.level = 10}}), std::invalid_argument);
  server.websocket("/ws", {});
  EXPECT_THROW(server.websocket("/ws", {}), std::invalid_argument);
}

}  // namespace
}  // namespace naru::test
