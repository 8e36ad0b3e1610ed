#include "hub/idempotency.hpp"

#include <gtest/gtest.h>

namespace naru::hub {
namespace {

using namespace std::chrono_literals;
using Verdict = Idempotency::Verdict;

Instant at(Duration since_start) {
  return Instant{} + since_start;
}

TEST(Idempotency, AnswersAgainWhatItHasAnswered) {
  Idempotency keys;
  EXPECT_EQ(keys.claim("k", "body", at(0s)).verdict, Verdict::fresh);
  EXPECT_EQ(keys.claim("k", "body", at(1s)).verdict, Verdict::running);
  keys.finish("k", "answer");
  const auto claim = keys.claim("k", "body", at(2s));
  EXPECT_EQ(claim.verdict, Verdict::done);
  EXPECT_EQ(claim.answer, "answer");
  EXPECT_EQ(keys.claim("other", "body", at(2s)).verdict, Verdict::fresh);
}

TEST(Idempotency, TellsAnotherRequestUnderTheSameKey) {
  Idempotency keys;
  keys.claim("k", "body", at(0s));
  EXPECT_EQ(keys.claim("k", "another", at(0s)).verdict, Verdict::other);
  keys.finish("k", "answer");
  EXPECT_EQ(keys.claim("k", "another", at(0s)).verdict, Verdict::other);
}

TEST(Idempotency, ForgetsWhatIsOld) {
  Idempotency keys({.age = 10s});
  keys.claim("k", "body", at(0s));
  keys.finish("k", "answer");
  EXPECT_EQ(keys.claim("k", "body", at(10s)).verdict, Verdict::done);
  EXPECT_EQ(keys.claim("k", "body", at(11s)).verdict, Verdict::fresh);
  EXPECT_EQ(keys.size(), 1U);
}

TEST(Idempotency, KeepsSoManyKeys) {
  Idempotency keys({.keys = 2});
  for (const std::string_view key : {"a", "b", "c"}) keys.claim(key, "body", at(0s));
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys.claim("c", "body", at(0s)).verdict, Verdict::running);
  EXPECT_EQ(keys.claim("a", "body", at(0s)).verdict, Verdict::fresh);
  keys.finish("b", "too late");  // forgotten, and not brought back
  EXPECT_EQ(keys.size(), 2U);
}

}  // namespace
}  // namespace naru::hub
