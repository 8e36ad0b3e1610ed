// permessage-deflate on plain routes: what is compressed, and once for how many (websocket.md 9).
#include "support/test_server.hpp"
#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"
#include "websocket/deflate_negotiation.hpp"

#include <future>
#include <optional>
#include <string>
#include <vector>

namespace naru::test {
namespace {

// A client that may compress, and shows the frames as they came.
class DeflatePeer {
 public:
  DeflatePeer(std::uint16_t port, const std::string& offer) : peer_(port) {
    const std::string field = offer.empty() ? "" : "Sec-WebSocket-Extensions: " + offer + "\r\n";
    const Answer answer = peer_.open("/ws", field);
    EXPECT_EQ(answer.status, 101);
    answer_ = answer.field("sec-websocket-extensions");
    if (answer_.empty()) return;
    websocket::DeflateConfig config{.mode = websocket::DeflateConfig::Mode::dedicated};
    const auto extensions = websocket::parse_extensions(answer_);
    const auto agreed = websocket::judge_deflate(*extensions, config);
    EXPECT_TRUE(agreed && *agreed) << answer_;
    if (agreed && *agreed) connection_.use_deflate(**agreed, pool_);
  }

  const std::string& answer() const { return answer_; }
  WebSocketPeer& raw() { return peer_; }
  // The next message; frame() is what it came as.
  std::string hear() {
    frame_ = peer_.read(2);
    if (frame_.size() < 2) return "end";
    std::size_t size = static_cast<unsigned char>(frame_[1]);
    if (size >= 126) {
      const std::string length = peer_.read(size == 126 ? 2 : 8);
      frame_ += length;
      size = 0;
      for (const char c : length) size = size << 8U | static_cast<unsigned char>(c);
    }
    frame_ += peer_.read(size);
    std::string bytes = frame_;
    Cursor in({bytes.data(), bytes.size()});
    const auto event = connection_.receive(in, out_);
    EXPECT_TRUE(event && *event);
    if (!event || !*event) return "broken";
    return {(*event)->payload.data(), (*event)->payload.size()};
  }
  const std::string& frame() const { return frame_; }
  bool compressed() const { return (static_cast<unsigned char>(frame_[0]) & 0x40U) != 0; }

 private:
  WebSocketPeer peer_;
  std::string answer_;
  std::string frame_;
  websocket::Limits limits_{};
  SystemRandom masks_;
  websocket::DeflatePool pool_;
  websocket::Connection connection_{websocket::Role::client, limits_, &masks_};
  ChunkPool chunks_;
  SendQueue out_{chunks_};
};

const std::string kOffer = "permessage-deflate; client_max_window_bits";

// Long enough, and each another one.
std::string story(int number) {
  std::string text = std::to_string(number);
  while (text.size() < 3000)
    text +=
        " and then there were " + std::to_string(text.size() + static_cast<std::size_t>(number));
  return text;
}

class WebSocketCompression : public ::testing::Test {
 protected:
  // Subscribes everybody to "news", and echoes.
  void start(Compression compression) {
    server.server.websocket("/ws", {.on_open =
                                        [](WebSocket& ws) {
                                          ws.subscribe("news");
                                          ws.send(text("open"));
                                        },
                                    .on_message =
                                        [](WebSocket& ws, Message message) {
                                          ws.send(message, {.compress = !message.binary});
                                        },
                                    .compression = compression});
    server.start();
  }
  DeflatePeer open(const std::string& offer = kOffer) { return {server.port, offer}; }
  void publish(std::string_view message, bool compress = true) {
    std::promise<void> done;
    server.server.topic("news").publish(
        text(message),
        {.compress = compress, .on_done = [&](const PublishOutcome&) { done.set_value(); }});
    done.get_future().wait();
  }

  TestServer server;
};

TEST_F(WebSocketCompression, IsSharedByDefault) {
  start({});
  DeflatePeer peer = open();
  EXPECT_NE(peer.answer().find("server_no_context_takeover"), std::string::npos);
  EXPECT_EQ(peer.hear(), "open");
  EXPECT_FALSE(peer.compressed()) << "below the threshold";
  peer.raw().say(story(1));
  EXPECT_EQ(peer.hear(), story(1));
  EXPECT_TRUE(peer.compressed());
  EXPECT_LT(peer.frame().size(), 1000U);
  peer.raw().say_binary(story(2));
  EXPECT_EQ(peer.hear(), story(2));
  EXPECT_FALSE(peer.compressed()) << "sent with compress = false";
  DeflatePeer without = open("");
  EXPECT_EQ(without.answer(), "");
}

TEST_F(WebSocketCompression, CanBeOff) {
  start({.mode = Compression::Mode::off});
  EXPECT_EQ(open().answer(), "");
}

TEST_F(WebSocketCompression, KeepsTheWindowThatItIsTold) {
  start({.mode = Compression::Mode::dedicated, .window_bits = 10});
  EXPECT_NE(open("permessage-deflate").answer().find("server_max_window_bits=10"),
            std::string::npos);
}

TEST_F(WebSocketCompression, OfAPublicationIsTheSameForAllWhoAgreedOnTheSame) {
  start({});
  DeflatePeer a = open(), b = open(), small = open("permessage-deflate; server_max_window_bits=9"),
              plain = open("");
  for (DeflatePeer* peer : {&a, &b, &small, &plain}) EXPECT_EQ(peer->hear(), "open");
  publish(story(1));
  for (DeflatePeer* peer : {&a, &b, &small, &plain}) EXPECT_EQ(peer->hear(), story(1));
  EXPECT_TRUE(a.compressed());
  EXPECT_EQ(a.frame(), b.frame());
  EXPECT_TRUE(small.compressed());
  EXPECT_FALSE(plain.compressed());
  publish("short");
  for (DeflatePeer* peer : {&a, &b, &small, &plain}) {
    EXPECT_EQ(peer->hear(), "short");
    EXPECT_FALSE(peer->compressed());
  }
  publish(story(2), false);
  for (DeflatePeer* peer : {&a, &b, &small, &plain}) {
    EXPECT_EQ(peer->hear(), story(2));
    EXPECT_FALSE(peer->compressed());
  }
}

// Shared frames pass through contexts of their own (websocket.md 9.5).
TEST_F(WebSocketCompression, OfPublicationsMixesWithContexts) {
  start({.mode = Compression::Mode::dedicated, .threshold = 64});
  DeflatePeer a = open(), b = open("permessage-deflate; server_max_window_bits=11"),
              c = open("permessage-deflate; server_no_context_takeover");
  const std::vector<DeflatePeer*> peers{&a, &b, &c};
  for (DeflatePeer* peer : peers) EXPECT_EQ(peer->hear(), "open");
  for (int i = 0; i < 200; ++i) {
    if (i % 3 != 0) {
      for (DeflatePeer* peer : peers) {
        peer->raw().say(story(i));
        ASSERT_EQ(peer->hear(), story(i)) << i;
        ASSERT_TRUE(peer->compressed());
      }
    } else {
      publish(story(i / 7));
      for (DeflatePeer* peer : peers) ASSERT_EQ(peer->hear(), story(i / 7)) << i;
    }
  }
}

// What a slow consumer does not get, its compressor has not seen either.
TEST(WebSocketCompressionOfSlowConsumers, StaysRightWhenMessagesAreDropped) {
  Journal journal;
  TestServer server;
  const auto noise = [](int number) {  // does not shrink much
    std::string text = std::to_string(number) + " ";
    std::uint64_t state = static_cast<std::uint64_t>(number) + 1;
    while (text.size() < 60'000) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      text += static_cast<char>('0' + (state >> 33U) % 64);
    }
    return text;
  };
  server.server.websocket("/ws", {.on_message =
                                      [&](WebSocket& ws, Message) {
                                        ws.subscribe("news");
                                        for (int n = 0; server.server.stats().dropped < 50; ++n) {
                                          const std::string message = noise(n);
                                          ws.send(text(message));
                                          server.server.topic("news").publish(text(message));
                                        }
                                        ws.send(text("the last"));
                                        journal.note("flooded");
                                      },
                                  .compression = {.mode = Compression::Mode::dedicated},
                                  .limit = 1'000'000,
                                  .slow_consumer = SlowConsumer::drop_oldest});
  server.start();
  DeflatePeer peer(server.port, kOffer);
  peer.raw().say("flood");
  EXPECT_EQ(journal.next(), "flooded");
  std::string heard = peer.hear();
  for (int count = 0; heard != "the last" && heard != "end"; ++count) {
    ASSERT_TRUE(peer.compressed());
    ASSERT_EQ(heard, noise(std::stoi(heard))) << count;
    heard = peer.hear();
  }
  EXPECT_EQ(heard, "the last");
}

}  // namespace
}  // namespace naru::test
