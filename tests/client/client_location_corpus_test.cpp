// Replays the corpus of the fuzz target, whose function this is.
#include "../../fuzz/client_location.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::client {
namespace {

TEST(ClientLocationCorpus, MakesUrlsThatCanBeSent) {
  EXPECT_GE(test::replay_corpus("client_location", LLVMFuzzerTestOneInput), 16U);
}

}  // namespace
}  // namespace naru::client
