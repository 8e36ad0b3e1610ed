// Who is let in, by the hooks of a route, and what the others are told.

#include "server/engineio_admission.hpp"

#include "http/request.hpp"
#include "server/engineio_endpoint.hpp"
#include "server/state.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace naru {
namespace {

// What the answer's framing, or the handshake of a WebSocket, says itself.
bool is_ours(std::string_view name) {
  constexpr std::string_view kPrefix = "Sec-WebSocket-";
  return http::iequals(name, "Connection") || http::iequals(name, "Upgrade") ||
         http::iequals(name, "Content-Length") || http::iequals(name, "Transfer-Encoding") ||
         http::iequals(name.substr(0, kPrefix.size()), kPrefix);
}

}  // namespace

void ResponseHeaders::add(std::string_view name, std::string_view value) {
  if (!http::is_token(name) || !http::is_field_value(value) || is_ours(name)) {
    throw std::invalid_argument("naru: ResponseHeaders: a header that may not be added");
  }
  all_.emplace_back(name, value);
}

namespace server {
namespace {

using engineio::RequestError;

// An attribute's value: what no ';' could end early (RFC 6265 section 4.1.1).
bool is_attribute(std::string_view text) {
  return http::is_field_value(text) && text.find(';') == std::string_view::npos;
}

}  // namespace

http::Response refusal_answer(const EngineRefusal& refusal) {
  http::Response response;
  response.status = engineio::error_status(refusal.error);
  response.set("Content-Type", "application/json");
  response.body = engineio::error_body(refusal.error, refusal.message);
  return response;
}

http::Response upgrade_refusal(const EngineRefusal& refusal) {
  http::Response response;
  response.status = engineio::error_status(refusal.error);
  response.set("Content-Type", "text/html");
  // What an application says is shown as it stands by whoever takes it for a page.
  if (!refusal.message.empty()) response.set("Content-Type", "text/plain; charset=UTF-8");
  response.body = refusal.text();
  return response;
}

http::Response overloaded() {
  http::Response response = http::plain(503);
  response.set("Retry-After", "5");
  return response;
}

void check_cookie(const CookieOptions& options) {  // CVE-2024-47764
  if (options.name.empty()) return;
  if (!http::is_token(options.name) || !is_attribute(options.path) ||
      !is_attribute(options.domain) || !is_attribute(options.same_site)) {
    throw std::invalid_argument("naru: a cookie that HTTP does not allow");
  }
}

std::string cookie_text(const CookieOptions& options, const std::string& sid) {
  std::string text = options.name + "=" + sid;
  if (options.max_age.count() > 0) text += "; Max-Age=" + std::to_string(options.max_age.count());
  if (!options.domain.empty()) text += "; Domain=" + options.domain;
  if (!options.path.empty()) text += "; Path=" + options.path;
  if (options.http_only) text += "; HttpOnly";
  if (options.secure) text += "; Secure";
  if (options.partitioned) text += "; Partitioned";
  if (!options.same_site.empty()) text += "; SameSite=" + options.same_site;
  return text;
}

void EngineEndpoint::refuse(Worker& worker, transport::HttpExchange& connection,
                            const EngineRefusal& refusal) const {
  worker.log_violation("engine.io", connection.stream().peer_address(), refusal.text());
  report(worker, info_for_reports(connection).get(), refusal);
  if (websocket::is_upgrade(connection.request())) {
    return connection.respond(upgrade_refusal(refusal), transport::HttpExchange::After::close);
  }
  connection.respond(refusal_answer(refusal));
}

std::shared_ptr<const RequestInfo> EngineEndpoint::info_for_reports(
    transport::HttpExchange& connection) const {
  if (!options_.on_connection_error) return nullptr;
  return std::make_shared<const RequestInfo>(
      request_info(connection.request(), connection.stream()));
}

void EngineEndpoint::report(Worker& worker, const RequestInfo* info,
                            const EngineRefusal& refusal) const {
  if (info == nullptr) return;
  run_user_code(worker.state(), "hook=on_connection_error", [&] {
    options_.on_connection_error({.request = *info,
                                  .code = static_cast<int>(refusal.error),
                                  .message = refusal.text(),
                                  .context = refusal.context});
  });
}

std::optional<EngineRefusal> EngineEndpoint::judge(Worker& worker, const RequestInfo& info) const {
  if (!options_.allow_request) return std::nullopt;
  std::optional<Forbidden> forbidden;
  if (!run_user_code(worker.state(), "hook=allow_request",
                     [&] { forbidden = options_.allow_request(info); })) {
    return EngineRefusal{.error = RequestError::forbidden, .context = "allow_request failed"};
  }
  if (!forbidden) return std::nullopt;
  return EngineRefusal{.error = RequestError::forbidden,
                       .context = forbidden->message,
                       .message = std::move(forbidden->message)};
}

std::optional<std::string> EngineEndpoint::make_sid(Worker& worker, const RequestInfo& info) const {
  if (!options_.generate_id) return engineio::make_sid(worker.index(), worker.random);
  std::string sid;
  run_user_code(worker.state(), "hook=generate_id", [&] {
    sid = engineio::make_custom_sid(worker.index(), options_.generate_id(info));
  });
  if (sid.empty() || worker.find_session(sid) != nullptr) return std::nullopt;
  return sid;
}

std::vector<std::pair<std::string, std::string>> EngineEndpoint::hook_headers(
    Worker& worker, const RequestInfo& info, Answering which) const {
  ResponseHeaders headers;
  if (which == Answering::first && options_.on_initial_headers) {
    run_user_code(worker.state(), "hook=on_initial_headers",
                  [&] { options_.on_initial_headers(info, headers); });
  }
  if (options_.on_headers) {
    run_user_code(worker.state(), "hook=on_headers", [&] { options_.on_headers(info, headers); });
  }
  return headers.all();
}

}  // namespace server
}  // namespace naru
