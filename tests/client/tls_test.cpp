#include "client/client_world.hpp"
#include "client/echo_server.hpp"
#include "client/raw_server.hpp"
#include "io/certificates.hpp"
#include "io/listener.hpp"
#include "naru/stomp_client.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

namespace naru {
namespace {

using io::testing::Certificate;
using test::EchoServer;
using test::Journal;
using test::noting;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;
using namespace std::string_literals;

// An authority of this run, and servers that it has signed.
struct Authority {
  Certificate root{{.name = "Test Root", .authority = true}};

  Certificate make(const std::string& alternatives, std::chrono::seconds ends_in = 1h) const {
    return Certificate(
        {.name = "localhost", .alternatives = alternatives, .issuer = &root, .ends_in = ends_in});
  }
  static std::shared_ptr<io::TlsContext> listen(const Certificate& certificate) {
    return io::testing::make_tls_context({.certificates = {certificate.files()}});
  }
  TlsClientOptions trusted() const { return {.ca_file = root.certificate_file}; }
};

std::string told(const std::string& url, const TlsClientOptions& tls, std::string* why = nullptr) {
  Journal journal;
  WebSocketClientOptions options = noting(journal);
  options.tls = tls;
  options.on_open = [](WebSocketClient& client) { client.send(text("hello")); };
  options.on_message = [&](WebSocketClient& client, Message message) {
    journal.note(std::string(message.data));
    client.close();
  };
  const auto note = options.on_failure;
  options.on_failure = [&, note](WebSocketClient& client, const ConnectFailure& failure) {
    note(client, failure);
    if (why != nullptr) *why = failure.text;
  };
  return test::lifetime(url, options, journal);
}

const std::string kEchoed = "hello\nclose 1000\n";
const std::string kFailed = "failure tls\n";

TEST(ClientTls, BelievesTheAuthorityItIsGiven) {
  const Authority authority;
  const Certificate certificate = authority.make("DNS:localhost,IP:127.0.0.1");
  const EchoServer server(Authority::listen(certificate));
  EXPECT_EQ(told(server.url("localhost"), authority.trusted()), kEchoed);
  EXPECT_EQ(told(server.url("127.0.0.1"), authority.trusted()), kEchoed);
  std::ifstream file(authority.root.certificate_file);
  const std::string pem{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(told(server.url("localhost"), {.system_roots = false, .ca_pem = pem}), kEchoed);
}

// CVE-2016-10536: engine.io-client did not verify by default.
TEST(ClientTls, RefusesWhomNobodyVouchesFor) {
  const Authority authority;
  const Certificate certificate = authority.make("DNS:localhost");
  const EchoServer server(Authority::listen(certificate));
  std::string why;
  EXPECT_EQ(told(server.url("localhost"), {}, &why), kFailed);
  EXPECT_NE(why.find("unable to get local issuer certificate"), std::string::npos) << why;
}

TEST(ClientTls, RefusesSelfSignedCertificates) {
  const Certificate certificate({.alternatives = "DNS:localhost"});
  const EchoServer server(Authority::listen(certificate));
  std::string why;
  EXPECT_EQ(told(server.url("localhost"), {}, &why), kFailed);
  EXPECT_NE(why.find("self-signed certificate"), std::string::npos) << why;
}

TEST(ClientTls, RefusesOtherHosts) {
  const Authority authority;
  const Certificate other = authority.make("DNS:other.example,IP:192.0.2.1");
  const EchoServer server(Authority::listen(other));
  std::string why;
  EXPECT_EQ(told(server.url("localhost"), authority.trusted(), &why), kFailed);
  EXPECT_NE(why.find("hostname mismatch"), std::string::npos) << why;
  EXPECT_EQ(told(server.url("127.0.0.1"), authority.trusted(), &why), kFailed);
  EXPECT_NE(why.find("IP address mismatch"), std::string::npos) << why;
}

// RFC 9525: what the subject calls itself is no name.
TEST(ClientTls, RefusesNamesOfTheSubjectAlone) {
  const Authority authority;
  const Certificate nameless = authority.make("");
  const EchoServer server(Authority::listen(nameless));
  EXPECT_EQ(told(server.url("localhost"), authority.trusted()), kFailed);
}

TEST(ClientTls, RefusesExpiredCertificates) {
  const Authority authority;
  const Certificate expired = authority.make("DNS:localhost", -60s);
  const EchoServer server(Authority::listen(expired));
  std::string why;
  EXPECT_EQ(told(server.url("localhost"), authority.trusted(), &why), kFailed);
  EXPECT_NE(why.find("certificate has expired"), std::string::npos) << why;
}

TEST(ClientTls, ShowsItsOwnCertificate) {
  const Authority authority;
  const Certificate certificate = authority.make("DNS:localhost");
  const EchoServer server(
      io::testing::make_tls_context({.certificates = {certificate.files()},
                                     .client_certificates = ClientCertificates::required,
                                     .client_authorities = authority.root.certificate_file}));
  TlsClientOptions tls = authority.trusted();
  EXPECT_EQ(told(server.url("localhost"), tls), kFailed);
  const Certificate mine = authority.make("");
  tls.certificate_file = mine.certificate_file;
  tls.key_file = mine.key_file;
  EXPECT_EQ(told(server.url("localhost"), tls), kEchoed);
}

TEST(ClientTls, FailsForFilesThatCannotBeUsed) {
  const auto failed = [](const TlsClientOptions& tls) {
    std::string why;
    EXPECT_EQ(told("wss://127.0.0.1:1/", tls, &why), "failure options\n");
    return why;
  };
  EXPECT_NE(failed({.ca_file = "/nonexistent.pem"}).find("/nonexistent.pem"), std::string::npos);
  failed({.ca_pem = "no certificate"});
  failed({.certificate_file = "/nonexistent.pem"});
  const Certificate one;
  const Certificate other;
  failed({.certificate_file = one.certificate_file, .key_file = other.key_file});
}

// The ClientHello is in the clear.
TEST(ClientTls, NamesHostsBySniAndNeverAddresses) {
  const auto hello = [](std::string_view host) {
    std::string bytes;
    Journal journal;
    {
      RawServer server([&](Talk& talk) {
        bytes = talk.read(5);
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
        if (bytes.size() == 5) bytes += talk.read(std::size_t{byte(3)} << 8U | byte(4));
      });
      const std::string url = "wss://" + std::string(host) + ":" + std::to_string(server.port);
      test::lifetime(url, noting(journal), journal);
    }
    EXPECT_NE(bytes.find("\x08http/1.1"), std::string::npos);
    EXPECT_EQ(bytes.find("\x02h2"), std::string::npos);
    return bytes;
  };
  EXPECT_NE(hello("localhost").find("localhost"), std::string::npos);
  EXPECT_EQ(hello("127.0.0.1").find("127.0.0.1"), std::string::npos);
}

TEST(ClientTls, FailsForServersThatSpeakPlainly) {
  Journal journal;
  RawServer server([](Talk& talk) {
    talk.read(1);
    talk.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    talk.read_to_end();
  });
  EXPECT_EQ(told("wss://127.0.0.1:" + std::to_string(server.port), {}), kFailed);
}

// A STOMP broker, to its end.
class Broker final : public io::StreamHandler {
 public:
  void on_attached(io::Stream& stream) override { stream_ = &stream; }
  void on_bytes(std::span<char> bytes) override {
    heard_.append(bytes.data(), bytes.size());
    for (std::size_t end = 0; (end = heard_.find('\0')) != std::string::npos;) {
      const std::size_t receipt = heard_.find("receipt:");
      stream_->out().append(receipt < end ? "RECEIPT\nreceipt-id:" +
                                                heard_.substr(receipt + 8, end - receipt - 7)
                                          : "CONNECTED\nversion:1.2\n\n\0"s);
      heard_.erase(0, end + 1);
    }
    stream_->send_later();
  }
  void on_end() override { stream_->finish(); }
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd) override {}

 private:
  io::Stream* stream_ = nullptr;
  std::string heard_;
};

TEST(ClientTls, IsVerifiedOfStompBrokersToo) {
  const Authority authority;
  const Certificate certificate = authority.make("DNS:localhost");
  io::Loop loop;
  const auto listener =
      io::Listener::listen(loop, {"127.0.0.1", 0}, Authority::listen(certificate),
                           [](io::Stream&) { return std::make_unique<Broker>(); });
  ASSERT_TRUE(listener);
  std::thread broker([&] { loop.run(); });
  const auto told = [&](const std::string& host) {
    std::string lines;
    StompClientOptions options;
    options.tls = authority.trusted();
    options.reconnect.enabled = false;
    options.on_connect = [&](StompClient& client) {
      lines += "connect ";
      client.send("/a", "hi", {.headers = {}, .on_receipt = [&](const Result<void>& done) {
                                 lines += done ? "receipt " : "? ";
                                 client.close();
                               }});
    };
    options.on_disconnect = [&](StompClient&, std::string_view why) { lines += why; };
    options.on_failure = [&](StompClient&, const ConnectFailure& failure) {
      lines += to_string(failure.phase);
    };
    StompClient client("stomp+ssl://" + host + ":" + std::to_string((*listener)->port()), options);
    while (client.poll(10s)) {
    }
    return lines;
  };
  EXPECT_EQ(told("localhost"), "connect receipt closed");
  EXPECT_EQ(told("127.0.0.1"), "tls");
  loop.stop();
  broker.join();
}

// Bytes of a message that come, and go, in many records.
TEST(ClientTls, CarriesLongMessages) {
  const Authority authority;
  const Certificate certificate = authority.make("DNS:localhost");
  const EchoServer server(Authority::listen(certificate));
  Journal journal;
  WebSocketClientOptions options = noting(journal);
  options.tls = authority.trusted();
  options.message_bytes = 8U << 20U;
  options.on_message = nullptr;
  const std::string sent(std::size_t{5} << 20U, 'x');
  options.on_open = [&](WebSocketClient& client) { client.send(text(sent), {.compress = false}); };
  options.on_message = [&](WebSocketClient& client, Message message) {
    journal.note(message.data == sent ? "same" : "different");
    client.close();
  };
  EXPECT_EQ(test::lifetime(server.url("localhost"), options, journal), "same\nclose 1000\n");
}

}  // namespace
}  // namespace naru
