#include "http/request.hpp"
#include "naru/websocket.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace naru {
namespace {

// What the handshake or the framing of the answer says itself.
bool is_ours(std::string_view name) {
  constexpr std::string_view kPrefix = "Sec-WebSocket-";
  return http::iequals(name, "Connection") || http::iequals(name, "Upgrade") ||
         http::iequals(name, "Content-Length") || http::iequals(name, "Transfer-Encoding") ||
         http::iequals(name.substr(0, kPrefix.size()), kPrefix);
}

void check_header(std::string_view name, std::string_view value) {
  if (!http::is_token(name) || !http::is_field_value(value)) {
    throw std::invalid_argument("naru: Upgrade: a header that HTTP does not allow");
  }
  if (is_ours(name)) throw std::invalid_argument("naru: Upgrade: a header of the handshake itself");
}

}  // namespace

void Upgrade::refuse(int status, std::string_view body, Headers headers) {
  if (status < 300 || status > 599) {
    throw std::invalid_argument("naru: Upgrade::refuse: a status that refuses nothing");
  }
  for (const auto& [name, value] : headers) check_header(name, value);
  status_ = status;
  body_ = body;
  headers_ = std::move(headers);
}

void Upgrade::add_header(std::string_view name, std::string_view value) {
  check_header(name, value);
  headers_.emplace_back(name, value);
}

std::string_view Upgrade::subprotocol() const {
  return chosen_ == kNone ? std::string_view() : std::string_view(known_[chosen_]);
}

std::vector<std::string_view> Upgrade::subprotocols() const {
  std::vector<std::string_view> names;
  names.reserve(offered_.size());
  for (const std::size_t index : offered_) names.emplace_back(known_[index]);
  return names;
}

void Upgrade::choose_subprotocol(std::string_view name) {
  if (name.empty()) {
    chosen_ = kNone;
    return;
  }
  const auto chosen = std::find_if(offered_.begin(), offered_.end(),
                                   [&](std::size_t index) { return known_[index] == name; });
  if (chosen == offered_.end()) {
    throw std::invalid_argument("naru: Upgrade: a subprotocol that was not offered");
  }
  chosen_ = *chosen;
}

}  // namespace naru
