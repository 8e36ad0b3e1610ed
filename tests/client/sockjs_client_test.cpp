// naru::SockJsClient, and STOMP over it, against services that do what their scripts say.
#include "naru/sockjs_client.hpp"

#include "client/raw_server.hpp"
#include "naru/stomp_client.hpp"
#include "support/journal.hpp"
#include "support/threads.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace naru {
namespace {

using test::Journal;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr auto kStreaming = SockJsTransport::xhr_streaming;

SockJsClientOptions noting(Journal& journal, std::vector<SockJsTransport> transports) {
  SockJsClientOptions options;
  options.connect.transports = std::move(transports);
  options.close_timeout = 30ms;
  options.on_open = [&](SockJsClient&) { journal.note("open"); };
  options.on_message = [&](SockJsClient&, Message message) {
    journal.note(std::string(message.data));
  };
  options.on_close = [&](SockJsClient&, std::string_view why) {
    journal.note("close: " + std::string(why));
  };
  options.on_failure = [&](SockJsClient&, const ConnectFailure& failure) {
    journal.note("failure: " + failure.text);
  };
  return options;
}

std::string all_of(Journal& journal) {
  std::string lines;
  while (!journal.empty()) lines += journal.next() + "\n";
  return lines;
}

// "POST /base/123/abc/xhr_send?q": the session and what is asked of it.
struct Request {
  std::string session;
  std::string what;
  std::string body;
};
Request read_request(Talk& talk) {
  const std::string head = talk.read_head();
  const std::string line = head.substr(0, head.find("\r\n"));
  const std::size_t last = line.rfind('/', line.find(" HTTP"));
  Request request;
  const std::size_t before = line.rfind('/', last - 1);
  request.session = line.substr(before + 1, last - before - 1);
  request.what = line.substr(last + 1, line.find(" HTTP") - last - 1);
  const std::string length = Talk::field(head, "Content-Length");
  if (!length.empty()) request.body = talk.read(std::stoul(length));
  return request;
}
void begin_stream(const Talk& talk) {
  talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhhhh\n\r\n");
}
void chunk(const Talk& talk, const std::string& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  talk.send({std::string("") + digits[bytes.size() >> 4U] + digits[bytes.size() & 15U] + "\r\n" +
             bytes + "\r\n"});
}
void end_stream(const Talk& talk) {
  talk.send("0\r\n\r\n");
}
void answer(const Talk& talk, std::string_view status) {
  talk.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
}

TEST(SockJsClient, SpeaksThroughWebSocket) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    const std::string head = talk.accept();
    EXPECT_TRUE(head.starts_with("GET /echo/")) << head;
    EXPECT_NE(head.find("/websocket?token=t HTTP/1.1\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Sec-WebSocket-Protocol"), std::string::npos);
    talk.say(0x81, "o");
    talk.say(0x81, R"(a["one","\ud55c"])");
    talk.say(0x81, "h");
    EXPECT_EQ(talk.read_frame().payload, R"(["\"\u2028"])");
    talk.say(0x81, R"(c[3000,"Go away!"])");
    talk.read_to_end();
  });
  // The end of a session that was open is the end: no other transport is tried.
  SockJsClientOptions options = noting(journal, SockJsConnect{}.transports);
  options.compression.mode = Compression::Mode::off;
  SockJsClient client(server.url("/echo/?token=t"), options);
  EXPECT_EQ(client.send(text("early")), SendOutcome::closed);
  client.start();
  EXPECT_EQ(journal.next(), "open");
  EXPECT_TRUE(client.is_open());
  EXPECT_EQ(client.send(text("\"\u2028")), SendOutcome::sent) << "from this thread";
  client.wait();
  EXPECT_EQ(all_of(journal), "one\n한\nclose: the server has closed, 3000: Go away!\n");
}

TEST(SockJsClient, SpeaksThroughStreams) {
  Journal journal;
  std::string session;
  int stream = -1;
  const RawServer server({[&](Talk& talk) {
                            const Request request = read_request(talk);
                            EXPECT_EQ(request.what, "xhr_streaming");
                            session = request.session;
                            begin_stream(talk);
                            chunk(talk, "o\na[\"on");
                            chunk(talk, "e\"]\n");
                            end_stream(talk);  // long enough: the client asks again
                          },
                          [&](Talk& talk) {
                            EXPECT_EQ(read_request(talk).session, session);
                            begin_stream(talk);
                            chunk(talk, "a[\"two\"]\n");
                            stream = ::dup(talk.fd());  // it stays open
                          },
                          // A connection of its own for what is sent.
                          [&](Talk& talk) {
                            const Request first = read_request(talk);
                            EXPECT_EQ(first.session, session);
                            EXPECT_EQ(first.what, "xhr_send");
                            EXPECT_EQ(first.body, R"(["a","b"])") << "of one turn, together";
                            talk.send("HTTP/1.1 204 No Content\r\n\r\n");
                            Talk receiver(stream);
                            EXPECT_EQ(receiver.read_to_end(), "") << "until the client has gone";
                          }});
  SockJsClientOptions options = noting(journal, {kStreaming});
  options.close_timeout = 10s;
  options.on_message = [&](SockJsClient& client, Message message) {
    journal.note(std::string(message.data));
    if (message.data != "two") return;
    client.send(text("a"));
    EXPECT_EQ(client.send(text("\xff")), SendOutcome::dropped);
    client.send(text("b"));
    client.close();
    EXPECT_EQ(client.send(text("c")), SendOutcome::closed);
  };
  SockJsClient client(server.url("/"), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "open\none\ntwo\nclose: closed\n");
}

TEST(SockJsClient, TriesTheNextTransport) {
  Journal journal;
  std::string first;
  const RawServer server({[](Talk& talk) {
                            talk.read_head();
                            answer(talk, "404 Not Found");  // no WebSocket here
                            talk.read_to_end();
                          },
                          [&](Talk& talk) {  // a proxy that holds streams back
                            first = read_request(talk).session;
                            talk.read_to_end();
                          },
                          [&](Talk& talk) {
                            Request request = read_request(talk);
                            EXPECT_EQ(request.what, "xhr");
                            EXPECT_NE(request.session, first) << "that is spoilt";
                            talk.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no\n");
                            request = read_request(talk);
                            talk.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\na[\"x\"]\n");
                            read_request(talk);
                            answer(talk, "404 Not Found");
                            talk.read_to_end();
                          }});
  SockJsClientOptions options = noting(journal, SockJsConnect{}.transports);
  options.connect.open_timeout = 50ms;
  SockJsClient client(server.url("/"), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "open\nx\nclose: request: the server has answered 404\n");
}

TEST(SockJsClient, EndsWithServersThatBreakTheRules) {
  const auto told = [](const std::string& frames, const auto& change) {
    Journal journal;
    const RawServer server([&](Talk& talk) {
      read_request(talk);
      begin_stream(talk);
      chunk(talk, frames);
      talk.read_to_end();
    });
    SockJsClientOptions options = noting(journal, {kStreaming});
    change(options);
    SockJsClient client(server.url("/"), options);
    client.run();
    return all_of(journal);
  };
  const auto plain = [](SockJsClientOptions&) {};
  EXPECT_EQ(told("a[]\n", plain), "failure: handshake: a frame before the session is open\n");
  EXPECT_EQ(told("o\no\n", plain), "open\nclose: a session that is opened again\n");
  EXPECT_EQ(told("h\n", [](SockJsClientOptions& options) { options.connect.open_timeout = 10ms; }),
            "failure: handshake: no SockJS session in time\n");
  EXPECT_EQ(told("o\nh\n",
                 [](SockJsClientOptions& options) { options.connect.heartbeat_timeout = 20ms; }),
            "open\nclose: the server is silent\n");
  EXPECT_EQ(
      told("o\na[\"12345\"]\n", [](SockJsClientOptions& options) { options.message_bytes = 8; }),
      "open\nclose: a frame above the limit\n");
  EXPECT_EQ(told("o\na[\"1\",\"2\"]\n",
                 [](SockJsClientOptions& options) { options.connect.messages = 1; }),
            "open\nclose: Too many messages.\n");
}

TEST(SockJsClient, DoesNotAskForEverForAnswersWithoutFrames) {
  Journal journal;
  const RawServer hollow({[](Talk& talk) {
                            read_request(talk);
                            begin_stream(talk);
                            chunk(talk, "o\n");
                            end_stream(talk);
                          },
                          [](Talk& talk) {
                            read_request(talk);
                            answer(talk, "200 OK");
                            talk.read_to_end();
                          }});
  SockJsClient client(hollow.url("/"), noting(journal, {kStreaming}));
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "open\nclose: an answer without a frame\n");
}

TEST(SockJsClient, GivesUpServicesThatTakeNothing) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    read_request(talk);
    begin_stream(talk);
    chunk(talk, "o\n");
    talk.read_to_end();
  });
  SockJsClientOptions options = noting(journal, {kStreaming});
  options.high_watermark = 10;
  options.limit = 100;
  options.on_open = [&](SockJsClient& client) {
    EXPECT_EQ(client.send(text("12345")), SendOutcome::sent);
    EXPECT_EQ(client.send(text("12345")), SendOutcome::blocked);
    EXPECT_EQ(client.send(text(std::string(100, 'x'))), SendOutcome::closed);
  };
  SockJsClient client(server.url("/"), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "close: given up\n");
}

// A POST that is never answered, while frames still come.
TEST(SockJsClient, GivesUpServicesThatDoNotAnswerWhatIsSent) {
  Journal journal;
  Journal told;
  const RawServer server([&](Talk& talk) {
    read_request(talk);
    begin_stream(talk);
    chunk(talk, "o\n");
    told.next();
    chunk(talk, "h\n");
    talk.read_to_end();
  });
  SockJsClientOptions options = noting(journal, {kStreaming});
  options.connect.send_timeout = 30ms;
  options.on_open = [&](SockJsClient& client) {
    EXPECT_EQ(client.send(text("1")), SendOutcome::sent);
    told.note("");
  };
  SockJsClient client(server.url("/"), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "close: the server takes nothing\n");
}

TEST(SockJsClient, IsDestroyedByItsOwnHandler) {
  const test::EndOfThreads threads;
  Journal journal;
  const RawServer server([](Talk& talk) {
    read_request(talk);
    begin_stream(talk);
    chunk(talk, "o\n");
    talk.read_to_end();
  });
  std::unique_ptr<SockJsClient> client;
  SockJsClientOptions options = noting(journal, {kStreaming});
  options.on_open = [&](SockJsClient&) {
    client.reset();
    journal.note("destroyed");
  };
  client = std::make_unique<SockJsClient>(server.url("/"), options);
  client->start();
  EXPECT_EQ(journal.next(), "destroyed");
}

TEST(SockJsClient, RefusesWhatCanNeverWork) {
  EXPECT_THROW(SockJsClient("stomp://h"), std::invalid_argument);
  EXPECT_THROW((SockJsClient("http://h", {.connect = {.transports = {}}})), std::invalid_argument);
  EXPECT_THROW(StompClient("sockjs+stomp://h"), std::invalid_argument);
}

TEST(SockJsClient, CarriesStomp) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    talk.accept();
    talk.say(0x81, "o");
    EXPECT_EQ(talk.read_frame().payload,
              R"(["CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:0,0\n\n\u0000"])");
    talk.say(0x81, R"(a["CONNECTED\nversion:1.2\n\n","\u0000"])");
    EXPECT_EQ(talk.read_frame().payload,
              R"(["SUBSCRIBE\nid:1\ndestination:/a\nack:auto\n\n\u0000"])");
    talk.say(0x81, R"(a["MESSAGE\nsubscription:1\nmessage-id:1\n\nhi\u0000"])");
    talk.read_frame();
    talk.say(0x81, R"(a["RECEIPT\nreceipt-id:1\n\n\u0000"])");
    EXPECT_EQ(talk.hear_close(), 1000);
  });
  StompClientOptions options;
  options.heartbeat_send = options.heartbeat_receive = 0ms;
  options.compression.mode = Compression::Mode::off;
  options.on_connect = [](StompClient& client) {
    EXPECT_EQ(client.send("/a", "\xff"), SendOutcome::dropped);
  };
  StompClient client("sockjs+http" + server.url("/stomp").substr(2), options);
  client.subscribe("/a", [&](const StompMessage& message) {
    journal.note(std::string(message.body()));
    client.close();
  });
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "hi\n");
}

}  // namespace
}  // namespace naru
