#include "http_world.hpp"
#include "support/websocket_peer.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace naru::transport {
namespace {

using test::Peer;
using test::WebSocketPeer;

// Sends back what it hears.
class Echo final : public WebSocketUser {
 public:
  explicit Echo(test::Journal& journal) : journal_(journal) {}
  void on_websocket_open(WebSocketTransport&) override {}
  void on_websocket_message(WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override {
    transport.send(binary ? websocket::Opcode::binary : websocket::Opcode::text, {},
                   {payload.data(), payload.size()});
  }
  void on_websocket_drain(WebSocketTransport&) override {}
  void on_websocket_closed(WebSocketTransport&, std::uint16_t code, std::string_view) override {
    journal_.note("closed " + std::to_string(code));
  }
  void on_websocket_violation(WebSocketTransport&, const Error&) override {
    journal_.note("violation");
  }

 private:
  test::Journal& journal_;
};

std::unique_ptr<WebSocketTransport> echo(HttpWorld& world, const WebSocketSettings& settings,
                                         WebSocketOpening opening = {}) {
  return std::make_unique<WebSocketTransport>(std::make_unique<Echo>(world.journal), settings,
                                              std::move(opening));
}

http::Response accept(const http::Request& request) {
  websocket::Handshake handshake = websocket::accept_handshake(request, {});
  EXPECT_TRUE(handshake.accepted);
  return std::move(handshake.response);
}

// Every upgrade becomes an echo; other requests are answered.
void serve_echo(HttpWorld& world, websocket::Limits limits = {}) {
  const auto answer = world.on_complete;
  const auto settings =
      std::make_shared<const WebSocketSettings>(WebSocketSettings{.limits = limits});
  world.on_complete = [&world, settings, answer](HttpExchange& connection) {
    if (!websocket::is_upgrade(connection.request())) return answer(connection);
    connection.upgrade(accept(connection.request()), echo(world, *settings));
  };
  world.start();
}

TEST(HttpUpgrade, HandsOverWhatFollowsInTheSameSegment) {
  HttpWorld world;
  serve_echo(world);
  WebSocketPeer peer(world.port);
  peer.send(test::upgrade_request("/") + test::text_frame("early") + test::text_frame("bird"));
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "early");
  EXPECT_EQ(peer.hear(), "bird");
}

TEST(HttpUpgrade, ComesAfterTheAnswersOfPipelinedRequests) {
  HttpWorld world;
  serve_echo(world);
  WebSocketPeer peer(world.port);
  peer.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n" + test::upgrade_request("/") +
            test::text_frame("hello"));
  EXPECT_EQ(peer.answer().body, "/a:");
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "hello");
}

TEST(HttpUpgrade, TakesAHandshakeCutAnywhere) {
  HttpWorld world;
  serve_echo(world);
  const std::string bytes = test::upgrade_request("/") + test::text_frame("hello");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    WebSocketPeer peer(world.port);
    peer.send(bytes.substr(0, cut));
    peer.send(bytes.substr(cut));
    ASSERT_EQ(peer.answer().status, 101) << cut;
    ASSERT_EQ(peer.hear(), "hello") << cut;
  }
}

TEST(HttpUpgrade, SurvivesAResetAtEachByteOfTheHandshake) {  // CVE-2022-41940
  HttpWorld world;
  serve_echo(world);
  const std::string bytes = test::upgrade_request("/") + test::text_frame("hello");
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Peer peer(world.port);
    peer.send(bytes.substr(0, cut));
    peer.reset();
  }
  WebSocketPeer alive(world.port, "/");
  alive.say("still here");
  EXPECT_EQ(alive.hear(), "still here");
}

// ---- another loop

TEST(HttpUpgrade, TakesTheConnectionToAnotherLoop) {
  const WebSocketSettings settings;
  HttpWorld world;
  HttpWorld other;
  world.on_complete = [&](HttpExchange& connection) {
    auto handler = echo(other, settings, {.switching_protocols = accept(connection.request())});
    auto detached = std::make_shared<HttpExchange::Detached>(connection.detach());
    auto moved = std::make_shared<std::unique_ptr<WebSocketTransport>>(std::move(handler));
    other.post([&other, detached, moved] {
      io::Stream& stream =
          io::Stream::attach(other.loop(), std::move(detached->stream), std::move(*moved));
      stream.handler().on_bytes(detached->received);
    });
  };
  world.start();
  other.start();
  WebSocketPeer peer(world.port);
  peer.send(test::upgrade_request("/") + test::text_frame("early"));
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), "early");
  peer.say("late");
  EXPECT_EQ(peer.hear(), "late");
  peer.say_close(1000);
  EXPECT_EQ(peer.hear(), "close 1000");
  EXPECT_EQ(other.journal.next(), "closed 1000");
  EXPECT_TRUE(peer.ended());
}

// ---- what a peer is told that breaks the rules (RFC 6455 sections 5 to 8)

struct Violation {
  const char* name;
  std::string frames;
  const char* close;
};
void PrintTo(const Violation& violation, std::ostream* out) {
  *out << violation.name;
}

std::vector<Violation> violations() {
  using test::raw_frame;
  const std::string head_of_huge = std::string("\x82\xff\x7f", 3) + std::string(7, '\xff');
  std::string fragments = raw_frame(0x01, "a");
  for (int i = 0; i < 10; ++i) fragments += raw_frame(0x00, {});
  return {
      {"RsvWithoutExtension", raw_frame(0xc1, "x"), "close 1002"},
      {"RsvOnAPing", raw_frame(0xc9, ""), "close 1002"},
      {"ReservedOpcode", raw_frame(0x83, "x"), "close 1002"},
      {"ReservedControlOpcode", raw_frame(0x8b, "x"), "close 1002"},
      {"Unmasked", std::string("\x81\x01x", 3), "close 1002"},
      {"FragmentedPing", raw_frame(0x09, "x"), "close 1002"},
      {"LongPing", raw_frame(0x89, std::string(126, 'x')), "close 1002"},
      {"LengthNotMinimal", std::string("\x82\xfe\x00\x01", 4), "close 1002"},
      {"LengthOfTopBit", std::string("\x82\xff\x80", 3) + std::string(7, '\0'), "close 1002"},
      {"HugeLength", head_of_huge, "close 1009"},
      {"LargerThanTheLimit", raw_frame(0x82, std::string(1001, 'x')), "close 1009"},
      {"FragmentsLargerThanTheLimit",
       raw_frame(0x02, std::string(600, 'x')) + raw_frame(0x80, std::string(401, 'x')),
       "close 1009"},
      {"TooManyFragments", fragments, "close 1008"},
      {"ContinuationOfNothing", raw_frame(0x80, "x"), "close 1002"},
      {"TextWithinAMessage", raw_frame(0x01, "a") + raw_frame(0x81, "b"), "close 1002"},
      {"BadUtf8", raw_frame(0x81, "\xc0\xaf"), "close 1007"},
      {"CutUtf8", raw_frame(0x81, "\xe2\x82"), "close 1007"},
      {"CloseOfOneByte", raw_frame(0x88, "x"), "close 1002"},
      {"CloseCode1005", test::close_frame(1005), "close 1002"},
      {"CloseCode1015", test::close_frame(1015), "close 1002"},
      {"CloseCode2999", test::close_frame(2999), "close 1002"},
      {"CloseCode5000", test::close_frame(5000), "close 1002"},
      {"CloseReasonNotUtf8", raw_frame(0x88, "\x03\xe8\xff"), "close 1007"},
  };
}

class WebSocketViolation : public ::testing::TestWithParam<std::tuple<Violation, test::Wire>> {
 protected:
  WebSocketViolation() : world({}, std::get<1>(GetParam())) {
    serve_echo(world, {.message_bytes = 1000, .fragments = 8});
  }
  const Violation violation = std::get<0>(GetParam());
  HttpWorld world;
};

TEST_P(WebSocketViolation, IsToldItsCode) {
  WebSocketPeer peer(world.port, "/", {}, std::get<1>(GetParam()));
  peer.send(violation.frames);
  EXPECT_EQ(peer.hear(), violation.close);
  EXPECT_EQ(world.journal.next(), "violation");
  EXPECT_EQ(world.journal.next(), "closed " + std::string(violation.close).substr(6));
}

// What the peer has still sent must not turn the end into a reset that destroys the Close frame.
TEST_P(WebSocketViolation, IsToldItsCodeUnderUnreadInput) {
  WebSocketPeer peer(world.port, "/", {}, std::get<1>(GetParam()));
  peer.send(violation.frames);
  const std::string more = test::binary_frame(std::string(900, 'm'));
  for (int i = 0; i < 300; ++i) peer.send(more);
  EXPECT_EQ(peer.hear(), violation.close);
  peer.end();
  EXPECT_TRUE(peer.ended());
  EXPECT_FALSE(peer.was_reset());
}

TEST_P(WebSocketViolation, InTheSegmentOfItsHandshakeHarmsNobody) {  // CVE-2022-21676
  WebSocketPeer peer(world.port, std::get<1>(GetParam()));
  peer.send(test::upgrade_request("/") + violation.frames);
  EXPECT_EQ(peer.answer().status, 101);
  EXPECT_EQ(peer.hear(), violation.close);
}

INSTANTIATE_TEST_SUITE_P(All, WebSocketViolation,
                         ::testing::Combine(::testing::ValuesIn(violations()),
                                            ::testing::Values(test::Wire::tcp, test::Wire::tls)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name +
                                  std::string(std::get<1>(test.param) == test::Wire::tls ? "ByTls"
                                                                                         : "ByTcp");
                         });

}  // namespace
}  // namespace naru::transport
