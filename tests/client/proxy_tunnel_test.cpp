// Through HTTP proxies that the tests play themselves.

#include "client/client_world.hpp"
#include "client/echo_server.hpp"
#include "client/raw_server.hpp"
#include "io/certificates.hpp"
#include "io/client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <poll.h>
#include <string>

namespace naru {
namespace {

using test::EchoServer;
using test::Journal;
using test::noting;
using test::RawServer;
using test::Talk;

void relay_once(int from, int to, bool& open) {
  std::array<char, 65536> buffer;
  const auto count = ::recv(from, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    open = false;
    ::shutdown(to, SHUT_WR);
    return;
  }
  ::send(to, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
}

// Both ways until both have ended.
void relay(int a, int b) {
  std::array<bool, 2> open{true, true};
  while (open[0] || open[1]) {
    std::array<pollfd, 2> waiting{{{open[0] ? a : -1, POLLIN, 0}, {open[1] ? b : -1, POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), 10'000) <= 0) return;
    if (waiting[0].revents != 0) relay_once(a, b, open[0]);
    if (waiting[1].revents != 0) relay_once(b, a, open[1]);
  }
}

// A proxy that opens a tunnel to that port, answering by `answer`.
RawServer::Script tunnel_to(std::uint16_t port, std::string answer, std::string* head = nullptr) {
  return [port, answer = std::move(answer), head](Talk& talk) {
    const std::string request = talk.read_head();
    if (head != nullptr) *head = request;
    const io::testing::Client to(AF_INET, port);
    talk.send(answer);
    relay(talk.fd(), to.fd());
  };
}

std::string told(const std::string& url, const std::string& proxy, const TlsClientOptions& tls = {},
                 ConnectFailure* failed = nullptr) {
  Journal journal;
  WebSocketClientOptions options = noting(journal);
  options.proxy.url = proxy;
  options.tls = tls;
  options.on_open = [](WebSocketClient& client) { client.send(text("hello")); };
  options.on_message = [&](WebSocketClient& client, Message message) {
    journal.note(std::string(message.data));
    client.close();
  };
  const auto note = options.on_failure;
  options.on_failure = [&, note](WebSocketClient& client, const ConnectFailure& failure) {
    note(client, failure);
    if (failed != nullptr) *failed = failure;
  };
  return test::lifetime(url, options, journal);
}

std::string proxy_url(const RawServer& proxy, const std::string& user = {}) {
  return "http://" + user + "127.0.0.1:" + std::to_string(proxy.port);
}

const std::string kEchoed = "hello\nclose 1000\n";

TEST(ClientTunnel, CarriesWs) {
  const EchoServer server;
  std::string head;
  const RawServer proxy(
      tunnel_to(server.port, "HTTP/1.1 200 Connection established\r\n\r\n", &head));
  EXPECT_EQ(told(server.url(), proxy_url(proxy, "user:pass@")), kEchoed);
  const std::string authority = "127.0.0.1:" + std::to_string(server.port);
  EXPECT_EQ(head, "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority +
                      "\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
}

TEST(ClientTunnel, CarriesWssUnderTheOriginsName) {
  const io::testing::Certificate root({.name = "Root", .authority = true});
  const io::testing::Certificate certificate(
      {.alternatives = "DNS:origin.example", .issuer = &root});
  const EchoServer server(io::testing::make_tls_context({.certificates = {certificate.files()}}));
  const RawServer proxy(tunnel_to(server.port, "HTTP/1.1 200 OK\r\n\r\n"));
  // Only the proxy resolves the origin's name.
  EXPECT_EQ(told("wss://origin.example/", proxy_url(proxy), {.ca_file = root.certificate_file}),
            kEchoed);
}

// RFC 9110 9.3.6: any 2xx opens the tunnel, and its framing means nothing.
TEST(ClientTunnel, OpensForEvery2xx) {
  const EchoServer server;
  for (const char* answer :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 77\r\n\r\n",
        "HTTP/1.1 299 X\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    const RawServer proxy(tunnel_to(server.port, answer));
    EXPECT_EQ(told(server.url(), proxy_url(proxy)), kEchoed) << answer;
  }
}

TEST(ClientTunnel, TellsTheChallengeOfA407) {
  const RawServer proxy([](Talk& talk) {
    talk.read_head();
    talk.send(
        "HTTP/1.1 407 Proxy Authentication Required\r\n"
        "Proxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 2\r\n\r\nno");
    talk.read_to_end();
  });
  ConnectFailure failure;
  EXPECT_EQ(told("ws://192.0.2.1/", proxy_url(proxy), {}, &failure), "failure proxy 407\n");
  EXPECT_EQ(failure.headers.at(0).second, "Basic realm=\"p\"");
  EXPECT_EQ(failure.body, "no");
}

TEST(ClientTunnel, FailsForWhatIsNoAnswer) {
  for (const std::string answer :
       {"garbage\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200", ""}) {
    const RawServer proxy([&](Talk& talk) {
      talk.read_head();
      talk.send(answer);
      talk.end();
      talk.read_to_end();
    });
    const std::string lines = told("ws://192.0.2.1/", proxy_url(proxy));
    EXPECT_TRUE(lines.starts_with("failure proxy")) << lines;
  }
}

// Whoever speaks first inside the tunnel is not a TLS server.
TEST(ClientTunnel, FailsForBytesBeforeTls) {
  const RawServer proxy([](Talk& talk) {
    talk.read_head();
    talk.send("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n");
    talk.read_to_end();
  });
  EXPECT_EQ(told("wss://192.0.2.1/", proxy_url(proxy)), "failure proxy 200\n");
}

}  // namespace
}  // namespace naru
