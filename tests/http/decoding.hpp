#pragma once

#include "support/for_each_split.hpp"
#include "support/http_transcript.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace naru::http {

// What a decoder says to `input`; however it is cut, it must say the same.
inline std::string decoded(std::string_view input, const Limits& limits = {}) {
  test::for_each_split(input, [&](const std::vector<std::string>& pieces) {
    return test::http_transcript(pieces, limits);
  });
  return test::http_transcript({std::string(input)}, limits);
}

// The status that refuses `input`, 0 when it is not refused.
inline int refusal(std::string_view input, const Limits& limits = {}) {
  const std::string text = decoded(input, limits);
  const std::size_t at = text.rfind("error ");
  return at == std::string::npos ? 0 : std::stoi(text.substr(at + 6));
}

// A GET of "/" with these field lines, each ending in CRLF, beside its Host.
inline std::string get_with(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

// A request with that request line.
inline std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: h\r\n\r\n";
}

}  // namespace naru::http
