#include "naru/server.hpp"

#include "io/listener.hpp"
#include "io/tls_context.hpp"
#include "server/engineio_server.hpp"
#include "server/file_endpoint.hpp"
#include "server/socketio_server.hpp"
#include "server/state.hpp"
#include "server/websocket_endpoint.hpp"

#include <algorithm>
#include <cstdio>
#include <signal.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace naru {

using server::State;

Server::Server(ServerOptions options) : state_(std::make_shared<State>(std::move(options))) {}

Server::~Server() {
  stop();
}

SocketIo& Server::socketio(std::string_view path, SocketIoOptions options) {
  const TransportOptions transport = options.transport;
  auto made = std::make_unique<server::SocketIoServer>(*state_, std::move(options));
  server::SocketIoServer& added = *made;
  state_->socketio_servers.push_back(std::move(made));
  state_->add_route({.path = std::string(path),
                     .prefix = true,
                     .endpoint = std::make_unique<server::EngineEndpoint>(transport, added)});
  return added;
}

void Server::engineio(std::string_view path, EngineIoOptions options) {
  state_->add_route({.path = std::string(path),
                     .prefix = true,
                     .endpoint = std::make_unique<server::EngineIoEndpoint>(std::move(options))});
}

void Server::websocket(std::string_view path, WebSocketOptions options) {
  const bool prefix = path.ends_with('*');
  if (prefix) path.remove_suffix(1);
  state_->add_route({.path = std::string(path),
                     .prefix = prefix,
                     .endpoint = std::make_unique<server::WebSocketEndpoint>(std::move(options))});
}

void Server::files(std::string_view prefix, std::string_view directory) {
  state_->add_route(
      {.path = std::string(prefix),
       .prefix = true,
       .endpoint = std::make_unique<server::FileEndpoint>(std::string(prefix), directory)});
}

Result<void> Server::listen(const ListenOptions& where) {
  std::shared_ptr<io::TlsContext> tls;
  const auto remember = [&](Error error) {
    state_->last_error = io::last_error();
    return error;
  };
  if (!where.tls_certificate.empty()) {
    auto loaded = io::TlsContext::load(where.tls_certificate, where.tls_key);
    if (!loaded) return remember(loaded.error());
    tls = *loaded;
  }
  io::Endpoint endpoint{.host = where.host, .port = where.port};
  if (const auto free = io::check_unused(endpoint); !free) return remember(free.error());
  for (const auto& worker : state_->workers) {
    const auto port = worker->listen(endpoint, tls);
    if (!port) return remember(port.error());
    endpoint.port = *port;  // a port chosen by the system is the same for every loop
  }
  io::Endpoint shown = endpoint;
  if (shown.host.empty()) shown.host = "localhost";
  state_->urls.push_back((tls ? "https://" : "http://") + shown.to_string());
  return {};
}

const std::string& Server::last_error() const {
  return state_->last_error;
}
std::vector<std::string> Server::urls() const {
  return state_->urls;
}

void Server::start() {
  if (state_->started) return;
  state_->started = true;
  for (const auto& worker : state_->workers) {
    state_->threads.emplace_back([&each = *worker] { each.run(); });
  }
  for (const std::string& url : state_->urls) {
    state_->log(LogLevel::info,
                "event=listening url=" + url + " loops=" + std::to_string(state_->workers.size()));
  }
}

// Each worker closes its peers in order; the loops end when every one has gone, or in time.
void Server::stop() {
  if (!state_->started || state_->stopped) return;
  state_->stopped = true;
  state_->log(LogLevel::info, "event=stopping");
  for (const auto& worker : state_->workers) {
    worker->loop.post([&each = *worker] { each.drain(); });
  }
  const auto until = std::chrono::steady_clock::now() + state_->options.drain_timeout;
  for (const auto& worker : state_->workers) worker->wait_drained(until);
  for (const auto& worker : state_->workers) worker->loop.stop();
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
  state_->log(LogLevel::info, "event=stopped");
}

int Server::run(const ListenOptions& where) {
  if (const auto listening = listen(where); !listening) {
    std::fprintf(stderr, "naru: cannot listen: %s\n", last_error().c_str());
    return 1;
  }
  return run_until_signal([this] {
    for (const std::string& url : urls()) std::printf("listening on %s\n", url.c_str());
    std::fflush(stdout);
  });
}

int Server::run_until_signal(const std::function<void()>& on_running) {
  sigset_t signals;
  sigset_t before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);  // the loops' threads inherit it
  start();
  if (on_running) on_running();
  int caught = 0;
  sigwait(&signals, &caught);
  // Delivered from now on: a second signal ends the program at once.
  struct sigaction at_once{};
  at_once.sa_handler = [](int signal) { _exit(128 + signal); };
  sigaction(SIGINT, &at_once, nullptr);
  sigaction(SIGTERM, &at_once, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  stop();
  return 0;
}

Topic Server::topic(std::string_view name) {
  return Topic(state_, std::string(name));
}

void Topic::publish(Message message, Delivery delivery) const {
  const std::shared_ptr<State> state = state_.lock();
  if (!state) return;
  const auto publication = std::make_shared<const server::MessagePublication>(message);
  hub::Audience audience{.topics = {name_},
                         .delivery = delivery == Delivery::droppable ? hub::Delivery::droppable
                                                                     : hub::Delivery::reliable};
  for (const auto& worker : state->workers) {
    if (server::Worker::current() == worker.get()) {
      worker->topics.publish(*publication, audience);
    } else {
      worker->loop.post([&each = *worker, publication, audience] {
        each.topics.publish(*publication, audience);
      });
    }
  }
}

Stats Server::stats() const {
  Stats total;
  for (const auto& worker : state_->workers) {
    const server::Counters& counters = worker->counters;
    total.connections += counters.connections.value();
    total.refused += counters.refused.value();
    total.requests += counters.requests.value();
    total.messages_in += counters.messages_in.value();
    total.messages_out += counters.messages_out.value();
    total.violations += counters.violations.value();
    total.dropped += counters.dropped.value();
    total.slow_closed += counters.slow_closed.value();
  }
  return total;
}

namespace server {

State::State(ServerOptions given) : options(std::move(given)) {
  unsigned loops = options.loops != 0 ? options.loops : std::thread::hardware_concurrency();
  loops = std::clamp(loops, 1U, 4096U);
  for (unsigned i = 0; i < loops; ++i) workers.push_back(std::make_unique<Worker>(*this, i));
}

State::~State() = default;

void State::add_route(Route route) {
  if (started) throw std::logic_error("naru: routes are added before the server starts");
  routes.push_back(std::move(route));
}

Endpoint* State::find_route(std::string_view path) const {
  const Route* best = nullptr;
  for (const Route& route : routes) {
    if (route.path == path && !route.prefix) return route.endpoint.get();
    if (!route.prefix || !path.starts_with(route.path)) continue;
    if (best == nullptr || route.path.size() > best->path.size()) best = &route;
  }
  return best == nullptr ? nullptr : best->endpoint.get();
}

void State::log(LogLevel level, std::string_view line) const {
  if (logs(level)) options.log(level, line);
}

void log_failure(const State& state, std::string_view where, std::string_view error) {
  state.log(LogLevel::error,
            "event=handler_failed " + std::string(where) + " error=\"" + log_safe(error) + "\"");
}

std::string log_safe(std::string_view text, std::size_t limit) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string safe;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      safe += c;
    } else {
      safe += "\\x";
      safe += hex[byte >> 4U];
      safe += hex[byte & 0xfU];
    }
  }
  if (text.size() > limit) safe += "...";
  return safe;
}

}  // namespace server
}  // namespace naru
