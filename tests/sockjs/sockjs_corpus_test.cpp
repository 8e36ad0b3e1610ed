// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/sockjs.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(SockJsCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("sockjs", LLVMFuzzerTestOneInput), 5U);
}
