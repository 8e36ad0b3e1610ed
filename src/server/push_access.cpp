#include "server/push_access.hpp"

#include "json/split.hpp"
#include "server/presence_table.hpp"

#include <algorithm>

namespace naru::server {
namespace {

// In a time that does not tell where they differ.
bool same_key(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0U : 1U;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ other));
  }
  return difference == 0;
}

}  // namespace

bool shows_key(const http::Request& request, const http::Query* query,
               std::span<const std::string> keys) {
  std::string_view shown = request.field("x-api-key");
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.field("authorization");
  if (http::iequals(authorization.substr(0, kBearer.size()), kBearer)) {
    shown = authorization.substr(kBearer.size());
  }
  if (shown.empty() && query != nullptr) {
    if (const std::string* key = query->find("key")) shown = *key;
  }
  bool found = false;
  for (const std::string& key : keys) found = (!key.empty() && same_key(shown, key)) || found;
  return found;
}

bool is_topic(std::string_view name, std::size_t limit) {
  return !name.empty() && name.size() <= limit && name.front() != '$' &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '*' || c == ',';
         });
}

Result<std::optional<Member>> member_in(const http::Query& query) {
  const auto text = [&query](std::string_view name) {
    const std::string* found = query.find(name);
    return found == nullptr ? std::string() : *found;
  };
  const std::string* client = query.find("client");
  if (client == nullptr) return std::optional<Member>();
  std::optional<Member> member = Member{*client, text("user"), text("info")};
  NARU_CHECK(check_member(*member));
  return member;
}

std::string error_json(std::string_view code, std::string_view message) {
  std::string out = R"({"error":{"code":)";
  json::append_string(code, out);
  out += R"(,"message":)";
  json::append_string(message, out);
  return out += "}}";
}

http::Response json_answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.add("Content-Type", "application/json");
  response.add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

http::Response json_error(int status, std::string_view code, std::string_view message) {
  return json_answer(status, error_json(code, message) + '\n');
}

}  // namespace naru::server
