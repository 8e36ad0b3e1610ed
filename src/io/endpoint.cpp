#include "io/listener.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <string_view>

namespace naru::io {
namespace {

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_literal(int family, const std::string& host) {
  in6_addr address{};
  return ::inet_pton(family, host.c_str(), &address) == 1;
}

}  // namespace

std::string Endpoint::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(const std::string& text) {
  constexpr Error bad_port{Errc::invalid_argument, "the port is not a number from 0 to 65535"};
  constexpr Error bad_host{Errc::invalid_argument, "the host is not an address"};
  Endpoint endpoint;
  const std::size_t colon = text.rfind(':');
  if (!parse_port(std::string_view(text).substr(colon == text.npos ? 0 : colon + 1),
                  endpoint.port)) {
    return bad_port;
  }
  if (colon == std::string::npos || colon == 0) return endpoint;
  if (text.front() == '[') {
    if (text[colon - 1] != ']') return bad_host;
    endpoint.host = text.substr(1, colon - 2);
    if (!is_literal(AF_INET6, endpoint.host)) return bad_host;
    return endpoint;
  }
  endpoint.host = text.substr(0, colon);
  if (endpoint.host != "localhost" && !is_literal(AF_INET, endpoint.host)) return bad_host;
  return endpoint;
}

}  // namespace naru::io
