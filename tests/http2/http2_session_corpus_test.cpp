// Replays the corpus of the fuzz target, whose function this is.
#include "../../fuzz/http2_session.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::http2 {
namespace {

TEST(Http2SessionCorpus, SaysTheSameHoweverItIsCut) {
  EXPECT_GE(test::replay_corpus("http2_session", LLVMFuzzerTestOneInput), 15U);
}

}  // namespace
}  // namespace naru::http2
