#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace naru::http {

// The content type of a file by its extension; application/octet-stream when unknown.
std::string_view content_type(std::string_view path);

// Turns a request path (percent-encoded) into a relative path below a root: nullopt for anything
// that could leave it ("..", NUL, backslash, an encoded slash, a hidden file), "index.html" added
// to a directory's path.
std::optional<std::string> relative_path(std::string_view request_path);

struct File {
  SharedBytes bytes;
  std::string etag;  // quoted
};

// Answers GET and HEAD for a file: 200, 304 when If-None-Match names its tag, 404 without a file,
// 405 with Allow for other methods.
Response answer_file(const Request& request, std::string_view path, const File* file);

}  // namespace naru::http
