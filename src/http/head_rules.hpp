#pragma once

#include "http/refusal.hpp"
#include "http/request.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace naru::http {

// How the end of a request's body is found (RFC 9112 section 6.3).
struct Framing {
  bool chunked = false;
  std::uint64_t length = 0;  // when not chunked; 0: no body
};

// The rules of RFC 9112 that Beast does not enforce. Each takes a request whose method, target,
// minor_version and fields are set, and returns what is wrong with it, if anything.

// Judges the target and fills in path and query. An absolute-form target is reduced to its path,
// and its authority replaces the value of Host (section 3.2.2). `storage` holds a target that does
// not stand in the head as it is.
std::optional<Refusal> resolve_target(Request& request, std::string& storage);

// Host exactly once in HTTP/1.1, at most once in 1.0, and well formed (section 3.2). Comes before
// resolve_target, which may replace it.
std::optional<Refusal> check_host(const Request& request);

// Finds the framing; refuses everything that two parsers could read differently (section 6).
std::optional<Refusal> find_framing(const Request& request, Framing& framing);

// Whether the connection persists after the request (section 9.3).
bool persists(const Request& request);

}  // namespace naru::http
