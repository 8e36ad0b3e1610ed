// Replays the corpus of the fuzz target, whose function this is.
#include "../../fuzz/http_request.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::http {
namespace {

TEST(HttpRequestCorpus, DecodesTheSameHoweverItIsCut) {
  EXPECT_GE(test::replay_corpus("http_request", LLVMFuzzerTestOneInput), 15U);
}

}  // namespace
}  // namespace naru::http
