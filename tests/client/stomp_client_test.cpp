// naru::StompClient against brokers that do what their scripts say.
#include "naru/stomp_client.hpp"

#include "client/raw_server.hpp"
#include "support/journal.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace naru {
namespace {

using test::Journal;
using test::RawServer;
using test::Talk;
using namespace std::chrono_literals;
using namespace std::string_literals;

// What a broker hears and says, by plain TCP: one frame, without its NUL.
std::string hear(Talk& talk) {
  std::string frame = talk.read_through("\0"s);
  if (!frame.empty()) frame.pop_back();
  return frame;
}
void say(Talk& talk, std::string_view frame) {
  talk.send(std::string(frame) + '\0');
}
void greet(Talk& talk) {
  EXPECT_EQ(hear(talk), "CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:0,0\n\n");
  say(talk, "CONNECTED\nversion:1.2\n\n");
}
// Answers DISCONNECT, and hears the end.
void part(Talk& talk) {
  const std::string frame = hear(talk);
  EXPECT_TRUE(frame.starts_with("DISCONNECT\nreceipt:")) << frame;
  say(talk, "RECEIPT\nreceipt-id:" + frame.substr(19));
  EXPECT_EQ(talk.read_to_end(), "");
}

std::string tcp(const RawServer& server) {
  return "stomp://127.0.0.1:" + std::to_string(server.port);
}

std::string in_words(const Result<void>& outcome) {
  if (outcome) return "done";
  return outcome.error().code == Errc::timed_out ? "timed out" : std::string(outcome.error().text);
}

// Without heart-beats and with all that happens noted.
StompClientOptions noting(Journal& journal) {
  StompClientOptions options;
  options.heartbeat_send = options.heartbeat_receive = 0ms;
  options.reconnect = {.enabled = false, .first_delay = 0ms, .min_delay = 0ms};
  options.on_connect = [&](StompClient& client) {
    journal.note("connect " + std::string(client.version()));
  };
  options.on_disconnect = [&](StompClient&, std::string_view why) {
    journal.note("disconnect: " + std::string(why));
  };
  options.on_failure = [&](StompClient&, const ConnectFailure& failure) {
    journal.note("failure: " + failure.text);
  };
  options.on_error = [&](StompClient&, const StompMessage& error) {
    journal.note("error: " + std::string(error.header("message")));
  };
  return options;
}

std::string all_of(Journal& journal) {
  std::string lines;
  while (!journal.empty()) lines += journal.next() + "\n";
  return lines;
}

TEST(StompClient, SubscribesReceivesAcknowledgesAndParts) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    greet(talk);
    EXPECT_EQ(hear(talk),
              "SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client-individual\n"
              "receipt:1\nprefetch-count:2\n\n");
    say(talk, "RECEIPT\nreceipt-id:1\n\n");
    say(talk,
        "\nMESSAGE\nsubscription:1\nmessage-id:m\nack:x\\c1\ndestination:/queue/a\n"
        "k:v\n\nhello");
    EXPECT_EQ(hear(talk), "ACK\nid:x\\c1\n\n");
    EXPECT_EQ(hear(talk),
              "SEND\ndestination:/topic/b\nreceipt:2\ncontent-type:text/plain\n"
              "content-length:2\n\nhi");
    say(talk, "RECEIPT\nreceipt-id:2\n\n");
    part(talk);
  });
  StompClient client(tcp(server), noting(journal));
  client.subscribe(
      "/queue/a",
      [&](const StompMessage& message) {
        journal.note(std::string(message.destination()) + " " + std::string(message.body()) + " " +
                     std::string(message.header("k")) + std::string(message.header("none")));
        EXPECT_EQ(message.headers().size(), 5U);
        EXPECT_EQ(message.ack(), SendOutcome::sent);
        client.send("/topic/b", "hi",
                    {.headers = {{"content-type", "text/plain"}, {"destination", "/mine"}},
                     .on_receipt = [&](const Result<void>& done) {
                       journal.note(in_words(done));
                       client.close();
                     }});
      },
      {.ack = StompAck::client_individual,
       .headers = {{"prefetch-count", "2"}},
       .on_subscribed = [&] { journal.note("subscribed"); }});
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal),
            "connect 1.2\nsubscribed\n/queue/a hello v\ndone\ndisconnect: closed\n");
}

TEST(StompClient, SpeaksThroughWebSocketOneFrameAMessage) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    const std::string head = talk.accept("Sec-WebSocket-Protocol: v11.stomp\r\n");
    EXPECT_EQ(Talk::field(head, "Sec-WebSocket-Protocol"), "v12.stomp, v11.stomp, v10.stomp");
    EXPECT_EQ(talk.read_frame().payload.substr(0, 8), "CONNECT\n");
    talk.say(0x81, "CONNECTED\nversi");  // cut anywhere
    talk.say(0x82, "on:1.1\n\n\0"s);
    const Talk::Frame text = talk.read_frame();
    EXPECT_EQ(text.first, 0x81U);
    EXPECT_EQ(text.payload, "SEND\ndestination:/a\ncontent-length:6\n\n안녕\0"s);
    const Talk::Frame binary = talk.read_frame();
    EXPECT_EQ(binary.first, 0x82U);
    EXPECT_EQ(binary.payload, "SEND\ndestination:/a\ncontent-length:1\n\n\xff\0"s);
    EXPECT_EQ(talk.read_frame().payload.substr(0, 10), "DISCONNECT");
    talk.say(0x81, "RECEIPT\nreceipt-id:1\n\n\0"s);
    EXPECT_EQ(talk.hear_close(), 1000);
  });
  StompClientOptions options = noting(journal);
  options.compression.mode = Compression::Mode::off;
  options.on_connect = [](StompClient& client) {
    EXPECT_EQ(client.version(), "1.1");
    EXPECT_TRUE(client.connected());
    client.send("/a", "안녕");
    client.send("/a", "\xff");
    client.close();
    EXPECT_EQ(client.send("/a", "late"), SendOutcome::closed);
  };
  StompClient client(server.url(), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "disconnect: closed\n");
}

TEST(StompClient, SubscribesAgainOnEachConnection) {
  Journal journal;
  const auto subscribed = [](Talk& talk) {
    greet(talk);
    EXPECT_EQ(hear(talk), "SUBSCRIBE\nid:2\ndestination:/b\nack:auto\n\n");
  };
  const RawServer server({[&](Talk& talk) {
                            greet(talk);
                            EXPECT_EQ(hear(talk).substr(0, 14), "SUBSCRIBE\nid:1");
                            EXPECT_EQ(hear(talk).substr(0, 14), "SUBSCRIBE\nid:2");
                            EXPECT_EQ(hear(talk), "UNSUBSCRIBE\nid:1\n\n");
                            say(talk, "MESSAGE\nsubscription:1\nmessage-id:0\n\ncrossed");
                            say(talk, "MESSAGE\nsubscription:2\nmessage-id:1\nack:1\n\none");
                            say(talk, "ERROR\nmessage:maintenance\n\n");
                          },
                          [&](Talk& talk) {
                            subscribed(talk);
                            say(talk, "MESSAGE\nsubscription:2\nmessage-id:2\nack:2\n\ntwo");
                            part(talk);
                          }});
  StompClientOptions options = noting(journal);
  options.reconnect.enabled = true;
  options.on_reconnecting = [&](StompClient&, unsigned attempt, std::chrono::milliseconds) {
    journal.note("again " + std::to_string(attempt));
  };
  std::optional<StompSubscription> first;
  options.on_connect = [&, note = options.on_connect](StompClient& self) {
    note(self);
    first->unsubscribe();
    first->unsubscribe();
  };
  StompClient client(tcp(server), options);
  first = client.subscribe("/a", [&](const StompMessage&) { journal.note("not for me"); });
  std::optional<StompDelivery> before;
  client.subscribe("/b", [&](const StompMessage& message) {
    journal.note(std::string(message.body()));
    if (!before) {
      before = message.delivery();
      return;
    }
    EXPECT_EQ(before->ack(), SendOutcome::closed) << "of a connection that has ended";
    client.close();
  });
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal),
            "connect 1.2\none\nerror: maintenance\ndisconnect: ERROR: maintenance\nagain 1\n"
            "connect 1.2\ntwo\ndisconnect: closed\n");
}

TEST(StompClient, TellsWhatBecameOfEveryReceipt) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    greet(talk);
    hear(talk);  // is never answered
    hear(talk);
  });
  StompClientOptions options = noting(journal);
  options.receipt_timeout = 10ms;
  options.receipts = 1;
  options.on_connect = [&](StompClient& client) {
    const auto note = [&](const Result<void>& done) {
      journal.note(in_words(done));
      if (!done && done.error().code == Errc::timed_out) {
        client.send("/a", "2", {.on_receipt = [&](const Result<void>& other) {
                      journal.note(in_words(other));
                    }});
      }
    };
    EXPECT_EQ(client.send("/a", "1", {.on_receipt = note}), SendOutcome::sent);
    EXPECT_EQ(client.send("/a", "1", {.on_receipt = note}), SendOutcome::dropped);
  };
  options.receipt_timeout = 50ms;
  StompClient client(tcp(server), options);
  EXPECT_EQ(client.send("/a", "too early"), SendOutcome::closed);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal),
            "timed out\nthe connection has ended\ndisconnect: the peer has closed\n");
}

TEST(StompClient, WorksInTransactions) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    greet(talk);
    hear(talk);
    say(talk, "MESSAGE\nsubscription:1\nmessage-id:1\nack:7\n\njob");
    EXPECT_EQ(hear(talk), "BEGIN\ntransaction:naru-1\n\n");
    EXPECT_EQ(hear(talk), "ACK\nid:7\ntransaction:naru-1\n\n");
    EXPECT_EQ(hear(talk), "NACK\nid:7\ntransaction:naru-1\n\n");
    EXPECT_EQ(hear(talk), "SEND\ndestination:/d\ntransaction:naru-1\ncontent-length:4\n\ndone");
    EXPECT_EQ(hear(talk), "COMMIT\ntransaction:naru-1\nreceipt:1\n\n");
    say(talk, "RECEIPT\nreceipt-id:1\n\n");
    EXPECT_EQ(hear(talk), "BEGIN\ntransaction:naru-2\n\n");
    EXPECT_EQ(hear(talk), "ABORT\ntransaction:naru-2\n\n");
    part(talk);
  });
  StompClient client(tcp(server), noting(journal));
  const StompTransaction none = client.begin();
  EXPECT_EQ(none.send("/d", "x"), SendOutcome::closed);
  EXPECT_EQ(none.commit(), SendOutcome::closed);
  client.subscribe("/jobs", [&](const StompMessage& message) {
    const StompTransaction work = client.begin();
    work.ack(message.delivery());
    work.nack(message.delivery());
    work.send("/d", "done");
    work.commit([&](const Result<void>& done) {
      journal.note(in_words(done));
      client.begin().abort();
      client.close();
    });
  });
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "connect 1.2\ndone\ndisconnect: closed\n");
}

TEST(StompClient, TakesAnErrorInsteadOfConnectedAsFinalUnlessTold) {
  const auto refuse = [](Talk& talk) {
    hear(talk);
    say(talk, "ERROR\nmessage:access refused\n\n");
    talk.read_to_end();
  };
  for (const bool retry : {false, true}) {
    Journal journal;
    const RawServer server({refuse, refuse});
    StompClientOptions options = noting(journal);
    options.reconnect.enabled = true;
    options.reconnect.attempts = 1;
    options.retry_refused = retry;
    StompClient client(tcp(server), options);
    EXPECT_EQ(client.run(), 1);
    const std::string once = "error: access refused\nfailure: handshake: ERROR: access refused\n";
    EXPECT_EQ(all_of(journal), retry ? once + once : once);
  }
}

TEST(StompClient, GivesUpBrokersThatBreakTheRules) {
  const auto told = [](std::string_view answer, const auto& change) {
    Journal journal;
    const RawServer server([&](Talk& talk) {
      hear(talk);
      talk.send(answer);
      talk.read_to_end();
    });
    StompClientOptions options = noting(journal);
    change(options);
    StompClient client(tcp(server), options);
    client.subscribe("/a", [](const StompMessage&) {});
    client.run();
    return all_of(journal);
  };
  const auto plain = [](StompClientOptions&) {};
  EXPECT_EQ(told("HTTP/1.1 400 Bad Request\r\n\r\n", plain).substr(0, 8), "failure:");
  EXPECT_EQ(told("MESSAGE\nsubscription:1\n\n\0"s, plain),
            "failure: handshake: a frame before CONNECTED\n");
  EXPECT_EQ(told("CONNECTED\nversion:2.0\n\n\0"s, plain),
            "failure: handshake: a version that was not offered\n");
  EXPECT_EQ(told("", [](StompClientOptions& options) { options.connect_timeout = 10ms; }),
            "failure: handshake: no CONNECTED in time\n");
  const std::string greeting = "CONNECTED\nversion:1.2\n\n\0"s;
  const std::string long_message = "MESSAGE\nsubscription:1\nh:v\n\n12345\0"s;
  EXPECT_NE(
      told(greeting + long_message, [](StompClientOptions& options) { options.body_bytes = 4; })
          .find("\ndisconnect: "),
      std::string::npos);
  EXPECT_NE(told(greeting + long_message,
                 [](StompClientOptions& options) { options.headers_at_most = 1; })
                .find("\ndisconnect: "),
            std::string::npos);
  EXPECT_NE(
      told(greeting + long_message, [](StompClientOptions& options) { options.header_bytes = 12; })
          .find("\ndisconnect: "),
      std::string::npos);
  EXPECT_NE(
      told(greeting + long_message, [](StompClientOptions& options) { options.head_bytes = 26; })
          .find("\ndisconnect: "),
      std::string::npos);
}

TEST(StompClient, BeatsWhenItHasNothingToSay) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    EXPECT_NE(hear(talk).find("heart-beat:20,0\n"), std::string::npos);
    say(talk, "CONNECTED\nversion:1.2\nheart-beat:0,20\n\n");
    EXPECT_EQ(talk.read(2), "\n\n");
  });
  StompClientOptions options = noting(journal);
  options.heartbeat_send = 20ms;
  StompClient client(tcp(server), options);
  EXPECT_EQ(client.run(), 0);
}

TEST(StompClient, LeavesABrokerThatIsSilent) {
  Journal journal;
  const RawServer server([](Talk& talk) {
    EXPECT_NE(hear(talk).find("heart-beat:0,20\n"), std::string::npos);
    say(talk, "CONNECTED\nversion:1.2\nheart-beat:20,0\n\n");
    talk.send("\n");  // one beat, and never again
    talk.read_to_end();
  });
  StompClientOptions options = noting(journal);
  options.heartbeat_receive = 20ms;
  StompClient client(tcp(server), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "connect 1.2\ndisconnect: the broker is silent\n");
}

TEST(StompClient, LeavesBrokersThatReadTooSlowly) {
  Journal journal;
  Journal done;
  const RawServer server([&](Talk& talk) {
    greet(talk);
    done.next();
  });
  StompClientOptions options = noting(journal);
  options.limit = std::size_t{1} << 20U;
  options.on_connect = [&](StompClient& client) {
    EXPECT_EQ(client.send("/a", std::string(std::size_t{64} << 20U, 'x')), SendOutcome::closed);
  };
  StompClient client(tcp(server), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "disconnect: given up\n");
  done.note("");
}

TEST(StompClient, TellsWhenWhatWasBlockedHasLeft) {
  Journal journal;
  Journal go_on;
  const RawServer server([&](Talk& talk) {
    greet(talk);
    go_on.next();
    hear(talk);
    part(talk);
  });
  StompClientOptions options = noting(journal);
  options.limit = std::size_t{64} << 20U;
  options.on_connect = [&](StompClient& client) {
    EXPECT_EQ(client.send("/a", std::string(std::size_t{16} << 20U, 'x')), SendOutcome::blocked);
    go_on.note("");
  };
  options.on_drain = [&](StompClient& client) {
    journal.note("drain");
    client.close();
  };
  StompClient client(tcp(server), options);
  EXPECT_EQ(client.run(), 0);
  EXPECT_EQ(all_of(journal), "drain\ndisconnect: closed\n");
}

TEST(StompClient, RefusesWhatCanNeverWork) {
  for (const char* url : {"stomp://", "stomp://h/vhost", "stomp://me:secret@h", "mqtt://h", "x",
                          "stomp://h:0", "ws://h/#f"}) {
    EXPECT_THROW(StompClient{url}, std::invalid_argument) << url;
  }
  EXPECT_THROW((StompClient{"ws://h", {.headers = {{"Sec-WebSocket-Key", "x"}}}}),
               std::invalid_argument);
  EXPECT_NO_THROW(StompClient{"stomp+ssl://[::1]"});
}

}  // namespace
}  // namespace naru
