#include "support/websocket_peer.hpp"
#include "transport/http_world.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

// Large payloads that are sent back leave from where they were received: the buffer of the loop, or
// that of a message which came in pieces. Both are used again at once; nobody may see that.
namespace naru::transport {
namespace {

using test::WebSocketPeer;
using test::Wire;

class Echo final : public WebSocketUser {
 public:
  void on_websocket_open(WebSocketTransport&) override {}
  void on_websocket_message(WebSocketTransport& transport, bool, std::span<char> payload) override {
    transport.send(websocket::Opcode::binary, "echo ", {payload.data(), payload.size()});
    transport.send(websocket::Opcode::text, {}, "small");
    // A part of it, and bytes that are not of it at all.
    transport.send(websocket::Opcode::binary, {}, {payload.data() + 1, payload.size() - 1});
    const std::string own(payload.begin(), payload.end());
    transport.send(websocket::Opcode::binary, {}, own);
  }
  void on_websocket_drain(WebSocketTransport&) override {}
  void on_websocket_closed(WebSocketTransport&, std::uint16_t, std::string_view) override {}
  void on_websocket_violation(WebSocketTransport&, const Error&) override {}
};

struct EchoWorld {
  explicit EchoWorld(Wire wire = Wire::tcp) : http({}, wire) {
    settings.outbox.limit = std::size_t{256} << 20U;
    http.on_complete = [this](HttpExchange& connection) {
      websocket::Handshake handshake = websocket::accept_handshake(connection.request(), {});
      connection.upgrade(handshake.response,
                         std::make_unique<WebSocketTransport>(std::make_unique<Echo>(), settings,
                                                              WebSocketOpening{}));
    };
    http.start();
  }
  WebSocketSettings settings;
  HttpWorld http;
};

// No two of them alike, in no place.
std::string message(std::size_t size, std::uint32_t seed) {
  std::string bytes(size, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return bytes;
}

void expect_echo(WebSocketPeer& peer, const std::string& sent) {
  ASSERT_TRUE(peer.hear() == "binary:echo " + sent);
  ASSERT_EQ(peer.hear(), "small");
  ASSERT_TRUE(peer.hear() == "binary:" + sent.substr(1));
  ASSERT_TRUE(peer.hear() == "binary:" + sent);
}

class WebSocketLending : public ::testing::TestWithParam<Wire> {};
INSTANTIATE_TEST_SUITE_P(Wires, WebSocketLending, ::testing::Values(Wire::tcp, Wire::tls),
                         [](const auto& wire) { return wire.param == Wire::tcp ? "tcp" : "tls"; });

TEST_P(WebSocketLending, SendsBackMessagesOfEverySize) {
  EchoWorld world(GetParam());
  WebSocketPeer peer(world.http.port, "/", {}, GetParam());
  std::uint32_t seed = 0;
  for (const std::size_t size : {1U, 8191U, 8192U, 8193U, 16384U, 65536U, 70000U, 1000000U}) {
    const std::string sent = message(size, ++seed);
    peer.say_binary(sent);
    expect_echo(peer, sent);
    // In fragments it is put together elsewhere.
    peer.send(test::raw_frame(0x02, sent.substr(0, size / 2)) +
              test::raw_frame(0x80, sent.substr(size / 2)));
    expect_echo(peer, sent);
  }
}

TEST_P(WebSocketLending, KeepsForAPeerThatReadsLateWhatItsBuffersLose) {
  EchoWorld world(GetParam());
  WebSocketPeer peer(world.http.port, "/", {}, GetParam());
  std::vector<std::string> sent;
  for (std::uint32_t i = 0; i < 150; ++i) {
    sent.push_back(message(i % 5 == 4 ? 200000 : 9000 + 100 * i, i));
    peer.say_binary(sent.back());
  }
  for (const std::string& each : sent) ASSERT_NO_FATAL_FAILURE(expect_echo(peer, each));
}

// One that is alone receives in the loop's buffer, of many each where its message stays.
TEST_P(WebSocketLending, KeepsApartThoseThatSendAtOnce) {
  EchoWorld world(GetParam());
  std::vector<std::thread> threads;
  for (std::uint32_t who = 0; who < 8; ++who) {
    threads.emplace_back([&world, who, wire = GetParam()] {
      WebSocketPeer peer(world.http.port, "/", {}, wire);
      for (std::uint32_t i = 0; i < 4; ++i) {
        const std::string sent = message(300000 + 7 * i, 10 * who + i);
        peer.say_binary(sent);
        ASSERT_NO_FATAL_FAILURE(expect_echo(peer, sent));
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST_P(WebSocketLending, EndsWellBehindALargeMessage) {
  EchoWorld world(GetParam());
  for (const unsigned bad : {0x83U, 0x88U}) {  // an opcode that is none; a Close
    WebSocketPeer peer(world.http.port, "/", {}, GetParam());
    const std::string sent = message(20000, bad);
    peer.send(test::binary_frame(sent) + test::raw_frame(bad, ""));
    expect_echo(peer, sent);
    EXPECT_EQ(peer.hear(), bad == 0x83U ? "close 1002" : "close 1005");
  }
}

}  // namespace
}  // namespace naru::transport
