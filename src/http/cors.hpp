#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::http {

// Cross-origin access (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Without origins no header is sent at all.
struct CorsPolicy {
  std::vector<std::string> origins;                    // exact origins; "*" alone allows every one
  std::function<bool(std::string_view)> allow_origin;  // others that are allowed
  bool credentials = false;
  std::vector<std::string> allowed_headers;  // empty: what the preflight asks for
  std::vector<std::string> exposed_headers;
  std::string methods = "GET,HEAD,PUT,PATCH,POST,DELETE";
  int max_age_seconds = 0;  // 0: not sent

  bool enabled() const { return !origins.empty() || allow_origin; }
};

// Adds the headers that `request` is due to `response`.
void add_cors(const CorsPolicy& policy, const Request& request, Response& response);

// The answer to a preflight: 204, and the headers.
Response preflight(const CorsPolicy& policy, const Request& request);

}  // namespace naru::http
