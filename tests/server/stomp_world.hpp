#pragma once

#include "support/stomp_peer.hpp"
#include "support/test_server.hpp"

#include <list>
#include <string>
#include <utility>

namespace naru::test {

// A server with a broker at "/stomp", by SockJS at "/sockjs", and on ports of its own.
class StompWorld {
 public:
  explicit StompWorld(unsigned loops = 1) : server(loops) {}

  Stomp& start(StompOptions options = {}) {
    Stomp& broker = server.server.stomp("/stomp", std::move(options));
    broker.sockjs("/sockjs", {});
    const io::testing::Certificate certificate;
    EXPECT_TRUE(broker.listen({.port = 0, .host = "127.0.0.1"}));
    EXPECT_TRUE(broker.listen(
        {.port = 0, .host = "127.0.0.1", .tls = {.certificates = {certificate.files()}}}));
    server.start();
    const auto urls = server.server.urls();
    EXPECT_TRUE(urls[0].starts_with("stomp://")) << urls[0];
    EXPECT_TRUE(urls[1].starts_with("stomp+ssl://")) << urls[1];
    tcp_port = port_of(urls[0]);
    tls_port = port_of(urls[1]);
    return broker;
  }
  StompPeer peer(StompWay way) {
    return {way == StompWay::tcp ? tcp_port : way == StompWay::tls ? tls_port : server.port, way};
  }

  TestServer server;
  std::uint16_t tcp_port = 0;
  std::uint16_t tls_port = 0;

 private:
  static std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
};

}  // namespace naru::test
