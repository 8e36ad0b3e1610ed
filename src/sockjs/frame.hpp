#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// What a server says in SockJS 0.3.3: frames of one letter and, behind it, JSON.
namespace naru::sockjs {

inline constexpr std::string_view kOpenFrame = "o";
inline constexpr std::string_view kHeartbeatFrame = "h";

// What the peer gets for the one who comes second.
inline constexpr std::uint16_t kAnotherConnection = 2010;
inline constexpr std::string_view kAnotherConnectionText = "Another connection still open";

// Appends `text` as a JSON string, in ASCII where JSON text is not what JavaScript and the
// transports of old browsers take: the line separators, directional and invisible marks, specials,
// and all beyond U+FFFF (as pairs of escapes). The rest is UTF-8, or Korean would take twice its
// bytes.
void append_string(std::string_view text, std::string& out);

// `elements` are strings of append_string, with commas in between.
std::string message_frame(std::string_view elements);
std::string close_frame(std::uint16_t code, std::string_view reason);

}  // namespace naru::sockjs
