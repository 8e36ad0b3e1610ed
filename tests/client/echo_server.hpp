#pragma once

#include "base/cursor.hpp"
#include "http/request_decoder.hpp"
#include "io/certificates.hpp"
#include "io/listener.hpp"
#include "io/loop.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace naru::test {

// A WebSocket server on a thread of its own that sends back what it receives, by TCP or TLS.
class EchoServer {
 public:
  explicit EchoServer(std::shared_ptr<io::TlsContext> tls = nullptr) : secure_(tls != nullptr) {
    settings_.limits.message_bytes = std::size_t{16} << 20U;
    auto made = io::Listener::listen(loop_, {"127.0.0.1", 0}, std::move(tls), [this](io::Stream&) {
      return std::make_unique<Opening>(settings_);
    });
    EXPECT_TRUE(made) << io::last_error();
    listener_ = *std::move(made);
    port = listener_->port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~EchoServer() {
    loop_.stop();
    thread_.join();
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  std::string url(std::string_view host = "127.0.0.1") const {
    return (secure_ ? "wss://" : "ws://") + std::string(host) + ":" + std::to_string(port) + "/";
  }
  std::uint16_t port = 0;

 private:
  struct Echo final : transport::WebSocketUser {
    void on_websocket_open(transport::WebSocketTransport&) override {}
    void on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                              std::span<char> payload) override {
      transport.send(binary ? websocket::Opcode::binary : websocket::Opcode::text, {},
                     {payload.data(), payload.size()});
    }
    void on_websocket_drain(transport::WebSocketTransport&) override {}
    void on_websocket_closed(transport::WebSocketTransport&, std::uint16_t,
                             std::string_view) override {}
    void on_websocket_violation(transport::WebSocketTransport&, const Error&) override {}
  };

  // The HTTP of it.
  class Opening final : public io::StreamHandler {
   public:
    explicit Opening(const transport::WebSocketSettings& settings) : settings_(settings) {}
    void on_attached(io::Stream& stream) override { stream_ = &stream; }
    void on_bytes(std::span<char> bytes) override {
      Cursor in(bytes);
      const auto event = decoder_.receive(in);
      if (!event) return stream_->abort();
      if (!*event) return;
      const std::string key(decoder_.request().field("Sec-WebSocket-Key"));
      stream_->out().append(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
          "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
          websocket::accept_value(key) + "\r\n\r\n");
      stream_->send_later();
      stream_->replace_handler(std::make_unique<transport::WebSocketTransport>(
          std::make_unique<Echo>(), settings_, transport::WebSocketOpening{}));
    }
    void on_end() override { stream_->finish(); }
    void on_deadline(Instant) override {}
    void on_closed(io::StreamEnd) override {}

   private:
    const transport::WebSocketSettings& settings_;
    http::RequestDecoder decoder_{{}};
    io::Stream* stream_ = nullptr;
  };

  bool secure_;
  transport::WebSocketSettings settings_;
  io::Loop loop_;
  std::unique_ptr<io::Listener> listener_;
  std::thread thread_;
};

}  // namespace naru::test
