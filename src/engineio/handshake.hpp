#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace naru::engineio {

// What the first packet of a session announces.
struct OpenPacket {
  std::string_view sid;
  bool upgrade_to_websocket = false;
  Duration ping_interval{};
  Duration ping_timeout{};
  std::size_t max_payload = 0;
};
// Appends `0{"sid":...}`, keys in the order of the reference.
void append_open(const OpenPacket& open, std::string& out);

inline constexpr std::size_t kSidSize = 20;

// A session or socket id: 20 characters of the URL alphabet. The first two name the loop (0 to
// 4095) that the session lives on, the other 18 are 108 random bits (CVE-2017-16031).
std::string make_sid(unsigned loop, Random& random);
// The loop that an id names; -1 when this is no id of ours.
int loop_of_sid(std::string_view sid);

// A session id that an application made, behind the two characters of its loop: 1 to 64 characters
// of the URL alphabet; "" for any other.
std::string make_custom_sid(unsigned loop, std::string_view id);
int loop_of_custom_sid(std::string_view sid);

// The errors of a request (Engine.IO protocol, "Handshake"), by their code.
enum class RequestError {
  unknown_transport,
  unknown_sid,
  bad_method,
  bad_request,
  forbidden,
  unsupported_version
};
std::string_view error_message(RequestError error);
int error_status(RequestError error);  // of a plain HTTP request: 403 for forbidden, else 400
// {"code":1,"message":"Session ID unknown"}; `message` instead of the usual one, unless empty.
std::string error_body(RequestError error, std::string_view message = {});

}  // namespace naru::engineio
