#include "engineio/handshake.hpp"

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "json/split.hpp"

#include <array>
#include <chrono>
#include <cstdint>

namespace naru::engineio {
namespace {

struct ErrorText {
  std::string_view message;
  int status;
};

// By code.
constexpr std::array<ErrorText, 6> kErrors{{
    {"Transport unknown", 400},
    {"Session ID unknown", 400},
    {"Bad handshake method", 400},
    {"Bad request", 400},
    {"Forbidden", 403},
    {"Unsupported protocol version", 400},
}};

const ErrorText& entry(RequestError error) {
  return kErrors.at(static_cast<std::size_t>(error));
}

constexpr unsigned kLoops = 4096;  // what two characters of six bits can name

constexpr std::size_t kCustomIdAtMost = 64;

// RFC 4648 section 5.
constexpr std::string_view kUrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The value of a character of the URL alphabet; -1 for any other.
int url_digit(char c) {
  const std::size_t digit = kUrlAlphabet.find(c);
  return digit == std::string_view::npos ? -1 : static_cast<int>(digit);
}

bool is_url_text(std::string_view text) {
  return text.find_first_not_of(kUrlAlphabet) == std::string_view::npos;
}

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

void append_open(const OpenPacket& open, std::string& out) {
  out += R"(0{"sid":)";
  json::append_string(open.sid, out);
  out += R"(,"upgrades":)";
  out += open.upgrade_to_websocket ? R"(["websocket"])" : "[]";
  out += R"(,"pingInterval":)" + milliseconds(open.ping_interval);
  out += R"(,"pingTimeout":)" + milliseconds(open.ping_timeout);
  out += R"(,"maxPayload":)" + std::to_string(open.max_payload) + "}";
}

std::string make_sid(unsigned loop, Random& random) {
  NARU_ASSERT(loop < kLoops);
  std::array<unsigned char, 15> bytes{};
  random.fill(bytes);
  bytes[0] = static_cast<unsigned char>(loop >> 4U);
  bytes[1] = static_cast<unsigned char>((loop & 0xfU) << 4U | (bytes[1] & 0xfU));
  return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

int loop_of_sid(std::string_view sid) {
  return sid.size() == kSidSize ? loop_of_custom_sid(sid) : -1;
}

std::string make_custom_sid(unsigned loop, std::string_view id) {
  NARU_ASSERT(loop < kLoops);
  if (id.empty() || id.size() > kCustomIdAtMost || !is_url_text(id)) return {};
  return std::string{kUrlAlphabet[loop / 64], kUrlAlphabet[loop % 64]}.append(id);
}

int loop_of_custom_sid(std::string_view sid) {
  if (sid.size() < 3 || sid.size() > kCustomIdAtMost + 2 || !is_url_text(sid)) return -1;
  return url_digit(sid[0]) * 64 + url_digit(sid[1]);
}

std::string_view error_message(RequestError error) {
  return entry(error).message;
}

int error_status(RequestError error) {
  return entry(error).status;
}

std::string error_body(RequestError error, std::string_view message) {
  std::string body = R"({"code":)" + std::to_string(static_cast<int>(error)) + R"(,"message":)";
  json::append_string(message.empty() ? error_message(error) : message, body);
  body.push_back('}');
  return body;
}

}  // namespace naru::engineio
