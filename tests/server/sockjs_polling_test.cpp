// SockJS sessions over polling (sockjs.md 4.1, 6, 7), whichever loops their requests come to.
#include "support/sockjs_peer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace naru::test {
namespace {

class SockJsPolling : public ::testing::TestWithParam<unsigned> {
 protected:
  void start(SockJsOptions options = sockjs_echo()) {
    if (!options.on_close) {
      options.on_close = [this](SockJs&, std::uint16_t code, std::string_view reason) {
        journal.note(std::to_string(code) + " " + std::string(reason));
      };
    }
    server.server.sockjs("/echo", std::move(options));
    server.start();
  }
  SockJsClient client(std::string session = "session") {
    return {server, "/echo", std::move(session)};
  }

  Journal journal;
  TestServer server{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Loops, SockJsPolling, ::testing::Values(1U, 4U));

TEST_P(SockJsPolling, OpensAndEchoes) {
  start();
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    SockJsClient session = client(name);
    const Answer opened = session.receive("Origin: test\r\n");
    EXPECT_EQ(opened.status, 200);
    EXPECT_EQ(opened.body, "o\n");
    EXPECT_EQ(opened.field("content-type"), "application/javascript; charset=UTF-8");
    EXPECT_EQ(opened.field("cache-control"),
              "no-store, no-cache, no-transform, must-revalidate, max-age=0");
    EXPECT_EQ(opened.field("access-control-allow-origin"), "test");
    const Answer sent = session.ask("POST", "xhr_send", R"(["x","나루\u200c"])");
    EXPECT_EQ(sent.status, 204);
    EXPECT_EQ(sent.field("content-type"), "text/plain; charset=UTF-8");
    EXPECT_EQ(session.poll(), "a[\"x\",\"나루\\u200c\"]\n");
  }
}

TEST_P(SockJsPolling, AnswersAPollThatWaits) {
  start();
  SockJsClient session = client();
  session.poll();
  Peer waiting = session.begin();
  EXPECT_EQ(session.send(R"(["x"])"), 204);
  EXPECT_EQ(waiting.answer().body, "a[\"x\"]\n");
}

TEST_P(SockJsPolling, GoesOnOnOneConnection) {
  start();
  const std::string base = client().target("");
  Peer peer(server.port);
  EXPECT_EQ(peer.post(base + "xhr", "").body, "o\n");
  for (int i = 0; i < 20; ++i) {
    const std::string message = "[\"" + std::to_string(i) + "\"]";
    EXPECT_EQ(peer.post(base + "xhr_send", message).status, 204);
    EXPECT_EQ(peer.post(base + "xhr", "").body, "a" + message + "\n");
  }
}

TEST_P(SockJsPolling, TakesAPostWithoutALength) {
  start();
  Peer peer(server.port);
  peer.send("POST /echo/0/a/xhr HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(peer.answer().body, "o\n");
}

TEST_P(SockJsPolling, KnowsNoSessionThatWasNotOpened) {
  start();
  EXPECT_EQ(client().send(R"(["x"])"), 404);
  EXPECT_EQ(client().ask("POST", "jsonp_send", R"(["x"])").status, 404);
  EXPECT_EQ(client().poll(), "o\n");
}

TEST_P(SockJsPolling, IgnoresTheServersPartOfTheName) {
  start();
  EXPECT_EQ(Peer(server.port).post("/echo/000/a/xhr", "").body, "o\n");
  EXPECT_EQ(Peer(server.port).post("/echo/999/a/xhr_send", R"(["x"])").status, 204);
  EXPECT_EQ(Peer(server.port).post("/echo/123/a/xhr", "").body, "a[\"x\"]\n");
}

TEST_P(SockJsPolling, SaysWhatIsWrongWithABody) {
  start();
  SockJsClient session = client();
  session.poll();
  const auto error = [&](std::string_view body) {
    const Answer answer = session.ask("POST", "xhr_send", body);
    EXPECT_EQ(answer.status, 500);
    return answer.body;
  };
  EXPECT_EQ(error(""), "Payload expected.");
  EXPECT_EQ(error("{}"), "Payload expected.");
  EXPECT_EQ(error("[\"x"), "Broken JSON encoding.");
  EXPECT_EQ(error("[\"\xff\"]"), "Broken JSON encoding.");
  EXPECT_EQ(session.send("[]"), 204);
  EXPECT_EQ(session.send(R"(["a"])"), 204);
  EXPECT_EQ(session.poll(), "a[\"a\"]\n");
}

TEST_P(SockJsPolling, BoundsABody) {
  SockJsOptions options = sockjs_echo();
  options.message_bytes = 16;
  options.messages = 2;
  start(options);
  SockJsClient session = client();
  session.poll();
  EXPECT_EQ(session.send(R"(["a","b"])"), 204);
  EXPECT_EQ(session.send(R"(["a","b","c"])"), 500);
  EXPECT_EQ(session.send("[\"" + std::string(12, 'x') + "\"]"), 204);
  EXPECT_EQ(session.send("[\"" + std::string(13, 'x') + "\"]"), 413);
}

// On one loop requests come in the order in which they were sent; on several, see SockJsStreaming.
TEST(SockJsPollingOnOneLoop, TakesOneReceiverAtATime) {
  TestServer server(1);
  server.server.sockjs("/echo", sockjs_echo());
  server.start();
  SockJsClient session(server, "/echo", "session");
  session.poll();
  Peer first = session.begin();
  Peer second = session.begin();
  EXPECT_EQ(second.answer().body, "c[2010,\"Another connection still open\"]\n");
  EXPECT_EQ(session.send(R"(["x"])"), 204);
  EXPECT_EQ(first.answer().body, "a[\"x\"]\n");
}

TEST_P(SockJsPolling, EndsWithAReceiverThatLeaves) {
  start();
  SockJsClient session = client();
  session.poll();
  Peer waiting = session.begin();
  EXPECT_EQ(session.send("[]"), 204);
  waiting.leave();
  EXPECT_EQ(journal.next(), "1006 ");
  EXPECT_EQ(session.poll(), "o\n");
}

TEST_P(SockJsPolling, RepeatsItsEnd) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) { session.close(3000, "Go away!"); };
  start(options);
  SockJsClient session = client();
  EXPECT_EQ(session.poll(), "o\n");
  EXPECT_EQ(journal.next(), "3000 Go away!");
  EXPECT_EQ(session.poll(), "c[3000,\"Go away!\"]\n");
  EXPECT_EQ(session.poll(), "c[3000,\"Go away!\"]\n");
  EXPECT_EQ(session.send(R"(["x"])"), 204);  // and not delivered
}

TEST_P(SockJsPolling, SendsWhatWaitsBeforeItsEnd) {
  SockJsOptions options = sockjs_echo();
  options.on_message = [](SockJs& session, Message message) {
    session.send(message);
    session.close();
    EXPECT_EQ(session.send(message), SendOutcome::closed);
  };
  start(options);
  SockJsClient session = client();
  session.poll();
  EXPECT_EQ(session.send(R"(["last","lost"])"), 204);
  EXPECT_EQ(session.poll(), "a[\"last\"]\n");
  EXPECT_EQ(session.poll(), "c[1000,\"Normal closure\"]\n");
  EXPECT_EQ(journal.next(), "1000 Normal closure");
}

TEST_P(SockJsPolling, ForgetsWhoDoesNotComeBack) {
  SockJsOptions options = sockjs_echo();
  options.disconnect_delay = 20ms;
  start(options);
  SockJsClient session = client();
  EXPECT_EQ(session.poll(), "o\n");
  EXPECT_EQ(journal.next(), "1006 ");
  EXPECT_EQ(session.send("[]"), 404);
}

TEST_P(SockJsPolling, BeatsWhenNothingElseIsSent) {
  SockJsOptions options = sockjs_echo();
  options.heartbeat_interval = 20ms;
  start(options);
  SockJsClient session = client();
  session.poll();
  EXPECT_EQ(session.poll(), "h\n");
  EXPECT_EQ(session.poll(), "h\n");
}

TEST_P(SockJsPolling, CountsItsSessions) {
  TestServer small{{.loops = 1, .sessions = 2}};
  small.server.sockjs("/echo", sockjs_echo());
  small.start();
  const auto open = [&](std::string name) {
    return SockJsClient(small, "/echo", std::move(name)).receive().status;
  };
  EXPECT_EQ(open("a"), 200);
  EXPECT_EQ(open("b"), 200);
  EXPECT_EQ(open("c"), 503);
  EXPECT_TRUE(small.counts(&Stats::refused, 1));
}

TEST_P(SockJsPolling, BoundsTheSessionsOfAnAddress) {
  TestServer proxied{{.loops = 1, .trusted_proxies = {"127.0.0.1"}}};
  SockJsOptions options = sockjs_echo();
  options.sessions_per_address = 2;
  proxied.server.sockjs("/echo", std::move(options));
  proxied.start();
  const auto from = [&](std::string name, std::string_view address) {
    return SockJsClient(proxied, "/echo", std::move(name))
        .receive("X-Forwarded-For: " + std::string(address) + "\r\n")
        .status;
  };
  EXPECT_EQ(from("a", "192.0.2.1"), 200);
  EXPECT_EQ(from("b", "192.0.2.1"), 200);
  EXPECT_EQ(from("c", "192.0.2.1"), 503);
  EXPECT_EQ(from("c", "192.0.2.2"), 200);
  EXPECT_EQ(from("d", "2001:db8:0:1::1"), 200);
  EXPECT_EQ(from("e", "2001:db8:0:1::2"), 200);
  EXPECT_EQ(from("f", "2001:db8:0:1:f::1"), 503);
  EXPECT_EQ(from("f", "2001:db8:0:2::1"), 200);
  EXPECT_TRUE(proxied.counts(&Stats::refused, 2));
}

TEST_P(SockJsPolling, MakesRoomForAnAddressWhenASessionEnds) {
  SockJsOptions options = sockjs_echo();
  options.sessions_per_address = 1;
  options.disconnect_delay = 20ms;
  start(options);
  for (const int time : {1, 2}) {
    EXPECT_EQ(client().receive().status, 200) << time;
    EXPECT_EQ(journal.next(), "1006 ");
  }
}

TEST_P(SockJsPolling, SurvivesAHandlerThatThrows) {
  SockJsOptions options = sockjs_echo();
  options.on_message = [](SockJs&, Message) { throw std::runtime_error("a handler"); };
  start(options);
  SockJsClient session = client();
  session.poll();
  EXPECT_EQ(session.send(R"(["x"])"), 204);
  EXPECT_EQ(journal.next(), "1011 internal error");
  EXPECT_EQ(session.poll(), "c[1011,\"internal error\"]\n");
  EXPECT_NE(server.log.next().find("a handler"), std::string::npos);
}

TEST_P(SockJsPolling, EndsWithTheServer) {
  start();
  SockJsClient session = client();
  session.poll();
  server.server.stop();
  EXPECT_EQ(journal.next(), "1012 Server is shutting down");
}

// ---- JSONP

TEST_P(SockJsPolling, CarriesJsonp) {
  start();
  SockJsClient session = client();
  const Answer opened = session.ask("GET", "jsonp?c=%63allback");
  EXPECT_EQ(opened.body, "/**/callback(\"o\");\r\n");
  EXPECT_EQ(opened.field("content-type"), "application/javascript; charset=UTF-8");
  EXPECT_EQ(opened.field("x-content-type-options"), "nosniff");
  EXPECT_EQ(opened.field("access-control-allow-origin"), "");
  const Answer sent = session.ask("POST", "jsonp_send", "d=%5B%22x%3C%2Fscript%3E%22%5D",
                                  "Content-Type: application/x-www-form-urlencoded\r\n");
  EXPECT_EQ(sent.status, 200);
  EXPECT_EQ(sent.body, "ok");
  EXPECT_EQ(session.ask("GET", "jsonp?callback=cb").body,
            "/**/cb(\"a[\\\"x\\u003c/script>\\\"]\");\r\n");
  EXPECT_EQ(session.ask("POST", "jsonp_send", R"(["%61bc"])").status, 200);
  EXPECT_EQ(session.ask("GET", "jsonp?c=cb").body, "/**/cb(\"a[\\\"%61bc\\\"]\");\r\n");
}

TEST_P(SockJsPolling, SaysWhatIsWrongWithAForm) {
  start();
  SockJsClient session = client();
  session.ask("GET", "jsonp?c=x");
  const auto error = [&](std::string_view body) {
    const Answer answer = session.ask("POST", "jsonp_send", body,
                                      "Content-Type: application/x-www-form-urlencoded\r\n");
    EXPECT_EQ(answer.status, 500);
    return answer.body;
  };
  EXPECT_EQ(error("d=%5B%22x"), "Broken JSON encoding.");
  EXPECT_EQ(error(""), "Payload expected.");
  EXPECT_EQ(error("d="), "Payload expected.");
  EXPECT_EQ(error("p=p"), "Payload expected.");
}

TEST_P(SockJsPolling, CallsNothingButNames) {
  start();
  SockJsClient session = client();
  for (const char* what : {"jsonp", "htmlfile"}) {
    const Answer missing = session.ask("GET", what);
    EXPECT_EQ(missing.status, 500);
    EXPECT_NE(missing.body.find("\"callback\" parameter required"), std::string::npos);
    for (const char* name :
         {"%20", "*", "abc(", "abc%28", "alert(1)", "%3C/script%3E", "a%E2%80%A8b"}) {
      const Answer answer = session.ask("GET", std::string(what) + "?c=" + name);
      EXPECT_EQ(answer.status, 500) << name;
      EXPECT_EQ(answer.body, "invalid \"callback\" parameter");  // and not the name
    }
  }
  EXPECT_EQ(session.send("[]"), 404);  // none of these has opened it
}

// ---- whose a session is

TEST_P(SockJsPolling, BelongsToItsUser) {
  SockJsOptions options = sockjs_echo();
  options.user = [](const RequestInfo& request) { return std::string(request.header("X-User")); };
  start(options);
  SockJsClient session = client();
  EXPECT_EQ(session.receive("X-User: kim\r\n").body, "o\n");
  EXPECT_EQ(session.ask("POST", "xhr_send", R"(["x"])", "X-User: lee\r\n").status, 404);
  EXPECT_EQ(session.ask("POST", "xhr_send", R"(["x"])").status, 404);
  EXPECT_EQ(session.receive("X-User: lee\r\n").status, 404);
  EXPECT_EQ(session.ask("POST", "xhr_send", R"(["x"])", "X-User: kim\r\n").status, 204);
  EXPECT_EQ(session.receive("X-User: kim\r\n").body, "a[\"x\"]\n");
}

TEST_P(SockJsPolling, BelongsToItsAddress) {
  TestServer proxied{{.loops = GetParam(), .trusted_proxies = {"127.0.0.1"}}};
  proxied.server.sockjs("/echo", sockjs_echo());
  SockJsOptions anybody = sockjs_echo();
  anybody.bind_address = false;
  proxied.server.sockjs("/free", anybody);
  proxied.start();
  constexpr std::string_view kim = "X-Forwarded-For: 192.0.2.1\r\n";
  constexpr std::string_view lee = "X-Forwarded-For: 192.0.2.2\r\n";
  SockJsClient bound(proxied, "/echo", "x");
  EXPECT_EQ(bound.receive(kim).body, "o\n");
  EXPECT_EQ(bound.ask("POST", "xhr_send", R"(["x"])", lee).status, 404);
  EXPECT_EQ(bound.receive(lee).status, 404);
  EXPECT_EQ(bound.ask("POST", "xhr_send", R"(["x"])", kim).status, 204);
  SockJsClient free(proxied, "/free", "x");
  EXPECT_EQ(free.receive(kim).body, "o\n");
  EXPECT_EQ(free.ask("POST", "xhr_send", R"(["x"])", lee).status, 204);
}

TEST_P(SockJsPolling, OpensForWhomTheApplicationLetsIn) {
  SockJsOptions options = sockjs_echo();
  options.authorize = [](const RequestInfo& request) { return request.query == "token=good"; };
  start(options);
  SockJsClient session = client();
  EXPECT_EQ(session.receive().status, 403);
  EXPECT_EQ(session.ask("POST", "xhr?token=good").body, "o\n");
  for (const char* target : {"/echo/websocket", "/echo/a/b/websocket"}) {
    WebSocketPeer refused{Peer(server.port)};
    EXPECT_EQ(refused.open(target).status, 403);
    WebSocketPeer taken{Peer(server.port)};
    EXPECT_EQ(taken.open(std::string(target) + "?token=good").status, 101);
  }
}

TEST_P(SockJsPolling, RefusesEverybodyWhenTheApplicationFails) {
  SockJsOptions options = sockjs_echo();
  options.authorize = [](const RequestInfo&) -> bool { throw std::runtime_error("authorize"); };
  start(options);
  EXPECT_EQ(client().receive().status, 403);
}

// Cookies and Origin come with requests that any page can make; the name in the URL is a password.
TEST_P(SockJsPolling, ShowsHandlersNothingThatIsNoProof) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [this](SockJs& session) {
    const RequestInfo& request = session.request();
    journal.note(request.path + "?" + request.query);
    for (const auto& [name, value] : request.headers) journal.note(name + ": " + value);
    journal.note(session.id().find("session") == std::string::npos ? "other id" : "leaked");
    journal.note(std::string(session.transport()));
  };
  start(options);
  client().ask("POST", "xhr?a=b", {}, "Origin: x\r\nCookie: a=b\r\nUser-Agent: me\r\n");
  EXPECT_EQ(journal.next(), "/echo?a=b");
  EXPECT_EQ(journal.next(), "Host: test");
  EXPECT_EQ(journal.next(), "User-Agent: me");
  EXPECT_EQ(journal.next(), "other id");
  EXPECT_EQ(journal.next(), "xhr-polling");
}

// ---- topics and slow consumers

TEST_P(SockJsPolling, ReceivesWhatIsPublished) {
  SockJsOptions options = sockjs_echo();
  options.on_open = [](SockJs& session) { session.subscribe("news"); };
  options.on_message = [](SockJs& session, Message message) { session.publish("news", message); };
  start(options);
  std::vector<SockJsClient> all;
  for (int i = 0; i < 5; ++i) all.push_back(client("s" + std::to_string(i)));
  for (SockJsClient& each : all) EXPECT_EQ(each.poll(), "o\n");
  EXPECT_EQ(all[0].send(R"(["one\u2028"])"), 204);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_EQ(all[i].poll(), "a[\"one\\u2028\"]\n");
  server.server.topic("news").publish(binary({}));
  EXPECT_EQ(all[0].poll(), "a[\"\"]\n");  // its own it did not get
  server.server.topic("news").publish({std::string_view("\xff\x01", 2), true});
  EXPECT_EQ(all[0].poll(), "a[\"/wE=\"]\n");
}

TEST_P(SockJsPolling, BoundsWhatWaits) {
  SockJsOptions options = sockjs_echo();
  options.high_watermark = 1500;
  options.limit = 2500;
  options.on_message = [](SockJs& session, Message) {
    const std::string large(900, 'x');
    EXPECT_EQ(session.send(text(large)), SendOutcome::sent);
    EXPECT_EQ(session.send(text(large)), SendOutcome::blocked);
    EXPECT_EQ(session.send(text(large), {.droppable = true}), SendOutcome::dropped);
    EXPECT_EQ(session.send(text(large)), SendOutcome::closed);
    EXPECT_EQ(session.send(text("x")), SendOutcome::closed);
  };
  start(options);
  SockJsClient session = client();
  session.poll();
  EXPECT_EQ(session.send(R"(["go"])"), 204);
  EXPECT_EQ(journal.next(), "1006 ");
  EXPECT_TRUE(server.counts(&Stats::slow_closed, 1));
  EXPECT_EQ(session.poll(), "o\n");
}

TEST_P(SockJsPolling, DropsByItsPolicy) {
  const auto waiting = [&](SlowConsumer policy) {
    Journal dropped;
    TestServer own{GetParam()};
    SockJsOptions options = sockjs_echo();
    options.high_watermark = 500;
    options.limit = 2100;  // three of them
    options.slow_consumer = policy;
    options.on_message = [](SockJs& session, Message) {
      for (const char c : {'a', 'b', 'c', 'd'}) {
        session.send(text(std::string(600, c)), {.key = c == 'b' ? "a" : std::string_view(&c, 1)});
      }
    };
    options.on_dropped = [&](SockJs&, Message message) {
      dropped.note(std::string(1, message.data[0]));
    };
    own.server.sockjs("/echo", options);
    own.start();
    SockJsClient session(own, "/echo", "x");
    session.poll();
    session.send(R"(["go"])");
    std::string seen;
    for (const char c : session.poll().substr(1)) {  // behind the letter of the frame
      if (c >= 'a' && c <= 'd' && (seen.empty() || seen.back() != c)) seen.push_back(c);
    }
    if (policy != SlowConsumer::drop_newest) seen += " without " + dropped.next();
    return seen;
  };
  EXPECT_EQ(waiting(SlowConsumer::drop_oldest), "bcd without a");
  EXPECT_EQ(waiting(SlowConsumer::drop_newest), "abc");
  EXPECT_EQ(waiting(SlowConsumer::keep_latest), "bcd without a");
}

TEST_P(SockJsPolling, TellsWhenWhatWasBlockedHasLeft) {
  SockJsOptions options = sockjs_echo();
  options.high_watermark = 100;
  options.on_message = [](SockJs& session, Message) {
    EXPECT_EQ(session.send(text(std::string(200, 'x'))), SendOutcome::blocked);
    EXPECT_GT(session.buffered_amount(), 200U);
  };
  options.on_drain = [this](SockJs& session) {
    EXPECT_EQ(session.buffered_amount(), 0U);
    journal.note("drain");
  };
  start(options);
  SockJsClient session = client();
  session.poll();
  session.send(R"(["go"])");
  EXPECT_TRUE(session.poll().starts_with("a[\"xxx"));
  EXPECT_EQ(journal.next(), "drain");
}

TEST_P(SockJsPolling, MayBeToldFromAnyThread) {
  SockJsRef ref;
  SockJsOptions options = sockjs_echo();
  options.on_open = [&](SockJs& session) {
    session.data() = std::string("mine");
    ref = session.ref();
    journal.note("open");
  };
  start(options);
  SockJsClient session = client();
  session.poll();
  EXPECT_EQ(journal.next(), "open");
  ref.send(text("from outside"));
  EXPECT_EQ(session.poll(), "a[\"from outside\"]\n");
  ref.with([this](SockJs& self) { journal.note(std::any_cast<std::string>(self.data())); });
  EXPECT_EQ(journal.next(), "mine");
  ref.close(4000, "enough");
  EXPECT_EQ(session.poll(), "c[4000,\"enough\"]\n");
}

}  // namespace
}  // namespace naru::test
