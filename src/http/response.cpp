#include "http/response.hpp"

#include "http/request.hpp"

#include <algorithm>

namespace naru::http {
namespace {

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Those that tell where the answer ends and what happens after it: ours alone.
bool is_framing(std::string_view name) {
  return iequals(name, "Content-Length") || iequals(name, "Connection") ||
         iequals(name, "Transfer-Encoding");
}

void append_connection(std::string& out, const ResponseContext& context, bool names_upgrade) {
  // Whoever sends Upgrade must name it here (RFC 9110 section 7.8).
  if (!context.keep_alive) {
    append_field(out, "Connection", names_upgrade ? "Upgrade, close" : "close");
  } else if (context.minor_version == 0) {
    append_field(out, "Connection", names_upgrade ? "Upgrade, keep-alive" : "keep-alive");
  } else if (names_upgrade) {
    append_field(out, "Connection", "Upgrade");
  }
}

}  // namespace

void Response::set(std::string_view name, std::string_view value) {
  std::erase_if(fields, [name](const auto& field) { return iequals(field.first, name); });
  add(name, value);
}

void Response::add(std::string_view name, std::string_view value) {
  fields.emplace_back(name, value);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

Response plain(int status) {
  Response response;
  response.status = status;
  if (has_body(status)) {
    response.add("Content-Type", "text/plain; charset=utf-8");
    response.body = reason_phrase(status);
  }
  return response;
}

void encode_response(const Response& response, const ResponseContext& context, SendQueue& out) {
  const std::string_view body =
      response.shared_body ? std::string_view(*response.shared_body) : response.body;
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(1, ' ');
  head.append(reason_phrase(response.status)).append("\r\n");
  bool names_upgrade = false;
  for (const auto& [name, value] : response.fields) {
    if (is_framing(name) || !is_token(name) || !is_field_value(value)) continue;
    names_upgrade = names_upgrade || iequals(name, "Upgrade");
    append_field(head, name, value);
  }
  if (has_body(response.status)) {
    append_field(head, "Content-Length", std::to_string(body.size()));
  }
  append_connection(head, context, names_upgrade);
  head.append("\r\n");
  out.append(head);
  if (!has_body(response.status) || context.head_only) return;
  if (response.shared_body) {
    out.append(response.shared_body);
  } else {
    out.append(body);
  }
}

}  // namespace naru::http
