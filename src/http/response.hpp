#pragma once

#include "base/send_queue.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::http {

// An answer. Content-Length and Connection are written by encode_response, whatever stands here;
// the other fields come from here, and must have passed is_token and is_field_value. There is no
// Date: a core has no clock, and RFC 9110 section 6.6.1 lets a server without one leave it out. A
// field Upgrade is named in Connection by itself.
struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string body{};
  SharedBytes shared_body{};  // instead of `body`: a file kept in memory, a broadcast

  void set(std::string_view name, std::string_view value);  // replaces fields of that name
  void add(std::string_view name, std::string_view value);
};

struct ResponseContext {
  bool head_only = false;  // the request was HEAD: Content-Length of the body, but no body
  bool keep_alive = true;
  int minor_version = 1;  // of the request
};

// How the pieces of a body stand on the wire: as they are, or each as a chunk of HTTP/1.1.
enum class Framing : std::uint8_t { bare, chunked };

std::string_view reason_phrase(int status);

// A text/plain answer with the reason phrase as its body.
Response plain(int status);

// Appends the whole answer. No Content-Length and no body for 1xx, 204 and 304. A field that would
// not be one on the wire (CR or LF in its value) is left out.
void encode_response(const Response& response, const ResponseContext& context, SendQueue& out);

// Appends the head of an answer whose body comes in pieces. For a peer of HTTP/1.0 the body ends
// with the connection, so `context.keep_alive` must be false.
Framing encode_streamed_head(const Response& response, const ResponseContext& context,
                             SendQueue& out);
// One piece of that body, not empty, and what ends it.
void append_piece(std::string_view bytes, Framing framing, SendQueue& out);
std::string frame_piece(std::string_view bytes, Framing framing);
void append_body_end(Framing framing, SendQueue& out);

}  // namespace naru::http
