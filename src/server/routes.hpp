#pragma once

#include "server/endpoint.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::server {

// Which paths a route takes: "/chat" that one, "/rooms/:room" any segment in the place of ":room",
// and with '*' at the end every path that begins so. Paths are compared as they were sent; what
// stands for a parameter is percent-decoded afterwards, so that %2F makes no segment.
class RoutePattern {
 public:
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  // Throws std::invalid_argument for a path that does not begin with '/', has '*' anywhere but at
  // the end, or a parameter without a name or with one that came before.
  static RoutePattern parse(std::string_view path);
  // Every path that begins so, whatever is in it.
  static RoutePattern beginning(std::string_view path);

  // What stands for the parameters; nullopt for a path that does not fit, or whose parameters are
  // badly encoded.
  std::optional<Parameters> match(std::string_view path) const;

  // Without '*', which open() tells.
  const std::string& text() const { return text_; }
  bool open() const { return open_; }  // takes what begins so
  bool parameterized() const { return !segments_.empty(); }
  // Whether both take exactly the same paths.
  bool same_as(const RoutePattern& other) const;

 private:
  struct Segment {
    std::string text;
    bool parameter;
  };
  std::string text_;
  bool open_ = false;
  std::vector<Segment> segments_;  // of a parameterized one
};

// The routes of a server, and the order in which they are asked: the exact one, then those with
// parameters as they were added, then the longest beginning.
class Routes {
 public:
  // Throws std::invalid_argument when there is one for the same paths.
  void add(const RoutePattern& pattern, std::unique_ptr<Endpoint> endpoint);
  Endpoint* find(std::string_view path) const;  // nullptr for none
  bool take_websockets() const;                 // any of them
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& endpoint : endpoints_) visit(*endpoint);
  }

 private:
  struct Route {
    RoutePattern pattern;
    Endpoint* endpoint;
  };
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  boost::unordered_flat_map<std::string, Endpoint*, StringHash, std::equal_to<>> exact_;
  std::vector<Route> parameterized_;
  std::vector<Route> beginnings_;  // the longest first
};

}  // namespace naru::server
