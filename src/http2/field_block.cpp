#include "http2/field_block.hpp"

#include "http/request.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace naru::http2 {
namespace {

// Fields that mean something between two hops of HTTP/1.1 only (RFC 9113 8.2.2), and the length,
// which is ours to say.
bool is_left_out(std::string_view name) {
  constexpr std::array<std::string_view, 6> names = {"connection",        "upgrade",
                                                     "transfer-encoding", "proxy-connection",
                                                     "keep-alive",        "content-length"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view each) { return http::iequals(each, name); });
}

}  // namespace

FieldBlock::FieldBlock(int status, const http::Response& response) {
  fields_.reserve(response.fields.size() + 2);
  add(":status", std::to_string(status));
  for (const auto& [name, value] : response.fields) {
    if (is_left_out(name) || !http::is_token(name) || !http::is_field_value(value)) continue;
    add(name, value);
  }
}

void FieldBlock::add(std::string_view name, std::string_view value) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  fields_.emplace_back(std::move(lower), value);
}

std::vector<nghttp2_nv> FieldBlock::native() {
  std::vector<nghttp2_nv> values;
  values.reserve(fields_.size());
  for (auto& [name, value] : fields_) {
    values.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                      reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                      NGHTTP2_NV_FLAG_NONE});
  }
  return values;
}

}  // namespace naru::http2
