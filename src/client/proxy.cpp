#include "client/proxy.hpp"

#include "http/request.hpp"
#include "io/resolver.hpp"

#include <algorithm>
#include <charconv>

namespace naru::client {
namespace {

Result<std::optional<Url>> parse_proxy(std::string_view text) {
  std::string url(text);
  if (url.find("://") == std::string::npos) url.insert(0, "http://");  // as variables spell it
  if (url.starts_with("socks")) return Error{Errc::unsupported, "SOCKS proxies are not supported"};
  NARU_TRY(Url proxy, parse_url(url));
  if (proxy.secure) return Error{Errc::unsupported, "proxies over TLS are not supported"};
  return std::optional(std::move(proxy));
}

// The first of these that is set, and not empty.
std::string_view find_variable(const Environment& environment,
                               std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = environment(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

bool same_bits(const io::PeerAddress& a, const io::PeerAddress& b, unsigned bits) {
  for (std::size_t i = 0; i < a.bytes.size() && bits > 0; ++i) {
    const unsigned here = std::min(bits, 8U);
    const unsigned mask = 0xffU << (8 - here) & 0xffU;
    if ((a.bytes[i] & mask) != (b.bytes[i] & mask)) return false;
    bits -= here;
  }
  return true;
}

// "10.0.0.0/8", "fe80::/10"; or an address by itself.
bool in_network(std::string_view network, const io::PeerAddress& address) {
  const std::size_t slash = std::min(network.find('/'), network.size());
  const auto base = io::parse_address(std::string(network.substr(0, slash)));
  if (!base || base->is_ipv4() != address.is_ipv4()) return false;
  unsigned bits = base->is_ipv4() ? 32 : 128;
  if (slash < network.size()) {
    const char* end = network.data() + network.size();
    unsigned given = 0;
    const auto [stop, error] = std::from_chars(network.data() + slash + 1, end, given);
    if (error != std::errc{} || stop != end || given > bits) return false;
    bits = given;
  }
  return same_bits(*base, address, base->is_ipv4() ? 96 + bits : bits);
}

// "example.org" and ".example.org" both stand for the domain and what is below it.
bool in_domain(std::string_view domain, std::string_view host) {
  if (domain.starts_with("*.")) domain.remove_prefix(1);
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty() || host.size() < domain.size()) return false;
  if (!http::iequals(host.substr(host.size() - domain.size()), domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

bool is_listed(std::string_view no_proxy, const std::string& host) {
  const auto address = io::parse_address(host);
  bool listed = false;
  http::for_each_element(no_proxy, [&](std::string_view element) {
    if (element == "*") {
      listed = true;
    } else {
      listed = listed || (address ? in_network(element, *address) : in_domain(element, host));
    }
  });
  return listed;
}

Result<std::optional<Url>> choose_proxy(const ProxyOptions& options, const Url& to,
                                        const Environment& environment) {
  if (!options.url.empty()) return parse_proxy(options.url);
  if (!options.from_environment) return std::optional<Url>();
  if (is_listed(find_variable(environment, {"no_proxy", "NO_PROXY"}), to.host)) {
    return std::optional<Url>();
  }
  // HTTP_PROXY is what a CGI program's client says in a header "Proxy": never believed.
  const std::string_view url =
      to.secure
          ? find_variable(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
          : find_variable(environment, {"http_proxy", "all_proxy", "ALL_PROXY"});
  if (url.empty()) return std::optional<Url>();
  return parse_proxy(url);
}

std::string encode_connect(const Url& to, const Url& proxy) {
  const std::string authority = to.authority();
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!proxy.authorization.empty()) {
    request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  }
  return request + "\r\n";
}

}  // namespace naru::client
