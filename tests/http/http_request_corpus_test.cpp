// Replays the corpus of the fuzz target, whose function this is.
#include "../../fuzz/http_request.cpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace naru::http {
namespace {

TEST(HttpRequestCorpus, DecodesTheSameHoweverItIsCut) {
  const auto folder =
      std::filesystem::path(__FILE__).parent_path() / "../../fuzz/corpus/http_request";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++files;
  }
  EXPECT_GE(files, 15U);
}

}  // namespace
}  // namespace naru::http
