// SocketIoOptions::parser: MessagePack, and parsers of users.
#include "naru/fields.hpp"
#include "naru/parser.hpp"
#include "support/socketio_peer.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace naru::test {
namespace {

// Packets as "type|nsp|id|json", as text; counts what it is asked to encode. What begins with '+'
// is held until the next message, "throw" throws.
class LineParser final : public PacketParser {
 public:
  class Decoder final : public PacketDecoder {
   public:
    Result<std::optional<PacketView>> receive(Message message, PacketBuffer& buffer) override {
      if (message.data == "throw") throw std::runtime_error("the user's decoder");
      if (message.data.starts_with('+')) {
        held_ = message.data.substr(1);
        return std::optional<PacketView>();
      }
      buffer.text = std::exchange(held_, {}) + std::string(message.data);
      std::string_view rest = buffer.text;
      const auto take = [&rest] {
        const std::string_view word = rest.substr(0, rest.find('|'));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        return word;
      };
      const std::string_view type = take();
      if (type.size() != 1) return Error{Errc::bad_packet, "no line"};
      PacketView packet{.type = static_cast<PacketView::Type>(type.front() - '0'), .nsp = take()};
      const std::string_view id = take();
      if (!id.empty()) packet.id = std::stoull(std::string(id));
      packet.data = {rest};
      return std::optional(packet);
    }

   private:
    std::string held_;
  };

  std::unique_ptr<PacketDecoder> make_decoder() const override {
    return std::make_unique<Decoder>();
  }
  void encode(const PacketView& packet, std::vector<PacketMessage>& out) const override {
    ++encoded;
    if (packet.data.text.find("unspeakable") != std::string_view::npos) {
      throw std::runtime_error("the user's encoder");
    }
    std::string line = std::to_string(static_cast<int>(packet.type));
    line.append("|").append(packet.nsp).append("|");
    if (packet.id) line += std::to_string(*packet.id);
    line.append("|").append(packet.data.text);
    out.push_back({std::move(line), false});
  }

  mutable std::atomic<int> encoded{0};
};

class SocketIoParser : public ::testing::Test {
 protected:
  SocketIoParser() {
    options.parser = lines;
    options.recovery.enabled = false;
  }
  Namespace& root() { return server.server.socketio("/socket.io/", options).root(); }
  WebSocketPeer join() {
    WebSocketPeer peer(server.port, "/socket.io/?EIO=4&transport=websocket");
    EXPECT_TRUE(peer.hear().starts_with("0{"));
    peer.say("40|/||");
    EXPECT_TRUE(peer.hear().starts_with("40|/||{\"sid\":"));
    return peer;
  }

  std::shared_ptr<LineParser> lines = std::make_shared<LineParser>();
  SocketIoOptions options;
  Journal journal;
  TestServer server;
};

TEST_F(SocketIoParser, OfAUserCarriesEverything) {
  Namespace& nsp = root();
  nsp.on("add", [](Socket&, int a, int b) { return a + b; });
  nsp.on("leave", [](Socket& socket) { socket.disconnect(); });
  server.start();
  WebSocketPeer peer = join();
  peer.say("42|/|7|[\"add\",2,3]");
  EXPECT_EQ(peer.hear(), "43|/|7|[5]");
  peer.say("40|/nowhere||");
  EXPECT_EQ(peer.hear(), "44|/nowhere||{\"message\":\"Invalid namespace\"}");
  peer.say("42|/||[\"leave\"]");
  EXPECT_EQ(peer.hear(), "41|/||");
}

TEST_F(SocketIoParser, OfAUserMayHoldAPacket) {
  root().on("say", [](Socket& socket, const std::string& text) { socket.emit("said", text); });
  server.start();
  WebSocketPeer peer = join();
  peer.say("4+2|/||[\"say\",");
  peer.say("4\"hello\"]");
  EXPECT_EQ(peer.hear(), "42|/||[\"said\",\"hello\"]");
}

TEST_F(SocketIoParser, BroadcastIsEncodedOnceForAll) {
  Namespace& nsp = root();
  nsp.on("all", [&nsp](Socket&) { nsp.emit("heard", 1); });
  server.start();
  std::vector<WebSocketPeer> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(join());
  const int before = lines->encoded;
  peers.front().say("42|/||[\"all\"]");
  for (WebSocketPeer& peer : peers) EXPECT_EQ(peer.hear(), "42|/||[\"heard\",1]");
  EXPECT_EQ(lines->encoded, before + 1);
}

TEST_F(SocketIoParser, IsHeldToTheRulesOfText) {
  root().on("a", [](Socket&) {});
  server.start();
  for (const std::string_view bad :
       {"4no line", "42|/||[\"connect\"]", "42|/||{}", "42|/||[", "42|/||", "43|/||[]",
        "42|||[\"a\"]", "42|/|9007199254740992|[\"a\"]", "4throw", "44|/||{}"}) {
    WebSocketPeer peer = join();
    peer.say(bad);
    EXPECT_EQ(peer.hear_close().substr(0, 5), "close") << bad;
  }
}

TEST_F(SocketIoParser, ThatThrowsSendsNothing) {
  Namespace& nsp = root();
  nsp.on("try", [&nsp](Socket& socket) {
    socket.emit("one", "unspeakable");
    nsp.emit("all", "unspeakable");
    socket.emit("one", "done");
  });
  server.start();
  WebSocketPeer peer = join();
  peer.say("42|/||[\"try\"]");
  EXPECT_EQ(peer.hear(), "42|/||[\"one\",\"done\"]");
}

// ---- MessagePack

constexpr std::string_view kConnect("\x82\xa4type\x00\xa3nsp\xa1/", 13);

TEST_F(SocketIoParser, MsgpackTakesAndGivesTypedValues) {
  options.parser = msgpack_parser();
  root().on("twice", [](Socket&, Bytes bytes, int n) {
    Bytes twice = bytes;
    twice.insert(twice.end(), bytes.begin(), bytes.end());
    return std::pair(twice, 2 * n);
  });
  server.start();
  WebSocketPeer peer(server.port, "/socket.io/?EIO=4&transport=websocket");
  EXPECT_TRUE(peer.hear().starts_with("0{"));
  peer.say_binary(kConnect);
  EXPECT_TRUE(peer.hear().starts_with("binary:\x83\xa4type"));
  peer.say_binary(
      "\x84\xa4type\x02\xa4"
      "data\x93\xa5twice\xc4\x02hi\x07\xa2id\x01\xa3nsp\xa1/");
  EXPECT_EQ(peer.hear(),
            "binary:\x84\xa2id\x01\xa4type\x03\xa4"
            "data\x91\x92\xc4\x04hihi\x0e\xa3nsp\xa1/");
}

TEST_F(SocketIoParser, MsgpackThatIsMalformedEndsItsOwnSessionOnly) {
  options.parser = msgpack_parser();
  Namespace& nsp = root();
  nsp.on_disconnect([this](Socket&, std::string_view why) { journal.note(std::string(why)); });
  nsp.on("n", [](Socket&, int n) { return n; });
  server.start();
  const auto open = [this] {
    WebSocketPeer peer(server.port, "/socket.io/?EIO=4&transport=websocket");
    EXPECT_TRUE(peer.hear().starts_with("0{"));
    peer.say_binary(kConnect);
    EXPECT_TRUE(peer.hear().starts_with("binary:"));
    return peer;
  };
  WebSocketPeer other = open();
  for (const std::string_view bad :
       {std::string_view("\xc1"), std::string_view("\xdd\xff\xff\xff\xff"),
        std::string_view("\x83\xa4type\x02\xa4"
                         "data\xdb\xff\xff\xff\xff"),
        kConnect.substr(0, 7), kConnect}) {
    WebSocketPeer peer = open();
    peer.say_binary(bad);
    EXPECT_EQ(peer.hear_close().substr(0, 5), "close");
    EXPECT_EQ(journal.next(), "forced close");
  }
  other.say_binary(
      "\x84\xa4type\x02\xa4"
      "data\x92\xa1n\x07\xa2id\x01\xa3nsp\xa1/");
  EXPECT_EQ(other.hear(),
            "binary:\x84\xa2id\x01\xa4type\x03\xa4"
            "data\x91\x07\xa3nsp\xa1/");
}

}  // namespace
}  // namespace naru::test
