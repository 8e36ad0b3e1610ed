// Replays the corpus of the fuzz target, whose function this is; renamed, as there are several
// here.
#define LLVMFuzzerTestOneInput fuzz_websocket_deflate
#include "../../fuzz/websocket_deflate.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::websocket {
namespace {

TEST(WebSocketDeflateCorpus, IsReadByAStrictPeer) {
  EXPECT_GE(naru::test::replay_corpus("websocket_deflate", LLVMFuzzerTestOneInput), 6U);
}

}  // namespace
}  // namespace naru::websocket
