// stomp.md section 4.
#include "stomp/heartbeat.hpp"

#include <gtest/gtest.h>

namespace naru::stomp {
namespace {

using namespace std::chrono_literals;
using Due = Heartbeat::Due;

Instant at(Duration since_start) {
  return Instant{} + since_start;
}

TEST(StompHeartbeat, ReadsOffers) {
  const auto offer = parse_heartbeat("10000,0");
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->sends, 10s);
  EXPECT_EQ(offer->wants, 0s);
  EXPECT_EQ(to_text(*offer), "10000,0");
  for (const auto* wrong : {"abc", "1", "-1,0", "1,", ",1", "1,2,3", "1, 2", "", "4294967296,0"}) {
    EXPECT_FALSE(parse_heartbeat(wrong)) << wrong;
  }
}

TEST(StompHeartbeat, TakesTheSlowerOfWhatIsOfferedAndWanted) {
  // We send every 2 s at best, the peer wants every 4 s; it sends every 1 s, we want every 8 s.
  Heartbeat heartbeat({2s, 8s}, {1s, 4s}, at(0s));
  EXPECT_EQ(heartbeat.deadline(), at(3s));
  EXPECT_EQ(heartbeat.on_deadline(at(2999ms)), Due::nothing);
  EXPECT_EQ(heartbeat.on_deadline(at(3s)), Due::send_beat);
  heartbeat.on_sent(at(15s));
  EXPECT_EQ(heartbeat.deadline(), at(17s));
  EXPECT_EQ(heartbeat.on_deadline(at(17s)), Due::peer_dead);
}

TEST(StompHeartbeat, CountsAnyByteAsLife) {
  Heartbeat heartbeat({0s, 1s}, {1s, 0s}, at(0s));
  EXPECT_EQ(heartbeat.deadline(), at(3s));
  heartbeat.on_received(at(2s));
  EXPECT_EQ(heartbeat.on_deadline(at(4s)), Due::nothing);
  EXPECT_EQ(heartbeat.on_deadline(at(5s)), Due::peer_dead);
}

TEST(StompHeartbeat, OwesNothingWhenOneSideDoesNotCare) {
  EXPECT_EQ(Heartbeat({1s, 1s}, {0ms, 0ms}, at(0s)).deadline(), kNever);
  EXPECT_EQ(Heartbeat({0ms, 0ms}, {1s, 1s}, at(0s)).deadline(), kNever);
  EXPECT_EQ(Heartbeat().deadline(), kNever);
  EXPECT_EQ(Heartbeat().on_deadline(at(1000h)), Due::nothing);
}

}  // namespace
}  // namespace naru::stomp
