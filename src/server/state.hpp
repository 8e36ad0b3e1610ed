#pragma once

#include "io/address_ranges.hpp"
#include "io/tls_context.hpp"
#include "naru/server.hpp"
#include "server/routes.hpp"
#include "server/tls_listeners.hpp"
#include "server/worker.hpp"
#include "transport/http_connection.hpp"

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace naru::server {

class PresenceTable;
class SocketIoServer;
class TopicTable;
class StompBroker;
struct State;

void log_failure(const State& state, std::string_view where, std::string_view error);

// Everything behind a Server. Routes and options are immutable once it has started; what changes
// lives in the workers, one per loop.
struct State : std::enable_shared_from_this<State> {
  explicit State(ServerOptions given);
  ~State();

  // Throws std::logic_error once the server has started; else see Routes::add.
  void add_route(const RoutePattern& pattern, std::unique_ptr<Endpoint> endpoint);
  // The endpoint of a path; nullptr for none.
  Endpoint* find_route(std::string_view path) const { return routes.find(path); }
  // A listener on every loop; `alpn` is what TLS offers.
  Result<void> listen(const ListenOptions& where, std::string_view scheme, io::Alpn alpn,
                      const Worker::MakeHandler& make_handler);
  void choose_io();  // how the loops send and wait; before they run
  Topic topic(std::string name) { return {weak_from_this(), std::move(name)}; }
  void log(LogLevel level, std::string_view line) const;
  bool logs(LogLevel level) const { return options.log && level >= options.log_level; }

  ServerOptions options;
  transport::HttpLimits http_limits;
  Routes routes;
  std::vector<std::unique_ptr<SocketIoServer>> socketio_servers;
  std::vector<std::unique_ptr<StompBroker>> stomp_brokers;
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<TopicTable> topic_table;  // how topics behave, and what they remember
  std::unique_ptr<PresenceTable> presence_table;
  std::vector<std::thread> threads;
  std::vector<std::string> urls;
  TlsListeners tls_listeners;
  io::AddressRanges trusted_proxies;
  bool started = false;
  bool stopped = false;
};

// Runs user code. What it throws is logged with `where` ("nsp=/chat name=say") and goes no further:
// false.
template <class Call>
bool run_user_code(const State& state, std::string_view where, Call call) {
  const char* what = "unknown";
  std::string text;
  try {
    call();
    return true;
  } catch (const std::exception& error) {
    text = error.what();
    what = text.c_str();
  } catch (...) {  // whatever a user throws must not end the loop's thread
  }
  log_failure(state, where, what);
  return false;
}

// Peers' bytes made fit for a log line: printable ASCII, the rest escaped, cut at `limit`.
std::string log_safe(std::string_view text, std::size_t limit = 100);

}  // namespace naru::server
