// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/engineio_payload.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(EngineioPayloadCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("engineio_payload", LLVMFuzzerTestOneInput), 5U);
}
