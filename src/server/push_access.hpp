#pragma once

#include "http/request.hpp"
#include "http/response.hpp"
#include "http/url.hpp"
#include "naru/member.hpp"
#include "naru/push.hpp"
#include "naru/result.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

// Whether the request shows one of `keys`: in Authorization (Bearer) or X-API-Key, or as `key` in
// its query, where `query` is given, for EventSource, which can set no field.
bool shows_key(const http::Request& request, const http::Query* query,
               std::span<const std::string> keys);

// What may be a topic's name in a request: not empty, not longer, no control characters, no '*' and
// no ','. Names that begin with '$' are the server's own, such as STOMP's for single users.
bool is_topic(std::string_view name, std::size_t limit);

// Who asks, by `client`, `user` and `info` in the query; nothing when it does not say. Errors:
// invalid_argument, for what a Member cannot be.
Result<std::optional<Member>> member_in(const http::Query& query);

// {"error":{"code":...,"message":...}}
std::string error_json(std::string_view code, std::string_view message);
http::Response json_answer(int status, std::string body);
http::Response json_error(int status, std::string_view code, std::string_view message);

}  // namespace naru::server
