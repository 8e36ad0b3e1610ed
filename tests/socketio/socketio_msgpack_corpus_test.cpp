// Replays the corpus of the fuzz target, whose function this is; renamed, as there is one more
// here. It aborts where a promise breaks.
#define LLVMFuzzerTestOneInput fuzz_socketio_msgpack
#include "../../fuzz/socketio_msgpack.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(SocketioMsgpackCorpus, KeepsItsPromises) {
  EXPECT_GE(naru::test::replay_corpus("socketio_msgpack", LLVMFuzzerTestOneInput), 10U);
}
