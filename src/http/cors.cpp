#include "http/cors.hpp"

#include <algorithm>

namespace naru::http {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out.append(",");
    out.append(name);
  }
  return out;
}

// One Vary with every name: some caches read only the first.
void add_vary(Response& response, std::string_view name) {
  std::string value;
  for (const auto& [field, names] : response.fields) {
    if (!iequals(field, "Vary")) continue;
    if (!value.empty()) value.append(", ");
    value.append(names);
  }
  bool listed = false;
  for_each_element(value, [&](std::string_view element) {
    listed = listed || iequals(element, name) || element == "*";
  });
  if (listed) return;
  if (!value.empty()) value.append(", ");
  response.set("Vary", value.append(name));
}

bool allows(const CorsPolicy& policy, std::string_view origin) {
  if (origin.empty() || origin == "*") return false;
  const auto& known = policy.origins;
  if (std::find(known.begin(), known.end(), origin) != known.end()) return true;
  return policy.allow_origin && policy.allow_origin(origin);
}

}  // namespace

void add_cors(const CorsPolicy& policy, const Request& request, Response& response) {
  if (!policy.enabled()) return;
  if (policy.origins.size() == 1 && policy.origins.front() == "*") {
    response.set("Access-Control-Allow-Origin", "*");
  } else {
    // Sent without a match too: the answer would be another one for another origin.
    add_vary(response, "Origin");
    const std::string_view origin = request.field("Origin");
    // "*" among other origins is none of them, and must not come out of an Origin that says so.
    if (allows(policy, origin)) {
      response.set("Access-Control-Allow-Origin", origin);
    }
  }
  if (policy.credentials) response.set("Access-Control-Allow-Credentials", "true");
  if (!policy.exposed_headers.empty()) {
    response.set("Access-Control-Expose-Headers", join(policy.exposed_headers));
  }
}

Response preflight(const CorsPolicy& policy, const Request& request) {
  Response response;
  response.status = 204;
  add_cors(policy, request, response);
  if (!policy.enabled()) return response;
  response.set("Access-Control-Allow-Methods", policy.methods);
  if (!policy.allowed_headers.empty()) {
    response.set("Access-Control-Allow-Headers", join(policy.allowed_headers));
  } else {
    add_vary(response, "Access-Control-Request-Headers");
    const std::string_view asked = request.field("Access-Control-Request-Headers");
    if (!asked.empty()) response.set("Access-Control-Allow-Headers", asked);
  }
  if (policy.max_age_seconds > 0) {
    response.set("Access-Control-Max-Age", std::to_string(policy.max_age_seconds));
  }
  return response;
}

}  // namespace naru::http
