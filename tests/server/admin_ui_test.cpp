// What Socket.IO's Admin UI hears and may do (socketio.md 10; npm's @socket.io/admin-ui).
#include "support/socketio_peer.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace naru::test {
namespace {

using Detail = AdminOptions::Detail;

class AdminUi : public ::testing::TestWithParam<unsigned> {
 protected:
  AdminUi() : server(GetParam()), io(server.server.socketio()) {}

  void start(AdminOptions options = {}) {
    options.username = "admin";
    options.password = "changeit";
    options.server_id = "one";
    options.stats_interval = 1s;
    io.instrument(options);
    Namespace& root = io.root();
    root.on_connect([](Socket& socket) { socket.join("early"); });
    root.on("join", [](Socket& socket, std::string room) { socket.join(room); });
    root.on("leave", [](Socket& socket, std::string room) { socket.leave(room); });
    root.on("ask", [](Socket& socket, Arguments all) {
      socket.emit("told", all);
      return 1;
    });
    server.start();
  }
  static std::string login(std::string_view username, std::string_view password) {
    return R"({"username":")" + std::string(username) + R"(","password":")" +
           std::string(password) + R"("})";
  }
  // A page that is let in; what it is given as its login.
  std::string enter(SocketIoPeer& page) {
    page.say("40/admin," + login("admin", "changeit"));
    const std::string session = page.hear();
    EXPECT_TRUE(session.starts_with(R"(42/admin,["session",")")) << session;
    EXPECT_TRUE(page.hear().starts_with(R"(40/admin,{"sid":")"));
    return session.substr(21, 20);
  }
  // The next event of that name which says `what`; sums come at any time.
  static std::string hear_of(SocketIoPeer& page, std::string_view event, std::string_view what) {
    for (;;) {
      std::string heard = page.hear();
      if (heard == "end" || heard.empty()) return heard;
      const bool named = heard.find("[\"" + std::string(event) + "\",") != std::string::npos;
      if (named && heard.find(what) != std::string::npos) return heard;
    }
  }
  static std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

  TestServer server;
  SocketIo& io;
};
INSTANTIATE_TEST_SUITE_P(Loops, AdminUi, ::testing::Values(1U, 4U));

TEST_P(AdminUi, LetsNobodyInWithoutTheLogin) {
  start();
  const std::string refused = R"(44/admin,{"message":"invalid credentials"})";
  for (const std::string& auth :
       {std::string(), login("admin", "changeit "), login("admin", ""), login("", "changeit"),
        login("adminadmin", "changeit"), login("admin", "changeitchangeit"),
        std::string(R"({"sessionId":""})"), std::string(R"({"sessionId":"guessed"})"),
        std::string(R"({"username":1,"password":{}})")}) {
    SocketIoPeer page(server);
    page.say("40/admin," + auth);
    EXPECT_EQ(page.hear(), refused) << auth;
  }
}

TEST_P(AdminUi, RemembersALogin) {
  start({.logins = 2});
  SocketIoPeer first(server);
  const std::string oldest = enter(first);
  EXPECT_EQ(oldest.size(), 20U);
  SocketIoPeer again(server);
  again.join("/admin", R"({"sessionId":")" + oldest + R"("})");
  SocketIoPeer second(server), third(server);
  enter(second);
  enter(third);
  SocketIoPeer late(server);
  late.say(R"(40/admin,{"sessionId":")" + oldest + R"("})");
  EXPECT_TRUE(late.hear().starts_with("44/admin,"));
}

TEST_P(AdminUi, AsksWhoeverChecksLogins) {
  AdminOptions options;
  options.check_login = [](std::string_view username, std::string_view password) {
    return username == password;
  };
  start(options);
  SocketIoPeer page(server), other(server);
  page.say("40/admin," + login("me", "me"));
  EXPECT_TRUE(page.hear().starts_with(R"(42/admin,["session",")"));
  other.say("40/admin," + login("admin", "changeit"));
  EXPECT_TRUE(other.hear().starts_with("44/admin,"));
}

TEST_P(AdminUi, ShowsWhoIsThere) {
  start();
  SocketIoPeer peer(server, "/socket.io/");
  const std::string id = peer.join();
  SocketIoPeer page(server);
  enter(page);
  EXPECT_EQ(hear_of(page, "config", ""),
            R"(42/admin,["config",{"supportedFeatures":["EMIT","JOIN","LEAVE","DISCONNECT",)"
            R"("MJOIN","MLEAVE","MDISCONNECT","AGGREGATED_EVENTS","ALL_EVENTS"]}])");
  const std::string all = hear_of(page, "all_sockets", id);
  for (const std::string_view part :
       {R"("clientId":")", R"("transport":"websocket","nsp":"/","data":{},)",
        R"("handshake":{"address":"127.0.0.1","headers":{"host":"test",)",
        R"("query":{"EIO":"4","transport":"websocket"},"issued":1)", R"("secure":false,"time":"20)",
        R"("url":"/socket.io/?EIO=4&transport=websocket","xdomain":false},"rooms":[)",
        R"("nsp":"/admin")"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " in " << all;
  }
  EXPECT_NE(all.find(quoted(id) + R"(,"early"])"), std::string::npos) << all;
}

TEST_P(AdminUi, TellsWhatHappens) {
  start();
  SocketIoPeer page(server);
  enter(page);
  SocketIoPeer peer(server);
  const std::string id = peer.join();
  const std::string in_root = R"("/",)" + quoted(id);
  const auto room = [&](std::string_view name) {
    return R"("/",)" + quoted(name) + "," + quoted(id);
  };
  hear_of(page, "socket_connected", quoted(id));
  EXPECT_NE(hear_of(page, "room_joined", room("early")).find("Z\"]"), std::string::npos);
  peer.say(R"(42["join","a"])");
  hear_of(page, "event_received", in_root + R"(,["join","a"],")");
  hear_of(page, "room_joined", room("a"));
  peer.say(R"(42["leave","a"])");
  hear_of(page, "room_left", room("a"));
  peer.say(R"(451-["ask",{"_placeholder":true,"num":0},2])");
  peer.say_binary("\x01\x02");
  hear_of(page, "event_received", in_root + R"(,["ask",{"_placeholder":true,"num":0},2],")");
  EXPECT_EQ(page.hear(), "binary:\x01\x02");
  hear_of(page, "event_sent", in_root + R"(,["told",{"_placeholder":true,"num":0},2],")");
  EXPECT_EQ(page.hear(), "binary:\x01\x02");
  peer.say("41");
  hear_of(page, "room_left", room("early"));
  hear_of(page, "room_left", room(id));
  hear_of(page, "socket_disconnected", in_root + R"(,"client namespace disconnect",")");
}

TEST_P(AdminUi, TellsOfAnUpgrade) {
  start();
  SocketIoPeer page(server);
  enter(page);
  Engine engine(server, "/socket.io/");
  const std::string sid = engine.open_session();
  EXPECT_EQ(engine.post(sid, "40").status, 200);
  hear_of(page, "socket_connected", R"("transport":"polling")");
  WebSocketPeer candidate = engine.candidate(sid);
  candidate.say("2probe");
  EXPECT_EQ(candidate.hear(), "3probe");
  candidate.say("5");
  hear_of(page, "socket_updated", R"("nsp":"/","transport":"websocket"}])");
}

TEST_P(AdminUi, DoesWhatAPageAsksFor) {
  start();
  SocketIoPeer page(server);
  enter(page);
  SocketIoPeer one(server), two(server);
  const std::string id = one.join();
  two.join();
  page.say(R"(42/admin,["emit","/",null,"hello",1,{"x":[]}])");
  EXPECT_EQ(one.hear(), R"(42["hello",1,{"x":[]}])");
  EXPECT_EQ(two.hear(), R"(42["hello",1,{"x":[]}])");
  page.say(R"(42/admin,["join","/","vip",")" + id + R"("])");
  hear_of(page, "room_joined", R"("/","vip",)" + quoted(id));
  page.say(R"(42/admin,["emit","/","vip","vip"])");
  EXPECT_EQ(one.hear(), R"(42["vip"])");
  page.say(R"(42/admin,["leave","/","vip"])");
  hear_of(page, "room_left", R"("/","vip",)" + quoted(id));
  page.say(R"(42/admin,["emit","/","vip","nobody"])");
  page.say(R"(42/admin,["emit","/",null,"connect"])");  // reserved
  page.say(R"(42/admin,["emit","/nowhere",null,"lost"])");
  page.say(R"(42/admin,["_disconnect","/",false,")" + id + R"("])");
  EXPECT_EQ(one.hear(), "41");
  page.say(R"(42/admin,["_disconnect","/",true])");
  EXPECT_EQ(two.hear(), "41");
  EXPECT_TRUE(two.hear().starts_with("close"));
}

TEST_P(AdminUi, OnlyLooksWhenReadonly) {
  start({.readonly = true});
  SocketIoPeer page(server);
  enter(page);
  EXPECT_EQ(hear_of(page, "config", ""),
            R"(42/admin,["config",{"supportedFeatures":["AGGREGATED_EVENTS","ALL_EVENTS"]}])");
  SocketIoPeer peer(server);
  peer.join();
  page.say(R"(42/admin,["_disconnect","/",true])");
  page.say(R"(42/admin,["emit","/",null,"hello"])");
  hear_of(page, "all_sockets", "");
  hear_of(page, "server_stats", R"("namespaces":[{"name":"/","socketsCount":1})");
  peer.say(R"(421["ask"])");
  EXPECT_EQ(peer.hear(), R"(42["told"])");
}

TEST_P(AdminUi, TellsSums) {
  start({.detail = Detail::sums});
  SocketIoPeer page(server);
  enter(page);
  EXPECT_EQ(page.hear().find("ALL_EVENTS"), std::string::npos);
  Engine engine(server, "/socket.io/");
  engine.open_session();
  {
    SocketIoPeer peer(server);
    peer.join();
    peer.say(R"(421["ask"])");
    EXPECT_EQ(peer.hear(), R"(42["told"])");
    EXPECT_EQ(peer.hear(), "431[1]");
  }
  const std::string stats =
      hear_of(page, "server_stats", R"("type":"rawDisconnection","subType":"transport )");
  for (const std::string_view part :
       {R"({"serverId":"one","hostname":")", R"("pid":)", R"("uptime":)", R"("clientsCount":2,)",
        R"("pollingClientsCount":1,)", R"("aggregatedEvents":[{"timestamp":1)",
        R"("namespaces":[{"name":"/","socketsCount":0},{"name":"/admin","socketsCount":1}]}])"}) {
    EXPECT_NE(stats.find(part), std::string::npos) << part << " in " << stats;
  }
}

TEST(AdminUiOptions, WantALogin) {
  TestServer server;
  SocketIo& io = server.server.socketio();
  EXPECT_THROW(io.instrument({}), std::invalid_argument);
  EXPECT_THROW(io.instrument({.username = "admin"}), std::invalid_argument);
  EXPECT_THROW(io.instrument({.password = "x", .stats_interval = 10ms}), std::invalid_argument);
  io.instrument({.without_login = true});
  EXPECT_THROW(io.instrument({.without_login = true}), std::logic_error);
  server.start();
  SocketIoPeer page(server);
  page.join("/admin");
}

// Made by a pattern: of each, by its own name. With recovery, which keeps nothing of this.
TEST(AdminUiNamespaces, AreWatchedThoughMadeLater) {
  TestServer server(2);
  SocketIoOptions options;
  options.recovery.enabled = true;
  SocketIo& io = server.server.socketio("/socket.io/", options);
  io.of(NamespacePattern{"/orders/*"});
  io.instrument({.password = "x"});
  server.start();
  SocketIoPeer page(server);
  page.say(R"(40/admin,{"username":"","password":"x"})");
  EXPECT_TRUE(page.hear().starts_with(R"(42/admin,["session",")"));
  SocketIoPeer peer(server);
  const std::string id = peer.join("/orders/7");
  std::string heard;
  while (heard.find("socket_connected") == std::string::npos ||
         heard.find(id) == std::string::npos) {
    heard = page.hear();
    ASSERT_NE(heard, "end");
  }
  EXPECT_NE(heard.find(R"("nsp":"/orders/7")"), std::string::npos) << heard;
}

}  // namespace
}  // namespace naru::test
