// Replays the corpus of the fuzz target, whose function this is; renamed, as there is one more
// here.
#define LLVMFuzzerTestOneInput fuzz_http_response
#include "../../fuzz/http_response.cpp"
#include "support/replay_corpus.hpp"

#include <gtest/gtest.h>

namespace naru::http {
namespace {

TEST(HttpResponseCorpus, DecodesTheSameHoweverItIsCut) {
  EXPECT_GE(test::replay_corpus("http_response", LLVMFuzzerTestOneInput), 14U);
}

}  // namespace
}  // namespace naru::http
