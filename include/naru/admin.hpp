#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace naru {

// Lets Socket.IO's Admin UI (npm's @socket.io/admin-ui) look at a Socket.IO server, and act on it.
// That page is a client in the namespace `nsp`; its origin must be among those of
// TransportOptions::cors, with credentials.
struct AdminOptions {
  std::string nsp = "/admin";
  // Who may come in: one login, or whatever `check_login` says (called on any loop; it must not
  // take long). One of them is needed, unless `without_login` lets in everybody.
  std::string username{};
  std::string password{};
  std::function<bool(std::string_view username, std::string_view password)> check_login{};
  bool without_login = false;
  // Looking only: no emit, join, leave or disconnect from the page.
  bool readonly = false;
  // What the page is shown: each socket, room and event as they come and go (Node's "development"),
  // or sums (its "production"). Each event costs another for every page then.
  enum class Detail : std::uint8_t { everything, sums };
  Detail detail = Detail::everything;
  std::string server_id{};    // unique among the servers of a page; empty: the host's name
  std::size_t logins = 1000;  // remembered, so that a page need not ask again; the oldest go
  std::chrono::milliseconds stats_interval{2000};
};

}  // namespace naru
