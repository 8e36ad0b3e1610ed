#pragma once

#include "naru/websocket.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace naru {

// Cross-origin access for the polling transport. Without origins no CORS header is sent.
struct CorsOptions {
  std::vector<std::string> origins{};  // exact, or "*" alone
  bool credentials = false;
  std::vector<std::string> allowed_headers{};  // empty: what the preflight asks for
  std::vector<std::string> exposed_headers{};
  int max_age_seconds = 0;
};

// The cookie that a polling handshake sets for load balancers; never read by us.
struct CookieOptions {
  std::string name{};  // empty: no cookie
  std::string path = "/";
  bool http_only = true;
  bool secure = false;
  std::string same_site = "Lax";
};

// What every Engine.IO session lives by; times and sizes as Node's Socket.IO has them.
struct TransportOptions {
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};
  std::size_t max_payload = 1'000'000;  // bytes of one polling body and of one WebSocket message
  std::size_t payload_packets = 4096;   // packets in one polling body
  bool polling = true;
  bool websocket = true;
  bool allow_upgrades = true;
  CorsOptions cors{};
  CookieOptions cookie{};
  // Who may open a WebSocket. By default same origin, and the origins of `cors`.
  OriginPolicy origins{};
  std::size_t high_watermark = std::size_t{1} << 16U;  // waiting above it: droppables are dropped
  std::size_t limit = std::size_t{16} << 20U;          // waiting above it: the session is closed
};

// One Engine.IO session, whatever carries it. Borrowed by handlers.
class EngineSocket {
 public:
  EngineSocket(const EngineSocket&) = delete;
  EngineSocket& operator=(const EngineSocket&) = delete;
  virtual const std::string& id() const = 0;
  virtual SendOutcome send(Message message) = 0;
  virtual void close() = 0;

 protected:
  EngineSocket() = default;
  virtual ~EngineSocket() = default;
};

struct EngineIoOptions {
  TransportOptions transport{};
  std::function<void(EngineSocket&)> on_open{};
  std::function<void(EngineSocket&, Message)> on_message{};
  std::function<void(EngineSocket&, std::string_view reason)> on_close{};
};

}  // namespace naru
