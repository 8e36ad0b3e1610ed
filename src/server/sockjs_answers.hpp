#pragma once

#include "http/request.hpp"
#include "http/response.hpp"
#include "sockjs/path.hpp"
#include "transport/http_exchange.hpp"

#include <string>
#include <string_view>

// What SockJS answers that is no session's business: methods, headers, errors.
namespace naru::server {

inline constexpr std::string_view kSockJsText = "text/plain; charset=UTF-8";

// Whether a resource has that method; and the answer where it has not.
bool sockjs_takes(sockjs::Resource resource, const http::Request& request);
http::Response sockjs_not_allowed(sockjs::Resource resource);

// Adds to whatever will be answered: what the origin of the request may do (it has been allowed),
// and the cookie for load balancers.
void add_sockjs_fields(sockjs::Resource resource, bool jsessionid,
                       transport::HttpExchange& exchange);
http::Response sockjs_preflight(sockjs::Resource resource);

// Not kept by any cache; kept for a year.
http::Response sockjs_response(int status, std::string_view content_type, std::string body);
void set_long_cached(http::Response& response);
http::Response sockjs_error(int status, std::string_view text);

}  // namespace naru::server
