// Answers to the opening handshake, row by row of RFC 6455 section 4.1; each whole and byte by
// byte.

#include "client/client_world.hpp"
#include "client/raw_server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

namespace naru {
namespace {

using test::Journal;
using test::noting;
using test::RawServer;
using test::Talk;

// What a client tells of an answer made from its request, with "open\n" when it was let in; the
// server goes on with `frames` then.
std::string told(const std::function<std::string(const std::string& request)>& answer,
                 const WebSocketClientOptions& more = {}) {
  std::string lines;
  for (const bool bytewise : {false, true}) {
    Journal journal;
    RawServer server([&](Talk& talk) {
      const std::string bytes = answer(talk.read_head());
      bytewise ? talk.send_bytewise(bytes) : talk.send(bytes);
      if (bytes.find("\r\n\r\n") == std::string::npos) talk.end();
      talk.hear_close();
    });
    WebSocketClientOptions options = noting(journal);
    options.subprotocols = more.subprotocols;
    options.require_subprotocol = more.require_subprotocol;
    options.compression = more.compression;
    options.offer_window_bits = more.offer_window_bits;
    options.timeouts = more.timeouts;
    options.on_open = [&](WebSocketClient& client) {
      journal.note("open " + std::string(client.subprotocol()));
      client.close();
    };
    std::string now = test::lifetime(server.url(), options, journal);
    if (bytewise) {
      EXPECT_EQ(now, lines) << "byte by byte";
    }
    lines = std::move(now);
  }
  return lines;
}

const std::string kOpened = "open \nclose 1000\n";
const std::string kFailed = "failure handshake 101\n";

// A 101 with these lines instead of the usual three; "ACCEPT" becomes the right value.
std::string told_lines(std::string lines, const WebSocketClientOptions& more = {}) {
  return told(
      [&](const std::string& request) {
        std::string text = lines;
        if (const auto at = text.find("ACCEPT"); at != std::string::npos) {
          text.replace(at, 6, Talk::accept_of(request));
        }
        return "HTTP/1.1 101 Switching Protocols\r\n" + text + "\r\n";
      },
      more);
}
const std::string kUpgrade = "Upgrade: websocket\r\n";
const std::string kConnection = "Connection: Upgrade\r\n";
const std::string kAccept = "Sec-WebSocket-Accept: ACCEPT\r\n";

TEST(ClientHandshake, OpensWithTheThreeFields) {
  EXPECT_EQ(told_lines(kUpgrade + kConnection + kAccept), kOpened);
  EXPECT_EQ(told_lines("upgrade:WebSocket\r\nconnection: keep-alive,  uPGRADE\r\n"
                       "sec-websocket-accept: \t ACCEPT \t\r\nServer: x\r\n"),
            kOpened);
}

TEST(ClientHandshake, FailsWithoutUpgrade) {
  EXPECT_EQ(told_lines(kConnection + kAccept), kFailed);
  EXPECT_EQ(told_lines("Upgrade: h2c\r\n" + kConnection + kAccept), kFailed);
  EXPECT_EQ(told_lines("Upgrade: websocketx\r\n" + kConnection + kAccept), kFailed);
}

TEST(ClientHandshake, FailsWithoutConnectionUpgrade) {
  EXPECT_EQ(told_lines(kUpgrade + kAccept), kFailed);
  EXPECT_EQ(told_lines(kUpgrade + "Connection: close\r\n" + kAccept), kFailed);
}

TEST(ClientHandshake, FailsWithoutTheRightAccept) {
  EXPECT_EQ(told_lines(kUpgrade + kConnection), kFailed);
  EXPECT_EQ(told_lines(kUpgrade + kConnection + "Sec-WebSocket-Accept: \r\n"), kFailed);
  EXPECT_EQ(
      told_lines(kUpgrade + kConnection + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
      kFailed);
  EXPECT_EQ(told_lines(kUpgrade + kConnection + "Sec-WebSocket-Accept: ACCEPTx\r\n"), kFailed);
}

TEST(ClientHandshake, FailsForExtensionsThatWereNotOffered) {
  const std::string head = kUpgrade + kConnection + kAccept;
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Extensions: x-other\r\n"), kFailed);
  const WebSocketClientOptions off{.compression = {.mode = Compression::Mode::off}};
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Extensions: permessage-deflate\r\n", off), kFailed);
  EXPECT_EQ(
      told_lines(head + "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n"),
      kFailed);
  EXPECT_EQ(
      told_lines(head +
                 "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n"),
      kFailed);
}

TEST(ClientHandshake, TakesWindowsThatWereOffered) {
  const std::string head =
      kUpgrade + kConnection + kAccept +
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n";
  EXPECT_EQ(told_lines(head, {.offer_window_bits = true}), kOpened);
  EXPECT_EQ(told_lines(head), kFailed);
}

TEST(ClientHandshake, FailsForSubprotocolsThatWereNotAskedFor) {
  const std::string head = kUpgrade + kConnection + kAccept;
  const WebSocketClientOptions two{.subprotocols = {"a", "b"}};
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Protocol: b\r\n", two), "open b\nclose 1000\n");
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Protocol: c\r\n", two), kFailed);
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Protocol: a, b\r\n", two), kFailed);
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n", two),
            kFailed);
  EXPECT_EQ(told_lines(head + "Sec-WebSocket-Protocol: a\r\n"), kFailed);
}

TEST(ClientHandshake, FailsWithoutASubprotocolWhenOneIsRequired) {
  const std::string head = kUpgrade + kConnection + kAccept;
  EXPECT_EQ(told_lines(head, {.subprotocols = {"a"}}), kFailed);
  EXPECT_EQ(told_lines(head, {.subprotocols = {"a"}, .require_subprotocol = false}), kOpened);
}

TEST(ClientHandshake, FailsForTransferEncodingOnA101) {
  const std::string head = kUpgrade + kConnection + kAccept;
  EXPECT_EQ(told_lines(head + "Transfer-Encoding: chunked\r\n"), kFailed);
  EXPECT_EQ(told_lines(head + "Content-Length: 10\r\n"), kOpened);
}

TEST(ClientHandshake, FailsForOtherStatusesAndTellsThem) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    talk.read_head();
    talk.send("HTTP/1.1 403 Forbidden\r\nX-Why: not you\r\nContent-Length: 5\r\n\r\nnever");
    talk.read_to_end();
  });
  WebSocketClientOptions options;
  options.on_failure = [&](WebSocketClient&, const ConnectFailure& failure) {
    EXPECT_EQ(failure.phase, ConnectPhase::handshake);
    EXPECT_EQ(failure.status, 403);
    EXPECT_EQ(failure.headers.at(0), (std::pair<std::string, std::string>("X-Why", "not you")));
    EXPECT_EQ(failure.body, "never");
    EXPECT_EQ(failure.text, "handshake: the server did not switch (403 Forbidden)");
    journal.note("failed");
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "failed\n");
}

TEST(ClientHandshake, TellsTheBeginningOfALongBody) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    talk.read_head();
    talk.send("HTTP/1.1 500 X\r\n\r\n" + std::string(200'000, 'x'));
    talk.read_to_end();
  });
  WebSocketClientOptions options;
  options.on_failure = [&](WebSocketClient&, const ConnectFailure& failure) {
    journal.note(std::to_string(failure.status) + " " + std::to_string(failure.body.size()));
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "500 65536\n");
}

TEST(ClientHandshake, FailsForWhatIsNoHttp) {
  EXPECT_EQ(told([](const std::string&) { return "SSH-2.0-OpenSSH\r\n"; }), "failure handshake\n");
  EXPECT_EQ(told([](const std::string&) { return "HTTP/1.1 101"; }), "failure handshake\n");
  EXPECT_EQ(told([](const std::string&) { return ""; }), "failure handshake\n");
  EXPECT_EQ(told([](const std::string& request) {
              std::string answer = Talk::switching(request);
              answer.replace(answer.find("1.1 101"), 3, "1.0");
              return answer;
            }),
            "failure handshake 101\n");
}

TEST(ClientHandshake, FailsForHeadsAboveTheirLimit) {
  EXPECT_EQ(told([](const std::string& request) {
              return Talk::switching(request, "X: " + std::string(17'000, 'x') + "\r\n");
            }),
            "failure handshake\n");
  // ws CVE-2024-37890: more headers than the limit.
  std::string many;
  for (int i = 0; i < 200; ++i) many += "X: y\r\n";
  EXPECT_EQ(told([&](const std::string& request) { return Talk::switching(request, many); }),
            "failure handshake\n");
}

TEST(ClientHandshake, PassesOverInterimAnswers) {
  EXPECT_EQ(told([](const std::string& request) {
              return "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + Talk::switching(request);
            }),
            kOpened);
}

TEST(ClientHandshake, AsksWithAFreshKeyEachTime) {
  Journal journal;
  std::string first;
  const auto refuse = [&](Talk& talk) {
    const std::string key = Talk::field(talk.read_head(), "Sec-WebSocket-Key");
    EXPECT_NE(key, first);
    first = key;
    talk.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  };
  RawServer server({refuse, refuse});
  WebSocketClientOptions options = noting(journal);
  options.reconnect = {.enabled = true, .first_delay = std::chrono::milliseconds(0), .attempts = 1};
  EXPECT_EQ(test::lifetime(server.url(), options, journal),
            "failure handshake 503\nreconnecting 1\nfailure handshake 503\n");
}

}  // namespace
}  // namespace naru
