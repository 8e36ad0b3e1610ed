// How a server's bytes leave, and how its loops wait.
#include "io/refuse_system_call.hpp"
#include "io/ring_flusher.hpp"
#include "support/test_server.hpp"

#include <string>
#include <sys/syscall.h>
#include <thread>
#include <vector>

namespace naru::test {
namespace {

// A publication to ten, which is a batch, and an echo for each.
void expect_service(ServerOptions options) {
  options.loops = 1;
  TestServer server(options);
  server.server.websocket("/ws",
                          {.on_open = [](WebSocket& ws) { ws.subscribe("all"); },
                           .on_message = [](WebSocket& ws, Message message) { ws.send(message); }});
  server.start();
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 10; ++i) peers.emplace_back(server.port, "/ws");
  for (WebSocketPeer& peer : peers) {
    peer.say("hello");
    EXPECT_EQ(peer.hear(), "hello");
  }
  server.server.topic("all").publish(text("to all"));
  for (WebSocketPeer& peer : peers) EXPECT_EQ(peer.hear(), "to all");
}

TEST(ServerIo, ServesByEachMeans) {
  expect_service({.io = Io::epoll});
  expect_service({.io = Io::automatic});
  expect_service({.spin = 50us});
}

TEST(ServerIo, ServesByARing) {
  // Containers and kernels before 6.1 refuse rings; what then happens has tests below.
  if (!io::RingFlusher::probe()) GTEST_SKIP() << io::last_error();
  expect_service({.io = Io::uring});
}

TEST(ServerIo, AutomaticServesWhereTheSystemRefusesRings) {
  std::thread([] {
    io::testing::refuse_system_call(SYS_io_uring_setup);  // the loops' threads inherit it
    expect_service({});
  }).join();
}

TEST(ServerIo, ListensNotWhereTheSystemRefusesTheRingThatWasAskedFor) {
  std::thread([] {
    io::testing::refuse_system_call(SYS_io_uring_setup);
    Server server({.loops = 1, .io = Io::uring});
    EXPECT_FALSE(server.listen({.port = 0, .host = "127.0.0.1"}));
    EXPECT_EQ(server.last_error(),
              "io_uring cannot be used: io_uring_setup: Operation not permitted");
  }).join();
}

}  // namespace
}  // namespace naru::test
