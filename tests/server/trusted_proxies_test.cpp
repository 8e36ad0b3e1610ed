// Behind proxies (websocket.md 4): whose word counts, and for what.
#include "support/test_server.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace naru::test {
namespace {

class TrustedProxies : public ::testing::Test {
 protected:
  // What an upgrade hook sees of a handshake with these fields, from 127.0.0.1: "address secure".
  std::string seen(const std::vector<std::string>& trusted, std::string_view fields) {
    Journal journal;
    TestServer server(ServerOptions{.loops = 1, .trusted_proxies = trusted});
    server.server.websocket(
        "/ws", {.on_upgrade = [&](Upgrade& upgrade) {
          journal.note(upgrade.request().address + (upgrade.request().secure ? " secure" : ""));
        }});
    server.start();
    const WebSocketPeer peer(server.port, "/ws", fields);
    return journal.next();
  }
  int status(const std::vector<std::string>& trusted, std::string_view fields) {
    TestServer server(ServerOptions{.loops = 1, .trusted_proxies = trusted});
    server.server.websocket("/ws", {});
    server.start();
    return WebSocketPeer(server.port).open("/ws", fields).status;
  }
};

TEST_F(TrustedProxies, AreNoneByDefault) {
  const std::string fields =
      "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
      "Forwarded: for=192.0.2.1;proto=https\r\n";
  EXPECT_EQ(seen({}, fields), "127.0.0.1");
  EXPECT_EQ(seen({"10.0.0.0/8"}, fields), "127.0.0.1");
}

TEST_F(TrustedProxies, SayWhereARequestComesFrom) {
  EXPECT_EQ(seen({"127.0.0.1"}, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"),
            "192.0.2.1 secure");
  EXPECT_EQ(seen({"127.0.0.0/8"}, "Forwarded: for=\"[2001:db8::1]:4711\";proto=https\r\n"),
            "2001:db8::1 secure");
  EXPECT_EQ(seen({"127.0.0.1"}, ""), "127.0.0.1");
}

// What a client writes itself stands left of what the first trusted proxy writes.
TEST_F(TrustedProxies, AreWalkedFromTheRight) {
  EXPECT_EQ(seen({"127.0.0.1"}, "X-Forwarded-For: 203.0.113.9, 192.0.2.1\r\n"), "192.0.2.1");
  EXPECT_EQ(seen({"127.0.0.1", "10.0.0.0/8"},
                 "X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.7\r\n"
                 "X-Forwarded-Proto: http, https, http\r\n"),
            "192.0.2.1 secure");
  EXPECT_EQ(seen({"127.0.0.1", "10.0.0.0/8"}, "X-Forwarded-For: 10.0.0.8, 10.0.0.7\r\n"),
            "10.0.0.8");
}

TEST_F(TrustedProxies, EndWhereNoAddressIsSaid) {
  EXPECT_EQ(seen({"127.0.0.1"}, "Forwarded: for=192.0.2.1, for=unknown\r\n"), "127.0.0.1");
  EXPECT_EQ(seen({"127.0.0.1"}, "Forwarded: for=192.0.2.1, for=_hidden\r\n"), "127.0.0.1");
  EXPECT_EQ(seen({"127.0.0.1", "10.0.0.0/8"}, "X-Forwarded-For: nonsense, 10.0.0.7\r\n"),
            "10.0.0.7");
}

// A proxy that writes one of them passes the other on from its client.
TEST_F(TrustedProxies, AreNotBelievedWhenTheyContradictThemselves) {
  EXPECT_EQ(seen({"127.0.0.1"},
                 "Forwarded: for=203.0.113.9;proto=https\r\n"
                 "X-Forwarded-For: 192.0.2.1\r\n"),
            "127.0.0.1");
  EXPECT_EQ(seen({"127.0.0.1"},
                 "Forwarded: for=192.0.2.1;proto=https\r\n"
                 "X-Forwarded-For: 192.0.2.1\r\n"),
            "192.0.2.1 secure");
}

TEST_F(TrustedProxies, DecideWhatAnOriginIsComparedWith) {
  const std::string page = "Origin: https://example.org\r\n";
  const std::string proto = "X-Forwarded-Proto: https\r\n";
  EXPECT_EQ(status({"127.0.0.1"}, page + proto + "X-Forwarded-Host: example.org\r\n"), 101);
  EXPECT_EQ(status({"127.0.0.1"}, "Origin: https://test\r\n" + proto), 101);
  EXPECT_EQ(status({"127.0.0.1"}, "Origin: https://test\r\n"), 403);
  EXPECT_EQ(status({}, "Origin: https://test\r\n" + proto), 403);
  EXPECT_EQ(status({"127.0.0.1"}, "Origin: https://other.example\r\n" + proto), 403);
}

TEST_F(TrustedProxies, AreAddresses) {
  EXPECT_THROW(Server(ServerOptions{.trusted_proxies = {"proxy.example"}}), std::invalid_argument);
  EXPECT_THROW(Server(ServerOptions{.trusted_proxies = {"10.0.0.0/40"}}), std::invalid_argument);
}

}  // namespace
}  // namespace naru::test
