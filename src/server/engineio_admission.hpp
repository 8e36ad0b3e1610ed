#pragma once

#include "engineio/handshake.hpp"
#include "http/response.hpp"
#include "naru/engineio.hpp"

#include <string>

namespace naru::server {

// Why a request is not served.
struct EngineRefusal {
  engineio::RequestError error = engineio::RequestError::bad_request;
  std::string context{};  // for ConnectionError
  std::string message{};  // instead of the usual one

  std::string_view text() const {
    return message.empty() ? engineio::error_message(error) : std::string_view(message);
  }
};

http::Response refusal_answer(const EngineRefusal& refusal);
// The answer before a 101: the bare message, and the end of the connection.
http::Response upgrade_refusal(const EngineRefusal& refusal);
http::Response overloaded();

// Throws std::invalid_argument for a cookie that RFC 6265 section 4.1.1 does not allow.
void check_cookie(const CookieOptions& options);
std::string cookie_text(const CookieOptions& options, const std::string& sid);

}  // namespace naru::server
