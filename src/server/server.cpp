#include "naru/server.hpp"

#include "http2/session.hpp"
#include "io/last_error.hpp"
#include "io/listener.hpp"
#include "io/ring_flusher.hpp"
#include "server/client_files.hpp"
#include "server/engineio_server.hpp"
#include "server/file_endpoint.hpp"
#include "server/message_publication.hpp"
#include "server/presence_table.hpp"
#include "server/push_api.hpp"
#include "server/push_endpoint.hpp"
#include "server/socketio_server.hpp"
#include "server/sockjs_endpoint.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "server/topic_table.hpp"
#include "server/websocket_endpoint.hpp"

#include <algorithm>
#include <cstdio>
#include <signal.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace naru {

using server::RoutePattern;
using server::State;

Server::Server(ServerOptions options) : state_(std::make_shared<State>(std::move(options))) {}

Server::~Server() {
  stop();
}

SocketIo& Server::socketio(std::string_view path, SocketIoOptions options) {
  const TransportOptions transport = options.transport;
  if (!options.client_directory.empty()) {
    for (auto& [name, file] : server::client_files(options.client_directory, transport.cors)) {
      state_->add_route(RoutePattern::parse(std::string(path) + name), std::move(file));
    }
  }
  auto made = std::make_unique<server::SocketIoServer>(*state_, std::move(options));
  server::SocketIoServer& added = *made;
  state_->socketio_servers.push_back(std::move(made));
  state_->add_route(RoutePattern::beginning(path),
                    std::make_unique<server::EngineEndpoint>(transport, added));
  return added;
}

void Server::engineio(std::string_view path, EngineIoOptions options) {
  state_->add_route(RoutePattern::beginning(path),
                    std::make_unique<server::EngineIoEndpoint>(std::move(options)));
}

void Server::websocket(std::string_view path, WebSocketOptions options) {
  const RoutePattern pattern = RoutePattern::parse(path);
  state_->add_route(
      pattern, std::make_unique<server::WebSocketEndpoint>(*state_, pattern, std::move(options)));
}

void Server::sockjs(std::string_view path, SockJsOptions options) {
  server::SockJsEndpoint::add(*state_, path, std::move(options));
}

void Server::topics(std::string_view prefix, TopicOptions options) {
  if (state_->started) throw std::logic_error("naru: topics are described before the start");
  state_->topic_table->add(prefix, std::move(options));
}

void Server::push(std::string_view path, PushOptions options) {
  state_->add_route(RoutePattern::beginning(path),
                    std::make_unique<server::PushEndpoint>(std::string(path), std::move(options)));
}

void Server::push_api(std::string_view path, PushApiOptions options) {
  state_->add_route(RoutePattern::beginning(path),
                    std::make_unique<server::PushApi>(std::string(path), std::move(options),
                                                      state_->workers.size()));
}

void Server::files(std::string_view prefix, std::string_view directory) {
  state_->add_route(RoutePattern::beginning(prefix),
                    std::make_unique<server::FileEndpoint>(std::string(prefix), directory));
}

namespace {

io::Alpn offer(const State& state, const ListenOptions& where) {
  const bool http2 = where.http2 && http2::available() && state.routes.take_websockets();
  return http2 ? io::Alpn::http2_and_http1 : io::Alpn::http1;
}

}  // namespace

Result<void> Server::listen(const ListenOptions& where) {
  return state_->listen(where, where.tls.enabled() ? "https://" : "http://", offer(*state_, where),
                        server::Worker::make_http_handler);
}

const std::string& Server::last_error() const {
  return io::last_error();
}
std::vector<std::string> Server::urls() const {
  return state_->urls;
}

void Server::start() {
  if (state_->started) return;
  for (const auto& socketio : state_->socketio_servers) socketio->prepare();
  state_->started = true;
  state_->choose_io();
  for (const auto& broker : state_->stomp_brokers) broker->start();
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
    // Behind what this turn has published.
    worker->loop.post([&each = *worker] { each.loop.defer([&each] { each.drain(); }); });
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
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, &before);  // the loops' threads inherit it
  start();
  if (on_running) on_running();
  for (;;) {
    siginfo_t caught{};
    const int signal = sigwaitinfo(&signals, &caught);
    // The kernel's own SIGHUP says that the terminal was closed; another one is a request.
    if (signal == SIGHUP && caught.si_code != SI_KERNEL) {
      static_cast<void>(reload_tls());  // it logs what came of it
    } else if (signal > 0) {
      break;
    }
  }
  // Delivered from now on: a second signal ends the program at once.
  struct sigaction at_once{};
  at_once.sa_handler = [](int signal) { _exit(128 + signal); };
  sigaction(SIGINT, &at_once, nullptr);
  sigaction(SIGTERM, &at_once, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  stop();
  return 0;
}

Topic Server::topic(std::string_view name) const {
  return Topic(state_, std::string(name));
}

void Topic::publish(Message message, const PublishOptions& options) const {
  if (const std::shared_ptr<State> state = state_.lock()) {
    server::check_publication(message, options);
    server::publish(*state, name_, message, options, nullptr);
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
    total.replaced += counters.replaced.value();
    total.slow_closed += counters.slow_closed.value();
    const io::HandshakeGate::Counts handshakes = worker->handshakes.counts();
    total.tls_handshakes += handshakes.full + handshakes.resumed;
    total.tls_resumed += handshakes.resumed;
    total.tls_failed += handshakes.failed;
    total.tls_delayed += handshakes.delayed;
    total.tls_refused += handshakes.refused;
  }
  return total;
}

namespace server {

State::State(ServerOptions given) : options(std::move(given)) {
  const auto proxies = io::AddressRanges::parse(options.trusted_proxies);
  if (!proxies) {
    throw std::invalid_argument("trusted_proxies: " + std::string(proxies.error().text));
  }
  trusted_proxies = *proxies;
  unsigned loops = options.loops != 0 ? options.loops : std::thread::hardware_concurrency();
  loops = std::clamp(loops, 1U, 4096U);
  for (unsigned i = 0; i < loops; ++i) workers.push_back(std::make_unique<Worker>(*this, i));
  topic_table = std::make_unique<TopicTable>(*this);
  presence_table = std::make_unique<PresenceTable>(*this, *topic_table);
}

State::~State() = default;

void State::add_route(const RoutePattern& pattern, std::unique_ptr<Endpoint> endpoint) {
  if (started) throw std::logic_error("naru: routes are added before the server starts");
  routes.add(pattern, std::move(endpoint));
}

Result<void> State::listen(const ListenOptions& where, std::string_view scheme, io::Alpn alpn,
                           const Worker::MakeHandler& make_handler) {
  if (options.io == Io::uring) NARU_CHECK(io::RingFlusher::probe());
  io::Endpoint endpoint{.host = where.host, .port = where.port};
  NARU_CHECK(io::check_unused(endpoint));
  TlsListeners::Contexts tls(workers.size());
  if (where.tls.enabled()) {
    NARU_TRY(tls, tls_listeners.add(*this, where.tls, alpn));
  }
  for (std::size_t i = 0; i < tls.size(); ++i) {
    // A port chosen by the system is the same for every loop.
    NARU_TRY(endpoint.port, workers[i]->listen(endpoint, tls[i], make_handler));
  }
  if (endpoint.host.empty()) endpoint.host = "localhost";  // to be shown
  urls.push_back(std::string(scheme) + endpoint.to_string());
  return {};
}

void State::choose_io() {
  for (const auto& worker : workers) worker->loop.set_spin(options.spin);
  if (options.io == Io::epoll) return;
  if (!io::RingFlusher::probe()) {
    log(LogLevel::info, "event=io_uring_refused error=\"" + log_safe(io::last_error()) + "\"");
    return;
  }
  for (const auto& worker : workers) worker->loop.set_flusher(std::make_unique<io::RingFlusher>());
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
