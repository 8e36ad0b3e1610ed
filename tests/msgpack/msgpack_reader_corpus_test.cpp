// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/msgpack_reader.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(MsgpackReaderCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("msgpack_reader", LLVMFuzzerTestOneInput), 17U);
}
