// Replays the corpus of the fuzz target, whose function this is; it aborts where a promise breaks.
#include "../../fuzz/socketio_decoder.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(SocketioDecoderCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("socketio_decoder", LLVMFuzzerTestOneInput), 7U);
}
