// Replays the corpus of the fuzz target, whose function this is; renamed, as there are several
// here.
// g++ 12 takes the text of an error that cannot be for a null pointer, with a sanitizer only.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wformat-overflow"
#endif
#define LLVMFuzzerTestOneInput fuzz_websocket_connection
#include "../../fuzz/websocket_connection.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::websocket {
namespace {

TEST(WebSocketConnectionCorpus, SaysTheSameHoweverItIsCut) {
  EXPECT_GE(naru::test::replay_corpus("websocket_connection", LLVMFuzzerTestOneInput), 25U);
}

}  // namespace
}  // namespace naru::websocket
