// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/json_split.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(JsonSplitCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("json_split", LLVMFuzzerTestOneInput), 6U);
}
