#include "http/static_files.hpp"

#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naru::http {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kTypes{{
    {"avif", "image/avif"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"gif", "image/gif"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json; charset=utf-8"},
    {"map", "application/json; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff2", "font/woff2"},
}};

bool is_safe_segment(std::string_view segment) {
  if (segment.empty() || segment.front() == '.') return false;  // "..", ".", hidden files
  return std::none_of(segment.begin(), segment.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '\\' || c == '/' || c == ':';
  });
}

// If-None-Match compares weakly (RFC 9110 section 13.1.2).
bool matches(const Request& request, std::string_view etag) {
  bool found = false;
  for (const Field& field : request.fields) {
    if (!iequals(field.name, "If-None-Match")) continue;
    for_each_element(field.value, [&](std::string_view tag) {
      if (tag.starts_with("W/")) tag.remove_prefix(2);
      found = found || tag == "*" || tag == etag;
    });
  }
  return found;
}

}  // namespace

std::string_view content_type(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [extension, type] : kTypes) {
      if (iequals(name.substr(dot + 1), extension)) return type;
    }
  }
  return "application/octet-stream";
}

std::optional<std::string> relative_path(std::string_view request_path) {
  if (!request_path.starts_with('/')) return std::nullopt;
  request_path.remove_prefix(1);
  std::string out;
  while (!request_path.empty()) {
    const std::size_t end = std::min(request_path.find('/'), request_path.size());
    // Decoded piece by piece, so that an encoded slash is seen for what it is.
    const auto segment = percent_decode(request_path.substr(0, end));
    if (!segment || !is_safe_segment(*segment)) return std::nullopt;
    const bool directory = end < request_path.size();
    out.append(*segment);
    if (directory) out.push_back('/');
    request_path.remove_prefix(directory ? end + 1 : end);
  }
  if (out.empty() || out.back() == '/') out.append("index.html");
  return out;
}

Response answer_file(const Request& request, std::string_view path, const File* file) {
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = plain(405);
    response.set("Allow", "GET, HEAD");
    return response;
  }
  if (file == nullptr) return plain(404);
  Response response;
  response.set("ETag", file->etag);
  response.set("Cache-Control", "public, max-age=0");  // keep it, but ask each time
  if (matches(request, file->etag)) {
    response.status = 304;
    return response;
  }
  response.set("Content-Type", content_type(path));
  response.set("X-Content-Type-Options", "nosniff");
  response.shared_body = file->bytes;
  return response;
}

}  // namespace naru::http
