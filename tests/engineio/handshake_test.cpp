// socketio.md 1.3 and 1.5.
#include "engineio/handshake.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

namespace naru::engineio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string open_text(bool upgrade) {
  std::string out;
  append_open({.sid = "lv_VI97HAXpY6yYWAAAC",
               .upgrade_to_websocket = upgrade,
               .ping_interval = seconds(25),
               .ping_timeout = seconds(20),
               .max_payload = 1'000'000},
              out);
  return out;
}

TEST(OpenPacket, HasTheKeysInTheOrderOfTheReference) {
  EXPECT_EQ(open_text(true),
            R"(0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,)"
            R"("pingTimeout":20000,"maxPayload":1000000})");
  EXPECT_EQ(open_text(true).size(), 118U);
  EXPECT_EQ(open_text(false).size(), 107U);
}

TEST(OpenPacket, CountsInMilliseconds) {
  std::string out;
  append_open({.sid = "x", .ping_interval = milliseconds(300), .ping_timeout = milliseconds(200)},
              out);
  EXPECT_EQ(out,
            R"(0{"sid":"x","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":0})");
}

TEST(Sid, NamesItsLoop) {
  SeededRandom random(1);
  for (unsigned loop = 0; loop < 4096; ++loop) {
    const std::string sid = make_sid(loop, random);
    ASSERT_EQ(sid.size(), kSidSize);
    ASSERT_EQ(
        sid.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        std::string::npos);
    ASSERT_EQ(loop_of_sid(sid), static_cast<int>(loop));
  }
}

TEST(Sid, IsKnownByItsForm) {
  EXPECT_EQ(loop_of_sid("AAAAAAAAAAAAAAAAAAAA"), 0);
  EXPECT_EQ(loop_of_sid("__AAAAAAAAAAAAAAAAAA"), 4095);
  for (const std::string_view sid :
       {"", "AAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAA+AAAAAAAAA",
        "=AAAAAAAAAAAAAAAAAAA", "__proto__", "constructor", "AAAAAAAAAAAAAAAAAAA\xff"}) {
    EXPECT_EQ(loop_of_sid(sid), -1) << sid;
  }
}

// Random bytes that are all the same, to see which bits of an id come from them.
class ConstantRandom final : public Random {
 public:
  explicit ConstantRandom(unsigned char byte) : byte_(byte) {}
  void fill(std::span<unsigned char> out) override {
    for (unsigned char& byte : out) byte = byte_;
  }

 private:
  unsigned char byte_;
};

TEST(Sid, Cve201716031TakesAllButTheLoopFromTheGenerator) {
  ConstantRandom zeros(0x00);
  ConstantRandom ones(0xff);
  EXPECT_EQ(make_sid(0, zeros), "AAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(make_sid(0, ones), "AA__________________");  // 18 characters: 108 bits
  SeededRandom random(7);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(make_sid(3, random));
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(CustomSid, NamesItsLoopInFrontOfTheApplicationsId) {
  EXPECT_EQ(make_custom_sid(65, "order-7"), "BBorder-7");
  EXPECT_EQ(loop_of_custom_sid("BBorder-7"), 65);
  EXPECT_EQ(loop_of_custom_sid("BBx"), 65);
  for (const std::string& id : {std::string(), std::string("a b"), std::string("a/b"),
                                std::string("\xff"), std::string(65, 'a')}) {
    EXPECT_EQ(make_custom_sid(0, id), "") << id;
    EXPECT_EQ(loop_of_custom_sid("AA" + id), -1) << id;
  }
}

TEST(RequestError, HasTheCodesAndTextsOfTheReference) {
  EXPECT_EQ(error_body(RequestError::unknown_transport),
            R"({"code":0,"message":"Transport unknown"})");
  EXPECT_EQ(error_body(RequestError::unknown_sid), R"({"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(error_body(RequestError::bad_method), R"({"code":2,"message":"Bad handshake method"})");
  EXPECT_EQ(error_body(RequestError::bad_request), R"({"code":3,"message":"Bad request"})");
  EXPECT_EQ(error_body(RequestError::forbidden), R"({"code":4,"message":"Forbidden"})");
  EXPECT_EQ(error_body(RequestError::unsupported_version),
            R"({"code":5,"message":"Unsupported protocol version"})");
}

TEST(RequestError, MaySayAnotherText) {
  EXPECT_EQ(error_body(RequestError::forbidden, "not \"you\""),
            R"({"code":4,"message":"not \"you\""})");
}

TEST(RequestError, IsABadRequestUnlessForbidden) {
  EXPECT_EQ(error_status(RequestError::forbidden), 403);
  EXPECT_EQ(error_status(RequestError::unknown_sid), 400);
  EXPECT_EQ(error_status(RequestError::unsupported_version), 400);
}

}  // namespace
}  // namespace naru::engineio
