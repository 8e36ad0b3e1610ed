#include "transport/websocket_transport.hpp"

#include "support/strict_inflater.hpp"
#include "support/websocket_peer.hpp"
#include "transport/http_world.hpp"
#include "websocket/deflate.hpp"
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace naru::transport {
namespace {

using test::WebSocketPeer;

// Sends back what it hears: messages whole, parts as parts, pongs as text.
class Echo final : public WebSocketUser {
 public:
  void on_websocket_open(WebSocketTransport&) override {}
  void on_websocket_message(WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override {
    transport.send(opcode(binary), "echo ", {payload.data(), payload.size()});
  }
  void on_websocket_part(WebSocketTransport& transport, const websocket::Event& event) override {
    transport.send_part(opcode(event.binary), {event.payload.data(), event.payload.size()},
                        event.last ? websocket::Part::last : websocket::Part::more);
  }
  void on_websocket_pong(WebSocketTransport& transport, std::string_view payload) override {
    transport.ping(payload);
  }
  void on_websocket_drain(WebSocketTransport&) override {}
  void on_websocket_closed(WebSocketTransport&, std::uint16_t, std::string_view) override {}
  void on_websocket_violation(WebSocketTransport&, const Error&) override {}

 private:
  static websocket::Opcode opcode(bool binary) {
    return binary ? websocket::Opcode::binary : websocket::Opcode::text;
  }
};

struct EchoWorld {
  explicit EchoWorld(const WebSocketSettings& own_settings) : settings(own_settings) {
    http.on_complete = [this](HttpExchange& connection) {
      websocket::Handshake handshake =
          websocket::accept_handshake(connection.request(), {}, settings.limits.deflate);
      connection.upgrade(handshake.response,
                         std::make_unique<WebSocketTransport>(
                             std::make_unique<Echo>(), settings,
                             WebSocketOpening{.deflate = handshake.deflate, .pool = &pool}));
    };
    http.start();
  }
  WebSocketSettings settings;
  websocket::DeflatePool pool;
  HttpWorld http;
};

// There may be a million idle ones: 72 bytes are a block of 80.
TEST(WebSocketTransport, IsSmall) {
  EXPECT_LE(sizeof(WebSocketTransport), 56U);
}

TEST(WebSocketTransport, InflatesAndCompresses) {
  EchoWorld world(
      {.limits = {.deflate = {.mode = websocket::DeflateConfig::Mode::shared, .threshold = 0}}});
  WebSocketPeer peer(world.http.port, "/",
                     "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n");
  const std::string text(200, 'x');
  websocket::Deflater deflater(15, 8, 6);
  std::string payload;
  deflater.compress(text, websocket::Deflater::End::message, payload);
  peer.send(test::raw_frame(0xc1, payload));
  const std::string head = peer.read(2);
  EXPECT_EQ(head[0], '\xc1');
  test::StrictInflater inflater(9);
  EXPECT_EQ(inflater.message(peer.read(static_cast<unsigned char>(head[1]))), "echo " + text);
}

TEST(WebSocketTransport, HandsOnParts) {
  EchoWorld world({.limits = {.parts = true}});
  WebSocketPeer peer(world.http.port, "/");
  peer.send(test::raw_frame(0x01, "ab") + test::raw_frame(0x80, "cd"));
  EXPECT_EQ(peer.read(8),
            "\x01\x02"
            "ab"
            "\x80\x02"
            "cd");
  peer.send(test::raw_frame(0x81, "whole"));
  EXPECT_EQ(peer.hear(), "whole");
}

TEST(WebSocketTransport, ReportsPongs) {
  EchoWorld world({});
  WebSocketPeer peer(world.http.port, "/");
  peer.send(test::raw_frame(0x8a, "pong"));
  EXPECT_EQ(peer.hear(), "ping:pong");
}

}  // namespace
}  // namespace naru::transport
