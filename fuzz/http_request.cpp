// HTTP/1.1 requests: however a stream is cut, RequestDecoder must say the same about it. Input: a
// count byte, as many sizes of pieces (used in turn), the stream.
#include "../tests/support/http_transcript.hpp"
#include "base/assert.hpp"
#include "http/static_files.hpp"
#include "http/url.hpp"

#include <algorithm>
#include <cstdint>

namespace {

// Small, so that the limits are reached.
constexpr naru::http::Limits kLimits{
    .head_bytes = 1024, .target_bytes = 128, .fields = 8, .body_bytes = 512};

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

// The rest of the layer takes what a head contains, and more than that here.
void read_as_url(std::string_view text) {
  const auto query = naru::http::Query::parse(text, 16);
  NARU_ASSERT(query.all().size() <= 16);
  if (const auto path = naru::http::relative_path(text)) {
    NARU_ASSERT(("/" + *path).find("/.") == std::string::npos);
  }
  if (const auto origin = naru::http::parse_origin(text)) {
    NARU_ASSERT(!origin->host.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::size_t count =
      std::min<std::size_t>(static_cast<unsigned char>(input[0]) % 16, input.size() - 1);
  const std::string_view sizes = input.substr(1, count);
  const std::string_view stream = input.substr(1 + count);
  const std::string whole = naru::test::http_transcript({std::string(stream)}, kLimits);
  NARU_ASSERT(naru::test::http_transcript(cut(stream, sizes), kLimits) == whole);
  read_as_url(stream);
  return 0;
}
