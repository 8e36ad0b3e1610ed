// socketio.md 2.1.
#include "socketio/packet.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::socketio {
namespace {

std::string encode(PacketType type, std::string_view nsp, std::optional<std::uint64_t> id,
                   std::string_view json, std::size_t attachments = 0) {
  std::string out;
  append_packet(type, nsp, id, json, attachments, out);
  return out;
}

TEST(AppendPacket, WritesTheExamplesOfTheReference) {
  EXPECT_EQ(encode(PacketType::connect, "/", {}, ""), "0");
  EXPECT_EQ(encode(PacketType::connect, "/", {}, R"({"sid":"x"})"), R"(0{"sid":"x"})");
  EXPECT_EQ(encode(PacketType::connect, "/admin", {}, R"({"t":1})"), R"(0/admin,{"t":1})");
  EXPECT_EQ(encode(PacketType::disconnect, "/admin", {}, ""), "1/admin,");
  EXPECT_EQ(encode(PacketType::event, "/", {}, R"(["hello",1])"), R"(2["hello",1])");
  EXPECT_EQ(encode(PacketType::event, "/", 12, R"(["hello"])"), R"(212["hello"])");
  EXPECT_EQ(encode(PacketType::event, "/admin", 12, R"(["hello"])"), R"(2/admin,12["hello"])");
  EXPECT_EQ(encode(PacketType::ack, "/admin", 12, R"(["ok"])"), R"(3/admin,12["ok"])");
  EXPECT_EQ(encode(PacketType::connect_error, "/random", {}, R"({"message":"Invalid namespace"})"),
            R"(4/random,{"message":"Invalid namespace"})");
}

TEST(AppendPacket, TurnsBinaryWithAttachments) {
  EXPECT_EQ(encode(PacketType::event, "/", {}, R"(["file",{"_placeholder":true,"num":0}])", 1),
            R"(51-["file",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(encode(PacketType::ack, "/admin", 7, "[]", 12), "612-/admin,7[]");
}

TEST(ReservedEvent, IsOneOfSix) {
  for (const std::string_view name : {"connect", "connect_error", "disconnect", "disconnecting",
                                      "newListener", "removeListener"}) {
    EXPECT_TRUE(is_reserved_event(name)) << name;
  }
  for (const std::string_view name : {"", "Connect", "connection", "message", "newlistener"}) {
    EXPECT_FALSE(is_reserved_event(name)) << name;
  }
}

}  // namespace
}  // namespace naru::socketio
