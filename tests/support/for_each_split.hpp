#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace naru::test {

// Feeds `input` whole, cut in two at every position, and byte by byte. `run(pieces)` decodes the
// pieces with a fresh decoder and returns what it saw; every way of cutting must give the same.
template <class Run>
void for_each_split(std::string_view input, Run run) {
  const auto whole = run(std::vector<std::string>{std::string(input)});
  for (std::size_t cut = 1; cut < input.size(); ++cut) {
    const std::vector<std::string> pieces{std::string(input.substr(0, cut)),
                                          std::string(input.substr(cut))};
    ASSERT_EQ(run(pieces), whole) << "cut at " << cut;
  }
  std::vector<std::string> bytes;
  for (const char byte : input) bytes.emplace_back(1, byte);
  if (!bytes.empty()) {
    ASSERT_EQ(run(bytes), whole) << "byte by byte";
  }
}

}  // namespace naru::test
