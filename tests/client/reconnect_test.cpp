#include "client/client_world.hpp"
#include "client/raw_server.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru {
namespace {

using test::Journal;
using test::noting;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;

WebSocketClientOptions eager(Journal& journal, unsigned attempts = 0) {
  WebSocketClientOptions options = noting(journal);
  options.reconnect = {.enabled = true,
                       .first_delay = 0ms,
                       .min_delay = 1ms,
                       .max_delay = 5ms,
                       .attempts = attempts};
  return options;
}

void drop(Talk& talk) {
  talk.accept();
}
void say_and_leave(Talk& talk) {
  talk.accept();
  talk.say(0x81, "here");
  talk.say_close(1012);
  talk.hear_close();
}
void refuse(Talk& talk, std::string_view status) {
  talk.read_head();
  talk.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
  talk.read_to_end();
}

TEST(ClientReconnect, ComesBackAfterEveryKindOfEnd) {
  Journal journal;
  const RawServer server({say_and_leave, drop, [](Talk&) {},
                          [](Talk& talk) { refuse(talk, "503 Busy"); }, say_and_leave});
  WebSocketClientOptions options = eager(journal);
  int heard = 0;
  options.on_message = [&](WebSocketClient& client, Message message) {
    journal.note(std::string(message.data));
    if (++heard == 2) client.close();
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal),
            "open\nhere\nclose 1012\nreconnecting 1\n"
            "open\nclose 1006\nreconnecting 2\n"
            "failure handshake\nreconnecting 3\n"
            "failure handshake 503\nreconnecting 4\n"
            "open\nhere\nclose 1012\n");
}

TEST(ClientReconnect, GivesUpAfterItsAttempts) {
  Journal journal;
  std::uint16_t port = 0;
  {
    port = RawServer(drop).port;
  }
  EXPECT_EQ(test::lifetime("ws://127.0.0.1:" + std::to_string(port), eager(journal, 2), journal),
            "failure connect\nreconnecting 1\nfailure connect\nreconnecting 2\nfailure connect\n");
}

TEST(ClientReconnect, DoesNotInsistOnWhatWasRefused) {
  for (const std::string_view status :
       {"401 Unauthorized", "404 Not Found", "426 Upgrade Required", "302 Found"}) {
    Journal journal;
    const RawServer server([&](Talk& talk) { refuse(talk, status); });
    EXPECT_EQ(test::lifetime(server.url(), eager(journal), journal),
              "failure handshake " + std::string(status.substr(0, 3)) + "\n");
  }
  for (const std::string_view status :
       {"408 Request Timeout", "425 Too Early", "429 Too Many Requests", "500 X"}) {
    Journal journal;
    const RawServer server(
        {[&](Talk& talk) { refuse(talk, status); }, [](Talk& talk) { refuse(talk, "404 N"); }});
    EXPECT_EQ(test::lifetime(server.url(), eager(journal), journal),
              "failure handshake " + std::string(status.substr(0, 3)) +
                  "\nreconnecting 1\nfailure handshake 404\n");
  }
}

TEST(ClientReconnect, EndsWhenItIsClosedBetweenAttempts) {
  Journal journal;
  const RawServer server(drop);
  WebSocketClientOptions options = eager(journal);
  options.reconnect.first_delay = 1h;
  options.on_reconnecting = [&](WebSocketClient& client, unsigned, std::chrono::milliseconds) {
    journal.note("waiting");
    client.close();
  };
  EXPECT_EQ(test::lifetime(server.url(), options, journal), "open\nclose 1006\nwaiting\n");
}

TEST(ClientReconnect, SendsNothingOldOnANewConnection) {
  Journal journal;
  Journal served;
  const RawServer server({[&](Talk& talk) {
                            talk.accept();
                            talk.read_frame();
                          },
                          [&](Talk& talk) {
                            talk.accept();
                            served.note(talk.read_frame().payload);
                            talk.hear_close();
                          }});
  WebSocketClientOptions options = eager(journal);
  WebSocketClient client(server.url(), options);
  client.start();
  EXPECT_EQ(journal.next(), "open");
  client.send(text("first"));
  EXPECT_EQ(journal.next(), "close 1006");
  EXPECT_EQ(client.send(text("between")), SendOutcome::closed);
  EXPECT_EQ(journal.next(), "reconnecting 1");
  EXPECT_EQ(journal.next(), "open");
  client.send(text("second"));
  EXPECT_EQ(served.next(), "second");
}

}  // namespace
}  // namespace naru
