#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace naru::test {

// Gives every file of fuzz/corpus/<name>/ to `run` (LLVMFuzzerTestOneInput); how many there were.
inline std::size_t replay_corpus(std::string_view name,
                                 int (*run)(const std::uint8_t*, std::size_t)) {
  std::size_t files = 0;
  const auto corpus = std::filesystem::path(NARU_CORPUS) / name;  // of tests/CMakeLists.txt
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++files;
  }
  return files;
}

}  // namespace naru::test
