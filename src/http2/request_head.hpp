#pragma once

#include "http/refusal.hpp"
#include "http/request.hpp"
#include "http/request_decoder.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::http2 {

// The head of one request, field by field as HPACK gives them, made into the Request that
// HTTP/1.1 would have given. The syntax of names, values and pseudo-headers (RFC 9113 8.2, 8.3) is
// judged before.
class RequestHead {
 public:
  // Above the limits nothing more is kept; finish() says so.
  void add(std::string_view name, std::string_view value, const http::Limits& limits);

  // Fills in `request`, whose views point into this head: it stays where it is from now on.
  // A refusal of status 0 is for a malformed request, which is reset and not answered (8.1.1).
  enum class Body : std::uint8_t { none, follows };
  std::optional<http::Refusal> finish(Body body, http::Request& request);

 private:
  enum Pseudo : std::uint8_t { method, scheme, path, authority, protocol, regular };
  struct Piece {
    Pseudo kind;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  static Pseudo kind_of(std::string_view name);
  void collect(http::Request& request, std::string_view& authority_value) const;
  std::optional<http::Refusal> find_host(std::string_view authority_value,
                                         http::Request& request) const;

  std::string text_;  // names and values, one behind the other
  std::vector<Piece> pieces_;
  std::string cookie_;
  std::size_t bytes_ = 0;
  std::optional<http::Refusal> refusal_;
};

}  // namespace naru::http2
