// Replays the corpus of the fuzz target, whose function this is; renamed, as there are several
// here.
#define LLVMFuzzerTestOneInput fuzz_websocket_negotiation
#include "../../fuzz/websocket_negotiation.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::websocket {
namespace {

TEST(WebSocketNegotiationCorpus, AgreesWithItsOtherRole) {
  EXPECT_GE(naru::test::replay_corpus("websocket_negotiation", LLVMFuzzerTestOneInput), 6U);
}

}  // namespace
}  // namespace naru::websocket
