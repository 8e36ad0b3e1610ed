// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/stomp_session.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(StompSessionCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("stomp_session", LLVMFuzzerTestOneInput), 6U);
}
