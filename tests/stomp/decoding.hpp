#pragma once

#include "stomp/decoder.hpp"
#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp::testing {

using namespace std::string_view_literals;

// "SEND [destination=/queue/a] body; ...", ending in an error's text when there was one.
inline std::string transcript(const std::vector<std::string>& pieces, Version version,
                              const Limits& limits) {
  Frame scratch;
  Decoder decoder(limits, scratch);
  decoder.set_version(version);
  std::string said;
  for (std::string piece : pieces) {
    Cursor in(piece);
    for (;;) {
      const auto frame = decoder.receive(in);
      if (!frame) return said + "error: " + std::string(frame.error().text);
      if (*frame == nullptr) break;
      said += to_text((*frame)->command);
      for (const Header& header : (*frame)->headers) {
        said.append(" [").append(header.name).append("=").append(header.value).append("]");
      }
      said.append(" ").append((*frame)->body).append(";");
    }
    EXPECT_TRUE(in.empty());
  }
  return said + (decoder.held_bytes() == 0 ? "" : "...");
}

// What a decoder says to `input`; however it is cut, it must say the same.
inline std::string decoded(std::string_view input, Version version = Version::v12,
                           const Limits& limits = {}) {
  test::for_each_split(input, [&](const std::vector<std::string>& pieces) {
    return transcript(pieces, version, limits);
  });
  return transcript({std::string(input)}, version, limits);
}

}  // namespace naru::stomp::testing
