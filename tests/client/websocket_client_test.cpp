#include "naru/websocket_client.hpp"

#include "client/client_world.hpp"
#include "client/echo_server.hpp"
#include "client/raw_server.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace naru {
namespace {

using namespace std::chrono_literals;
using test::EchoServer;
using test::Journal;
using test::noting;
using test::RawServer;
using test::Talk;

TEST(WebSocketClient, SendsAndReceives) {
  EchoServer server;
  Journal journal;
  WebSocketClientOptions options = noting(journal);
  options.on_open = [](WebSocketClient& client) {
    EXPECT_EQ(client.send(text("hello")), SendOutcome::sent);
    EXPECT_EQ(client.send({std::string_view("\0\xff", 2), true}), SendOutcome::sent);
    client.ping("p");
  };
  WebSocketClient client(server.url(), options);
  client.start();
  EXPECT_EQ(journal.next(), "hello");
  EXPECT_EQ(journal.next(), "binary:" + std::string("\0\xff", 2));
  EXPECT_EQ(journal.next(), "pong:p");
  EXPECT_TRUE(client.is_open());
  EXPECT_EQ(client.send(text("from another thread")), SendOutcome::sent);
  EXPECT_EQ(journal.next(), "from another thread");
  client.close(4000, "bye");
  EXPECT_EQ(journal.next(), "close 4000");
  client.wait();
  EXPECT_FALSE(client.is_open());
  EXPECT_EQ(client.send(text("too late")), SendOutcome::closed);
}

TEST(WebSocketClient, AsksAsTheRfcSays) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    const std::string head = talk.accept();
    EXPECT_TRUE(head.starts_with("GET /feed?x=y HTTP/1.1\r\n")) << head;
    EXPECT_EQ(Talk::field(head, "Host"), "127.0.0.1:" + std::to_string(server.port));
    EXPECT_EQ(Talk::field(head, "Upgrade"), "websocket");
    EXPECT_EQ(Talk::field(head, "Connection"), "Upgrade");
    EXPECT_EQ(Talk::field(head, "Sec-WebSocket-Version"), "13");
    EXPECT_EQ(Talk::field(head, "Sec-WebSocket-Key").size(), 24U);
    EXPECT_EQ(Talk::field(head, "Sec-WebSocket-Extensions"), "permessage-deflate");
    EXPECT_EQ(Talk::field(head, "Authorization"), "Basic dXNlcjpwYXNz");
    EXPECT_EQ(Talk::field(head, "X-Mine"), "1");
    talk.hear_close();
  });
  WebSocketClientOptions options = noting(journal);
  options.headers = {{"X-Mine", "1"}};
  options.on_open = [](WebSocketClient& client) { client.close(); };
  std::string url = server.url("/feed?x=y");
  url.insert(5, "user:pass@");
  EXPECT_EQ(test::lifetime(url, options, journal), "close 1000\n");
}

TEST(WebSocketClient, MasksDifferFromFrameToFrame) {
  Journal journal;
  std::set<std::string> masks;
  RawServer server([&](Talk& talk) {
    talk.accept();
    for (int i = 0; i < 100; ++i) {
      const Talk::Frame frame = talk.read_frame();
      EXPECT_EQ(frame.payload, "same");
      masks.insert(frame.mask);
    }
    talk.hear_close();
  });
  WebSocketClientOptions options = noting(journal);
  options.on_open = [](WebSocketClient& client) {
    for (int i = 0; i < 100; ++i) client.send(text("same"));
    client.close();
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "close 1000\n");
  EXPECT_EQ(masks.size(), 100U);
}

TEST(WebSocketClient, KeepsTheOrderOfHandedOverMessages) {
  EchoServer server;
  Journal journal;
  WebSocketClient client(server.url(), noting(journal));
  client.start();
  EXPECT_EQ(journal.next(), "open");
  for (int i = 0; i < 1000; ++i) client.send(text(std::to_string(i)));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(journal.next(), std::to_string(i));
}

TEST(WebSocketClient, ReceivesFramesThatComeWithTheHead) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    const std::string head = talk.read_head();
    talk.send(Talk::switching(head) + std::string("\x81\x02hi\x88\x02\x03\xe8", 8));
    EXPECT_EQ(talk.hear_close(), 1000);
  });
  EXPECT_EQ(test::lifetime(server.url(), noting(journal), journal), "open\nhi\nclose 1000\n");
}

TEST(WebSocketClient, TellsPartsInsteadOfMessages) {
  Journal journal;
  RawServer server([&](Talk& talk) {
    talk.accept();
    talk.say(0x01, "one ");
    talk.say(0x80, "two");
    talk.say_close();
    talk.hear_close();
  });
  WebSocketClientOptions options = noting(journal);
  std::string heard;
  options.on_part = [&](WebSocketClient&, MessagePart part) {
    EXPECT_EQ(part.first, heard.empty());
    heard += part.data;
    if (part.last) journal.note(heard);
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "open\none two\nclose 1000\n");
}

TEST(WebSocketClient, SendsLongMessagesInParts) {
  EchoServer server;
  Journal journal;
  WebSocketClient client(server.url(), noting(journal));
  client.start();
  EXPECT_EQ(journal.next(), "open");
  client.send_part(text("one "), Part::more);
  client.send_part(text("two "), Part::more);
  client.send_part(text("three"), Part::last);
  EXPECT_EQ(journal.next(), "one two three");
}

TEST(WebSocketClient, RefusesBrokenFramesWithTheRightCode) {
  const auto closes_with = [](std::string_view frames) {
    Journal journal;
    Journal closed;
    RawServer server([&](Talk& talk) {
      talk.accept();
      talk.send(frames);
      closed.note(std::to_string(talk.hear_close()));
    });
    WebSocketClientOptions options = noting(journal);
    options.message_bytes = 100;
    options.on_open = nullptr;
    const std::string told = test::lifetime(server.url(), options, journal);
    const std::string heard = closed.next();
    EXPECT_TRUE(told.starts_with("close " + heard)) << told;
    return heard;
  };
  EXPECT_EQ(closes_with(std::string_view("\x81\x82\0\0\0\0hi", 8)), "1002");  // masked by a server
  EXPECT_EQ(closes_with("\xc1\x01\x01\x01"), "1002");                         // RSV1, not agreed
  EXPECT_EQ(closes_with("\x81\x01\xff"), "1007");
  EXPECT_EQ(closes_with("\x82\x7e\x01\x01"), "1009");
}

TEST(WebSocketClient, ReportsCodesOfTheServer) {
  const auto told = [](std::string_view frames) {
    Journal journal;
    RawServer server([&](Talk& talk) {
      talk.accept();
      talk.send(frames);
      talk.end();
      talk.read_to_end();
    });
    WebSocketClientOptions options = noting(journal);
    options.on_open = nullptr;
    return test::lifetime(server.url(), options, journal);
  };
  EXPECT_EQ(told(std::string_view("\x88\x00", 2)), "close 1005\n");
  EXPECT_EQ(told("\x88\x05\x0f\xa0"
                 "abc"),
            "close 4000 abc\n");
  EXPECT_EQ(told(""), "close 1006\n");
  EXPECT_EQ(told("\x81\x05he"), "close 1006\n");  // FIN in the midst of a frame
}

TEST(WebSocketClient, ThrowsForWhatCanNeverWork) {
  const auto make = [](std::string_view url, WebSocketClientOptions options = {}) {
    const WebSocketClient client(url, std::move(options));
  };
  EXPECT_NO_THROW(make("wss://example.org"));
  EXPECT_THROW(make("ftp://example.org/"), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/#x"), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/", {.headers = {{"Upgrade", "h2c"}}}), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/", {.headers = {{"Host", "x"}}}), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/", {.headers = {{"Sec-WebSocket-Key", "x"}}}),
               std::invalid_argument);
  // undici CVE-2026-1527: CR/LF in a header of the application.
  EXPECT_THROW(make("ws://example.org/", {.headers = {{"X", "a\r\nB: c"}}}), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/", {.headers = {{"X: y\r\nZ", "a"}}}), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/", {.subprotocols = {"a b"}}), std::invalid_argument);
  EXPECT_THROW(make("ws://example.org/", {.proxy = {.url = "socks5://x"}}), std::invalid_argument);
}

}  // namespace
}  // namespace naru
