#include "http/response.hpp"

#include "http/request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

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

bool names_upgrade(const Response& response) {
  return std::any_of(response.fields.begin(), response.fields.end(), [](const auto& field) {
    return iequals(field.first, "Upgrade") && is_field_value(field.second);
  });
}

// The status line and the fields that are not ours alone.
std::string begin_head(const Response& response) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(1, ' ');
  head.append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.fields) {
    if (is_framing(name) || !is_token(name) || !is_field_value(value)) continue;
    append_field(head, name, value);
  }
  return head;
}

// The size of a chunk and its line end (RFC 9112 7.1).
class ChunkHead {
 public:
  explicit ChunkHead(std::size_t size) {
    char* end = std::to_chars(text_.data(), text_.data() + text_.size() - 2, size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    size_ = static_cast<std::size_t>(end - text_.data());
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 18> text_;
  std::size_t size_;
};

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
  std::string head = begin_head(response);
  if (has_body(response.status)) {
    append_field(head, "Content-Length", std::to_string(body.size()));
  }
  append_connection(head, context, names_upgrade(response));
  head.append("\r\n");
  out.append(head);
  if (!has_body(response.status) || context.head_only) return;
  if (response.shared_body) {
    out.append(response.shared_body);
  } else {
    out.append(body);
  }
}

Framing encode_streamed_head(const Response& response, const ResponseContext& context,
                             SendQueue& out) {
  const Framing framing = context.minor_version == 0 ? Framing::bare : Framing::chunked;
  std::string head = begin_head(response);
  if (framing == Framing::chunked) append_field(head, "Transfer-Encoding", "chunked");
  append_connection(head, context, names_upgrade(response));
  head.append("\r\n");
  out.append(head);
  return framing;
}

void append_piece(std::string_view bytes, Framing framing, SendQueue& out) {
  if (framing == Framing::bare) return out.append(bytes);
  const ChunkHead head(bytes.size());
  out.append(head.text());
  out.append(bytes);
  out.append(std::string_view("\r\n"));
}

std::string frame_piece(std::string_view bytes, Framing framing) {
  if (framing == Framing::bare) return std::string(bytes);
  const ChunkHead head(bytes.size());
  std::string piece;
  piece.reserve(head.text().size() + bytes.size() + 2);
  return piece.append(head.text()).append(bytes).append("\r\n");
}

void append_body_end(Framing framing, SendQueue& out) {
  if (framing == Framing::chunked) out.append(std::string_view("0\r\n\r\n"));
}

}  // namespace naru::http
