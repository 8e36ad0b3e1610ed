#include "server/routes.hpp"

#include "http/url.hpp"

#include <algorithm>
#include <stdexcept>

namespace naru::server {
namespace {

[[noreturn]] void refuse(std::string_view path, const char* why) {
  throw std::invalid_argument("naru: route '" + std::string(path) + "' " + why);
}

// Takes the first segment off a path: what is before its first '/'.
std::string_view next_segment(std::string_view& path, bool& last) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  last = slash == std::string_view::npos;
  path.remove_prefix(last ? path.size() : slash + 1);
  return segment;
}

}  // namespace

RoutePattern RoutePattern::beginning(std::string_view path) {
  RoutePattern pattern;
  pattern.text_ = path;
  pattern.open_ = true;
  return pattern;
}

RoutePattern RoutePattern::parse(std::string_view path) {
  if (!path.starts_with('/')) refuse(path, "does not begin with '/'");
  RoutePattern pattern;
  pattern.text_ = path;
  pattern.open_ = path.ends_with('*');
  if (pattern.open_) pattern.text_.pop_back();
  if (pattern.text_.find('*') != std::string::npos) refuse(path, "has '*' before its end");
  if (pattern.text_.find("/:") == std::string::npos) return pattern;

  std::string_view rest = std::string_view(pattern.text_).substr(1);
  for (bool last = false; !last;) {
    const std::string_view segment = next_segment(rest, last);
    if (!segment.starts_with(':')) {
      pattern.segments_.push_back({std::string(segment), false});
      continue;
    }
    const std::string_view name = segment.substr(1);
    if (name.empty()) refuse(path, "has a parameter without a name");
    if (last && pattern.open_) refuse(path, "has '*' within a parameter");
    for (const Segment& before : pattern.segments_) {
      if (before.parameter && before.text == name) refuse(path, "has a parameter twice");
    }
    pattern.segments_.push_back({std::string(name), true});
  }
  return pattern;
}

std::optional<RoutePattern::Parameters> RoutePattern::match(std::string_view path) const {
  if (!parameterized()) {
    if (open_ ? !path.starts_with(text_) : path != text_) return std::nullopt;
    return Parameters();
  }
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  Parameters found;
  bool last = false;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& wanted = segments_[i];
    const bool final = i + 1 == segments_.size();
    if (last) return std::nullopt;  // the path has fewer segments
    if (final && open_) {           // a literal beginning: see parse
      if (!path.starts_with(wanted.text)) return std::nullopt;
      return found;
    }
    const std::string_view segment = next_segment(path, last);
    if (final && !last) return std::nullopt;  // the path has more
    if (!wanted.parameter) {
      if (segment != wanted.text) return std::nullopt;
      continue;
    }
    if (segment.empty()) return std::nullopt;
    std::optional<std::string> value = http::percent_decode(segment);
    if (!value) return std::nullopt;
    found.emplace_back(wanted.text, *std::move(value));
  }
  return found;
}

bool RoutePattern::same_as(const RoutePattern& other) const {
  if (open_ != other.open_ || parameterized() != other.parameterized()) return false;
  if (!parameterized()) return text_ == other.text_;
  return std::equal(segments_.begin(), segments_.end(), other.segments_.begin(),
                    other.segments_.end(), [](const Segment& a, const Segment& b) {
                      return a.parameter == b.parameter && (a.parameter || a.text == b.text);
                    });
}

void Routes::add(const RoutePattern& pattern, std::unique_ptr<Endpoint> endpoint) {
  constexpr const char* kTwice = "is registered twice";
  Endpoint* added = endpoint.get();
  const auto same = [&](const Route& route) { return route.pattern.same_as(pattern); };
  if (!pattern.open() && !pattern.parameterized()) {
    if (!exact_.emplace(pattern.text(), added).second) refuse(pattern.text(), kTwice);
  } else {
    std::vector<Route>& routes = pattern.parameterized() ? parameterized_ : beginnings_;
    if (std::any_of(routes.begin(), routes.end(), same)) refuse(pattern.text(), kTwice);
    routes.push_back({pattern, added});
  }
  std::sort(beginnings_.begin(), beginnings_.end(), [](const Route& a, const Route& b) {
    return a.pattern.text().size() > b.pattern.text().size();
  });
  endpoints_.push_back(std::move(endpoint));
}

Endpoint* Routes::find(std::string_view path) const {
  if (const auto found = exact_.find(path); found != exact_.end()) return found->second;
  for (const std::vector<Route>* routes : {&parameterized_, &beginnings_}) {
    for (const Route& route : *routes) {
      if (route.pattern.match(path)) return route.endpoint;
    }
  }
  return nullptr;
}

bool Routes::take_websockets() const {
  return std::any_of(endpoints_.begin(), endpoints_.end(),
                     [](const auto& endpoint) { return endpoint->takes_websockets(); });
}

}  // namespace naru::server
