// The Location of a redirect, and any URL: what comes of one can stand in a request, in a CONNECT,
// and be parsed again to the same.
#include "base/assert.hpp"
#include "client/url.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace {

using naru::client::Url;

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void check(const Url& url) {
  NARU_ASSERT(url.port != 0);
  NARU_ASSERT(!url.host.empty() && is_visible(url.host));
  NARU_ASSERT(url.host.find_first_of("/?#@[]%") == std::string::npos);
  NARU_ASSERT(url.target.starts_with('/') && is_visible(url.target));
  NARU_ASSERT(url.target.find('#') == std::string::npos);
  NARU_ASSERT(is_visible(url.authorization.substr(0, 5)));
  const std::string text = (url.secure ? "wss://" : "ws://") + url.authority() + url.target;
  const auto again = naru::client::parse_url(text);
  NARU_ASSERT(again && again->same_origin(url) && again->target == url.target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto url = naru::client::parse_url(input);
  if (url) check(*url);
  static const Url base = *naru::client::parse_url("wss://example.org:8443/a/b/c?d");
  if (const auto next = naru::client::follow(base, input)) check(*next);
  return 0;
}
