// Replays the corpus of the fuzz target, whose function this is; renamed, as there are two here.
#define LLVMFuzzerTestOneInput fuzz_stomp_relay
#include "../../fuzz/stomp_relay.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

TEST(StompRelayCorpus, TellsTheBrokerWhatItHasUnderstood) {
  EXPECT_GE(naru::test::replay_corpus("stomp_relay", LLVMFuzzerTestOneInput), 6U);
}
