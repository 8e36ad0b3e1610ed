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

// Its body does not come: nobody waits for it.
RawServer::Script redirect(int status, std::string location) {
  return [=](Talk& talk) {
    talk.read_head();
    talk.send("HTTP/1.1 " + std::to_string(status) + " Found\r\nLocation: " + location +
              "\r\nContent-Length: 100\r\n\r\n");
    talk.read_to_end();
  };
}

RawServer::Script accept(std::string* head = nullptr) {
  return [=](Talk& talk) {
    const std::string request = talk.accept();
    if (head != nullptr) *head = request;
    talk.hear_close();
  };
}

WebSocketClientOptions closing_at_once(Journal& journal, unsigned at_most = 3) {
  WebSocketClientOptions options = noting(journal);
  options.redirects.at_most = at_most;
  options.on_open = [&](WebSocketClient& client) {
    journal.note("open");
    client.close();
  };
  return options;
}

const std::string kOpened = "open\nclose 1000\n";

TEST(ClientRedirect, IsAFailureUnlessAskedFor) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    talk.read_head();
    talk.send("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
    talk.read_to_end();
  });
  EXPECT_EQ(test::lifetime(server.url(), closing_at_once(journal, 0), journal),
            "failure handshake 302\n");
}

TEST(ClientRedirect, FollowsEveryStatusWithALocation) {
  for (const int status : {301, 302, 303, 307, 308}) {
    Journal journal;
    std::string head;
    const RawServer server({redirect(status, "/other?x"), accept(&head)});
    EXPECT_EQ(test::lifetime(server.url(), closing_at_once(journal), journal), kOpened) << status;
    EXPECT_TRUE(head.starts_with("GET /other?x HTTP/1.1\r\n")) << head;
  }
  Journal journal;
  const RawServer server(redirect(304, "/other"));
  EXPECT_EQ(test::lifetime(server.url(), closing_at_once(journal), journal),
            "failure handshake 304\n");
}

TEST(ClientRedirect, KeepsCredentialsWithinAnOrigin) {
  Journal journal;
  std::string head;
  const RawServer server({redirect(302, "/other"), accept(&head)});
  WebSocketClientOptions options = closing_at_once(journal);
  options.headers = {{"Authorization", "Bearer x"}, {"Cookie", "a=b"}};
  EXPECT_EQ(test::lifetime(server.url(), options, journal), kOpened);
  EXPECT_EQ(Talk::field(head, "Authorization"), "Bearer x");
  EXPECT_EQ(Talk::field(head, "Cookie"), "a=b");
}

// CVE-2022-1650: credentials that leak on a redirect. Not even to the first origin, once they have
// been taken off: another one has chosen what is asked there.
TEST(ClientRedirect, DropsCredentialsAcrossOrigins) {
  Journal journal;
  std::string elsewhere;
  std::string back;
  std::string back_to;
  const RawServer other([&](Talk& talk) {
    elsewhere = talk.read_head();
    talk.send("HTTP/1.1 302 Found\r\nLocation: " + back_to + "\r\n\r\n");
    talk.read_to_end();
  });
  const RawServer server({redirect(302, other.url()), accept(&back)});
  back_to = server.url("/back");
  WebSocketClientOptions options = closing_at_once(journal);
  options.headers = {{"authorization", "Bearer x"}, {"COOKIE", "a=b"}, {"X-Other", "kept"}};
  std::string url = server.url();
  url.insert(5, "user:pass@");
  EXPECT_EQ(test::lifetime(url, options, journal), kOpened);
  for (const std::string& head : {elsewhere, back}) {
    EXPECT_EQ(Talk::field(head, "Authorization"), "") << head;
    EXPECT_EQ(Talk::field(head, "authorization"), "") << head;
    EXPECT_EQ(Talk::field(head, "COOKIE"), "") << head;
    EXPECT_EQ(Talk::field(head, "X-Other"), "kept") << head;
  }
}

TEST(ClientRedirect, KeepsTheUsersNameWithinAnOrigin) {
  Journal journal;
  std::string head;
  const RawServer server({redirect(302, "/other"), accept(&head)});
  std::string url = server.url();
  url.insert(5, "user:pass@");
  EXPECT_EQ(test::lifetime(url, closing_at_once(journal), journal), kOpened);
  EXPECT_EQ(Talk::field(head, "Authorization"), "Basic dXNlcjpwYXNz");
}

TEST(ClientRedirect, EndsAfterItsNumber) {
  Journal journal;
  const RawServer server({redirect(302, "/1"), redirect(302, "/2"), redirect(302, "/3")});
  EXPECT_EQ(test::lifetime(server.url(), closing_at_once(journal, 2), journal),
            "failure redirect 302\n");
}

TEST(ClientRedirect, FailsForPlacesThatCannotBeReached) {
  for (const char* location : {"ftp://x/", "ws://", "http://x:0/", "javascript:alert(1)"}) {
    Journal journal;
    const RawServer server(redirect(302, location));
    EXPECT_EQ(test::lifetime(server.url(), closing_at_once(journal), journal),
              "failure redirect 302\n")
        << location;
  }
}

}  // namespace
}  // namespace naru
