#pragma once

#include "engineio/handshake.hpp"
#include "naru/server.hpp"
#include "support/journal.hpp"
#include "support/peer.hpp"
#include "support/websocket_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace naru::test {

using namespace std::chrono_literals;

// A server on a port of the system's choice. Routes are added, then start().
class TestServer {
 public:
  explicit TestServer(unsigned loops = 1, std::chrono::milliseconds drain_timeout = 10s)
      : TestServer(ServerOptions{.loops = loops, .drain_timeout = drain_timeout}) {}
  explicit TestServer(ServerOptions options) : server(logged(std::move(options))) {}

  void start(ListenOptions where = {}) {
    where.port = 0;
    where.host = "127.0.0.1";
    ASSERT_TRUE(server.listen(where)) << server.last_error();
    const std::string url = server.urls().back();
    port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    server.start();
  }
  void start_tls() {
    const io::testing::Certificate certificate;
    start({.tls = {.certificates = {certificate.files()}}});
  }

  // What was counted, once it is so: counters are written by the loops.
  bool counts(std::uint64_t Stats::* counter, std::uint64_t wanted) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (server.stats().*counter != wanted) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::yield();
    }
    return true;
  }

  ServerOptions logged(ServerOptions options) {
    options.log = [this](LogLevel, std::string_view line) { log.note(std::string(line)); };
    options.log_level = LogLevel::error;
    return options;
  }

  Journal log;  // errors; first, so that the server ends before it
  Server server;
  std::uint16_t port = 0;
};

// The sid in an open packet `0{"sid":"...",...}`.
inline std::string sid_of(std::string_view open_packet) {
  const auto at = open_packet.find("\"sid\":\"");
  return at == std::string_view::npos ? "" : std::string(open_packet.substr(at + 7, 20));
}

// Which loops a test's requests take: the session's own, or another one.
struct Way {
  unsigned loops;
  bool cross;  // requests arrive on another loop than the session's
};
inline std::string way_name(const ::testing::TestParamInfo<Way>& info) {
  return std::to_string(info.param.loops) + (info.param.cross ? "LoopsCross" : "LoopsSame");
}
inline const auto kWays = ::testing::Values(Way{1, false}, Way{4, false}, Way{4, true});

// Engine.IO under `path`, as seen by a client that can tell loops apart: a handshake on a
// connection shows in its sid on which loop that connection has landed.
class Engine {
 public:
  Engine(TestServer& server, std::string path, Way way = {1, false}, std::string revision = "4")
      : server_(server), path_(std::move(path)), way_(way), revision_(std::move(revision)) {}

  std::string target(std::string_view transport, std::string_view sid = {}) const {
    std::string text = path_ + "?EIO=" + revision_ + "&transport=" + std::string(transport);
    if (!sid.empty()) text.append("&sid=").append(sid);
    return text;
  }
  // A fresh session over polling; its open packet has been taken.
  std::string open_session() {
    Peer peer(server_.port);
    return sid_of(peer.get(target("polling")).body);
  }
  // A connection for requests of that session, on the loop that the way asks for.
  Peer connect(const std::string& sid) {
    for (;;) {
      Peer peer(server_.port);
      if (way_.loops == 1) return peer;
      const std::string probe = sid_of(peer.get(target("polling")).body);
      const bool same = engineio::loop_of_sid(probe) == engineio::loop_of_sid(sid);
      if (same != way_.cross) return peer;
    }
  }
  Answer poll(const std::string& sid) { return connect(sid).get(target("polling", sid)); }
  Answer post(const std::string& sid, std::string_view body) {
    return connect(sid).post(target("polling", sid), body);
  }
  // A WebSocket that asks to take the session over.
  WebSocketPeer candidate(const std::string& sid) {
    WebSocketPeer peer(connect(sid));
    EXPECT_EQ(peer.open(target("websocket", sid)).status, 101);
    return peer;
  }
  // A session over WebSocket from the start; its open packet has been heard.
  WebSocketPeer open_websocket() {
    WebSocketPeer peer(server_.port, target("websocket"));
    EXPECT_TRUE(peer.hear().starts_with("0{\"sid\":"));
    return peer;
  }

 private:
  TestServer& server_;
  std::string path_;
  Way way_;
  std::string revision_;  // and other parameters behind it
};

}  // namespace naru::test
