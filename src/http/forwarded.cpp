#include "http/forwarded.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace naru::http {
namespace {

constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lowered(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Cuts at `separator`, but not inside quotes (RFC 9110 5.6.4). nullopt: a quote stays open.
std::optional<std::vector<std::string_view>> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == separator) {
      parts.push_back(trimmed(text.substr(from, i - from)));
      from = i + 1;
    }
  }
  if (quoted) return std::nullopt;
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  std::string text;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    text += value[i];
  }
  return text;
}

// "192.0.2.1:4711", "[2001:db8::1]:4711", "[2001:db8::1]" and what has no port.
std::string without_port(std::string_view node) {
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    return std::string(end == std::string_view::npos ? node : node.substr(1, end - 1));
  }
  const auto colon = node.find(':');
  const bool one =
      colon != std::string_view::npos && node.find(':', colon + 1) == std::string_view::npos;
  return std::string(one ? node.substr(0, colon) : node);
}

// The elements of a list that may stand in several fields of that name; none when malformed.
std::vector<std::string_view> elements(const Request& request, std::string_view name) {
  std::vector<std::string_view> all;
  for (const Field& field : request.fields) {
    if (!iequals(field.name, name)) continue;
    const auto parts = split(field.value, ',');
    if (!parts) return {};
    for (const std::string_view part : *parts) {
      if (!part.empty()) all.push_back(part);  // RFC 9110 5.6.1.2
    }
  }
  if (all.size() > kHopsAtMost) {
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(kHopsAtMost));
  }
  return all;
}

std::optional<Hop> parse_hop(std::string_view element) {
  const auto pairs = split(element, ';');
  if (!pairs) return std::nullopt;
  Hop hop;
  for (const std::string_view pair : *pairs) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = trimmed(pair.substr(0, equals));
    const std::string value = unquoted(trimmed(pair.substr(equals + 1)));
    if (iequals(name, "for")) {
      hop.address = without_port(value);
    } else if (iequals(name, "proto")) {
      hop.scheme = lowered(value);
    } else if (iequals(name, "host")) {
      hop.host = value;
    }
  }
  return hop;
}

// The element that belongs to the hop at `index` of `count`: lists are as long as the chain, or one
// proxy has written the only one.
std::string_view beside(const std::vector<std::string_view>& list, std::size_t index,
                        std::size_t count) {
  if (list.empty()) return {};
  const std::size_t from_right = count - 1 - index;
  return from_right < list.size() ? list[list.size() - 1 - from_right] : list.front();
}

}  // namespace

std::vector<Hop> forwarded_hops(const Request& request) {
  std::vector<Hop> hops;
  for (const std::string_view element : elements(request, "Forwarded")) {
    std::optional<Hop> hop = parse_hop(element);
    if (!hop) return {};
    hops.push_back(*std::move(hop));
  }
  return hops;
}

std::vector<Hop> x_forwarded_hops(const Request& request) {
  const auto addresses = elements(request, "X-Forwarded-For");
  const auto schemes = elements(request, "X-Forwarded-Proto");
  const auto hosts = elements(request, "X-Forwarded-Host");
  // Without addresses a proxy may still say what its own connection was.
  const bool any = !addresses.empty() || !schemes.empty() || !hosts.empty();
  const std::size_t count = std::max<std::size_t>(addresses.size(), any ? 1 : 0);
  std::vector<Hop> hops;
  for (std::size_t i = 0; i < count; ++i) {
    hops.push_back({.address = addresses.empty() ? "" : without_port(addresses[i]),
                    .scheme = lowered(beside(schemes, i, count)),
                    .host = std::string(beside(hosts, i, count))});
  }
  return hops;
}

}  // namespace naru::http
