#include "server/request_info.hpp"

#include "http/url.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace naru {

std::string_view RequestInfo::header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (http::iequals(field, name)) return value;
  }
  return {};
}

std::string_view RequestInfo::parameter(std::string_view name) const {
  for (const auto& [known, value] : parameters) {
    if (known == name) return value;
  }
  return {};
}

namespace server {
namespace {

bool lists_origin(const std::vector<std::string>& origins, std::string_view origin) {
  return std::any_of(origins.begin(), origins.end(), [&](const std::string& allowed) {
    return allowed == "*" || http::iequals(allowed, origin);
  });
}

}  // namespace

RequestInfo request_info(const http::Request& request, const io::Stream& stream) {
  RequestInfo info;
  info.path = request.path;
  info.query = request.query;
  info.headers.reserve(request.fields.size());
  for (const http::Field& field : request.fields) {
    info.headers.emplace_back(field.name, field.value);
  }
  Caller caller = caller_of(request, stream);
  info.address = std::move(caller.address);
  info.secure = caller.secure;
  if (auto certificate = stream.peer_certificate()) {
    info.peer_certificate = std::make_shared<const PeerCertificate>(*std::move(certificate));
  }
  if (request.major_version == 2) {
    info.http_version = "2";
  } else if (request.minor_version == 0) {
    info.http_version = "1.0";
  }
  return info;
}

bool origin_allowed(const OriginPolicy& policy, const http::Request& request, const Caller& caller,
                    const std::vector<std::string>& also) {
  if (policy.kind == OriginPolicy::Kind::any || request.count("Origin") == 0) return true;
  if (request.count("Origin") > 1) return false;
  const std::string_view origin = request.field("Origin");
  if (lists_origin(also, origin)) return true;
  if (policy.kind == OriginPolicy::Kind::list) return lists_origin(policy.origins, origin);
  return http::is_same_origin(origin, caller.host, caller.secure);
}

}  // namespace server
}  // namespace naru
