#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What a service answers besides its sessions.
namespace naru::sockjs {

inline constexpr std::string_view kGreeting = "Welcome to SockJS!\n";

struct Info {
  bool websocket = true;
  bool cookie_needed = false;
  std::uint32_t entropy = 0;  // unpredictable, and another one each time
};
std::string info_document(const Info& info);

// The page that a client of another site loads into a frame, and its ETag. `client_url` names the
// client's script, and has been checked by is_client_url.
std::string iframe_page(std::string_view client_url);
std::string entity_tag(std::string_view body);
// Absolute ("https://...") or from the root ("/sockjs.js"), and harmless within quotes.
bool is_client_url(std::string_view url);

// The beginning of an htmlfile answer, padded so that browsers begin to show it.
std::string htmlfile_head(std::string_view callback);

// A name that may be called in a script of ours. It is the peer's word: whatever else it held would
// run (CVE-2020-8823).
bool is_callback(std::string_view name);
inline constexpr std::size_t kCallbackBytes = 64;

}  // namespace naru::sockjs
