#include "client/url.hpp"

#include "base/base64.hpp"

#include <boost/url.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string>

namespace naru::client {
namespace {

namespace urls = boost::urls;

constexpr std::array<Scheme, 4> kHttp{
    {{"ws", false, 80}, {"wss", true, 443}, {"http", false, 80}, {"https", true, 443}}};
constexpr Error kMalformed{Errc::invalid_argument, "a malformed URL"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string text_of(boost::core::string_view view) {
  return {view.data(), view.size()};
}

bool brackets(const std::string& host) {
  return host.find(':') != std::string::npos;
}

// A name as it is asked of the resolver, put into Host, and sought in the certificate: all three
// want plain letters.
bool is_name(const std::string& host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

Result<std::uint16_t> port_of(const urls::url_view& url, std::uint16_t usual) {
  if (!url.has_port() || url.port().empty()) return usual;
  // From its digits: port_number() of what Boost.URL 1.81 has resolved is not to be relied upon.
  const std::string digits = text_of(url.port());
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) {
    return Error{Errc::invalid_argument, "a port beyond 1 to 65535"};
  }
  return port;
}

Result<Url> convert(const urls::url_view& url, std::span<const Scheme> schemes) {
  const std::string name = lower(text_of(url.scheme()));
  const auto scheme = std::find_if(schemes.begin(), schemes.end(),
                                   [&](const Scheme& each) { return each.name == name; });
  if (scheme == schemes.end()) {
    return Error{Errc::invalid_argument, "the URL has a scheme that is not known here"};
  }
  Url out;
  out.secure = scheme->secure;
  if (!url.has_authority()) return Error{Errc::invalid_argument, "a URL without a host"};
  switch (url.host_type()) {
    case urls::host_type::ipv6:
      out.host = url.host_ipv6_address().to_string();
      break;
    case urls::host_type::ipvfuture:
    case urls::host_type::none:
      return kMalformed;
    case urls::host_type::ipv4:
    case urls::host_type::name:
      out.host = lower(url.host_address());
      if (!is_name(out.host)) return Error{Errc::invalid_argument, "a malformed host"};
      break;
  }
  const Result<std::uint16_t> port = port_of(url, scheme->port);
  if (!port) return port.error();
  out.port = *port;
  out.target = text_of(url.encoded_path());
  if (out.target.empty()) out.target = "/";
  // Boost.URL 1.81 lets "h:80x/" pass as a port and a path.
  if (out.target[0] != '/') return kMalformed;
  if (url.has_query()) out.target += "?" + text_of(url.encoded_query());
  if (url.has_userinfo()) out.authorization = basic_authorization(url.user(), url.password());
  return out;
}

}  // namespace

std::string Url::host_field() const {
  const std::string name = brackets(host) ? "[" + host + "]" : host;
  return port == (secure ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string Url::authority() const {
  return (brackets(host) ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string basic_authorization(std::string_view user, std::string_view password) {
  return "Basic " + base64(std::string(user).append(":").append(password));
}

Result<Url> parse_url(std::string_view text) {
  return parse_url(text, kHttp);
}

Url url_or_throw(std::string_view text) {
  Result<Url> url = parse_url(text);
  if (!url) throw std::invalid_argument("naru: " + std::string(url.error().text));
  return *std::move(url);
}

Result<Url> parse_url(std::string_view text, std::span<const Scheme> schemes) {
  const auto url = urls::parse_uri({text.data(), text.size()});
  if (!url) return kMalformed;
  if (url->has_fragment()) return Error{Errc::invalid_argument, "a URL with a fragment"};
  return convert(*url, schemes);
}

Result<Url> follow(const Url& base, std::string_view location) {
  const std::string scheme = base.secure ? "https:" : "http:";
  // "//host/path": Boost.URL 1.81 loses the scheme when it resolves that.
  const std::string whole = (location.starts_with("//") ? scheme : "") + std::string(location);
  const auto reference = urls::parse_uri_reference(whole);
  const std::string base_text = scheme + "//" + base.authority() + base.target;
  const auto from = urls::parse_uri(base_text);
  if (!reference || !from) return kMalformed;
  urls::url out;
  if (!urls::resolve(*from, *reference, out)) return kMalformed;
  out.remove_fragment();
  return convert(out, kHttp);
}

}  // namespace naru::client
