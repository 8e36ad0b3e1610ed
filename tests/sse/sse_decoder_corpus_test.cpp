// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/sse_decoder.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(SseDecoderCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("sse_decoder", LLVMFuzzerTestOneInput), 5U);
}
