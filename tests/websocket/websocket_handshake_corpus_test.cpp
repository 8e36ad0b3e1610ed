// Replays the corpus of the fuzz target, whose function this is; renamed, as there are several
// here.
#define LLVMFuzzerTestOneInput fuzz_websocket_handshake
#include "../../fuzz/websocket_handshake.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::websocket {
namespace {

TEST(WebSocketHandshakeCorpus, IsAnsweredAsItMayBe) {
  EXPECT_GE(naru::test::replay_corpus("websocket_handshake", LLVMFuzzerTestOneInput), 7U);
}

}  // namespace
}  // namespace naru::websocket
