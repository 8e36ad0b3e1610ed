// HTTP/1.1 answers, as clients read them: however a stream is cut, ResponseDecoder must say the
// same about it. Input: a byte whose low half counts the sizes of pieces and whose top bit tells
// what was asked, these sizes (used in turn), the stream.
#include "../tests/support/response_transcript.hpp"
#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>

namespace {

// Small, so that the limits are reached.
constexpr naru::http::Limits kLimits{.head_bytes = 1024, .fields = 8, .body_bytes = 64};

std::vector<std::string> cut(std::string_view stream, std::string_view sizes) {
  std::vector<std::string> pieces;
  for (std::size_t turn = 0; !stream.empty(); ++turn) {
    std::size_t size = stream.size();
    if (!sizes.empty()) size = static_cast<unsigned char>(sizes[turn % sizes.size()]) + 1U;
    size = std::min(size, stream.size());
    pieces.emplace_back(stream.substr(0, size));
    stream.remove_prefix(size);
  }
  return pieces;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Asked = naru::http::ResponseDecoder::Asked;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const unsigned first = static_cast<unsigned char>(input[0]);
  const Asked asked = (first & 0x80U) != 0 ? Asked::tunnel : Asked::upgrade;
  const std::size_t count = std::min<std::size_t>(first % 16, input.size() - 1);
  const std::string_view stream = input.substr(1 + count);
  const std::string whole = naru::test::response_transcript({std::string(stream)}, kLimits, asked);
  const auto pieces = cut(stream, input.substr(1, count));
  NARU_ASSERT(naru::test::response_transcript(pieces, kLimits, asked) == whole);
  return 0;
}
