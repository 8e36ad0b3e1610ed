#pragma once

#include "io/timer_wheel.hpp"
#include "naru/admin.hpp"
#include "naru/socket.hpp"
#include "server/engineio_counters.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

struct NamespaceState;
class SocketIoServer;
struct SocketState;

// Speaks with the Admin UI of Socket.IO in a namespace of its own (npm's @socket.io/admin-ui 0.5).
class AdminUi {
 public:
  // Registers what the page may ask for. Throws std::invalid_argument without a login.
  AdminUi(SocketIoServer& server, AdminOptions options);
  ~AdminUi();

  EngineCounters& counters(unsigned loop) { return *counters_[loop]; }
  // Tells pages what happens in it, unless they want sums only. Before the start.
  void watch(NamespaceState& nsp);
  void start();

 private:
  class Ticker final : public io::Timer {
   public:
    explicit Ticker(AdminUi& admin) : admin_(admin) {}

   private:
    void on_timer(Instant now) override { admin_.tick(now); }
    AdminUi& admin_;
  };

  // Logging in.
  bool lets_in(Socket& socket);
  bool knows(std::string_view login);
  std::string remember_login();

  // What pages ask for.
  void register_commands();
  void greet(Socket& socket);
  void send_all_sockets(Socket& socket);
  std::string describe(SocketState& socket);

  // What they are told. `json`: the array of event and arguments.
  bool heard() const;
  void tell(std::string json, std::vector<std::string> attachments = {});
  void tell_event(std::string_view name, Socket& socket, std::string_view event,
                  const Arguments& arguments);

  // Sums: what was counted, second by second, since they were last told.
  void tick(Instant now);
  void collect();
  void tell_stats();
  struct Sum {
    std::int64_t timestamp;  // ms since the epoch
    std::string type;
    std::string sub_type;
    std::uint64_t count;
  };
  void add_sum(std::string_view type, std::uint64_t total, std::int64_t timestamp);

  SocketIoServer& server_;
  const AdminOptions options_;
  const std::shared_ptr<NamespaceState> nsp_;
  std::vector<std::unique_ptr<EngineCounters>> counters_;  // by loop

  std::mutex mutex_;
  std::deque<std::string> logins_;             // the oldest first
  std::map<std::string, std::int64_t> since_;  // by socket id: when it came, ms since the epoch

  // The first loop's.
  Ticker ticker_{*this};
  Instant started_{};
  Instant told_{};
  std::vector<Sum> sums_;
  std::map<std::string, std::uint64_t, std::less<>> seen_;  // the counters' last values
};

}  // namespace naru::server
