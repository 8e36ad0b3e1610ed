#include "server/sockjs_answers.hpp"

#include "websocket/handshake.hpp"

#include <algorithm>

namespace naru::server {
namespace {

using sockjs::Resource;

bool is_static(Resource resource) {
  return resource == Resource::greeting || resource == Resource::info ||
         resource == Resource::iframe;
}

bool is_websocket(Resource resource) {
  return resource == Resource::websocket || resource == Resource::raw_websocket;
}

// Which scripts of other sites may ask.
bool has_cors(Resource resource) {
  switch (resource) {
    case Resource::info:
    case Resource::xhr:
    case Resource::xhr_streaming:
    case Resource::xhr_send:
    case Resource::eventsource:
      return true;
    default:
      return false;
  }
}

bool has_preflight(Resource resource) {
  return has_cors(resource) && resource != Resource::eventsource;
}

std::string_view method_of(Resource resource) {
  switch (resource) {
    case Resource::xhr:
    case Resource::xhr_streaming:
    case Resource::xhr_send:
    case Resource::jsonp_send:
      return "POST";
    default:
      return "GET";
  }
}

// The value of the cookie JSESSIONID, as it is answered: what a balancer has put there stays.
std::string_view session_cookie(const http::Request& request) {
  constexpr std::string_view kName = "JSESSIONID=";
  std::string_view found = "dummy";
  for (const http::Field& field : request.fields) {
    if (!http::iequals(field.name, "Cookie")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.starts_with(kName)) found = pair.substr(kName.size());
    }
  }
  const bool harmless = std::all_of(found.begin(), found.end(),
                                    [](char c) { return c > ' ' && c < 0x7f && c != ','; });
  return harmless ? found : "dummy";
}

}  // namespace

bool sockjs_takes(Resource resource, const http::Request& request) {
  if (request.method == "CONNECT") {  // HTTP/2's way to a WebSocket
    return is_websocket(resource) && websocket::is_upgrade(request);
  }
  if (request.method == method_of(resource)) return true;
  if (request.method == "HEAD") return is_static(resource);
  return request.method == "OPTIONS" && has_preflight(resource);
}

http::Response sockjs_not_allowed(Resource resource) {
  http::Response response;
  response.status = 405;
  std::string allowed(method_of(resource));
  if (is_static(resource)) allowed.append(", HEAD");
  if (has_preflight(resource)) allowed.append(", OPTIONS");
  response.set("Allow", allowed);
  return response;
}

void add_sockjs_fields(Resource resource, bool jsessionid, transport::HttpExchange& exchange) {
  const http::Request& request = exchange.request();
  if (jsessionid && !is_static(resource) && !is_websocket(resource)) {
    exchange.add_field("Set-Cookie",
                       "JSESSIONID=" + std::string(session_cookie(request)) + "; path=/");
  }
  if (!has_cors(resource)) return;
  exchange.add_field("Vary", "Origin");
  const std::string_view origin = request.field("Origin");
  if (origin.empty()) {
    exchange.add_field("Access-Control-Allow-Origin", "*");
  } else {
    exchange.add_field("Access-Control-Allow-Origin", origin);
    exchange.add_field("Access-Control-Allow-Credentials", "true");
  }
  const std::string_view asked = request.field("Access-Control-Request-Headers");
  if (!asked.empty()) exchange.add_field("Access-Control-Allow-Headers", asked);
}

http::Response sockjs_preflight(Resource resource) {
  http::Response response;
  response.status = 204;
  set_long_cached(response);
  response.set("Access-Control-Max-Age", "31536000");
  response.set("Access-Control-Allow-Methods", "OPTIONS, " + std::string(method_of(resource)));
  return response;
}

http::Response sockjs_response(int status, std::string_view content_type, std::string body) {
  http::Response response;
  response.status = status;
  response.set("Content-Type", content_type);
  // Word for word what the protocol's suite compares with.
  response.set("Cache-Control", "no-store, no-cache, no-transform, must-revalidate, max-age=0");
  response.body = std::move(body);
  return response;
}

void set_long_cached(http::Response& response) {
  response.set("Cache-Control", "public, max-age=31536000");
  // Old caches read this one alone; a date that is far enough saves a clock.
  response.set("Expires", "Thu, 31 Dec 2037 23:55:55 GMT");
}

http::Response sockjs_error(int status, std::string_view text) {
  http::Response response;
  response.status = status;
  response.set("Content-Type", kSockJsText);
  response.body = text;
  return response;
}

}  // namespace naru::server
