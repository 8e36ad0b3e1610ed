#include "server/stomp_broker.hpp"

#include "server/sockjs_endpoint.hpp"
#include "server/state.hpp"
#include "server/stomp_endpoint.hpp"
#include "server/stomp_relay.hpp"
#include "server/stomp_sockjs.hpp"
#include "server/stomp_stream.hpp"
#include "stomp/destination.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>

namespace naru {

Stomp& Server::stomp(std::string_view path, StompOptions options) {
  auto made = std::make_unique<server::StompBroker>(*state_, std::move(options));
  server::StompBroker& added = *made;
  if (!path.empty()) {
    const auto pattern = server::RoutePattern::parse(path);
    state_->add_route(pattern, std::make_unique<server::StompEndpoint>(added, pattern));
  }
  state_->stomp_brokers.push_back(std::move(made));
  return added;
}

std::string_view stomp::Connect::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

namespace server {
namespace {

constexpr std::string_view kProtocol = "protocol=stomp";

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("naru: StompOptions: ") + what);
}

stomp::SessionOptions session_options_of(const StompOptions& options) {
  stomp::SessionOptions made;
  made.heartbeat = {options.heartbeat_send, options.heartbeat_receive};
  if (options.hide_server) made.server.clear();
  made.subscriptions = options.subscriptions;
  made.transactions = options.transactions;
  made.transaction_bytes = options.transaction_bytes;
  made.unacknowledged = options.unacknowledged;
  return made;
}

stomp::QueueLimits queue_limits_of(const StompOptions& options) {
  using Full = stomp::QueueLimits::Full;
  return {.messages = options.queue_messages,
          .bytes = options.queue_bytes,
          .full = options.queue_full == QueueFull::reject ? Full::reject : Full::drop_oldest,
          .redeliveries = options.redeliveries};
}

std::string grave_of(const StompOptions& options) {
  if (options.dead_letters.empty()) return {};
  const auto grave = stomp::parse_destination(options.dead_letters, stomp::Use::send);
  require(grave && grave->kind == stomp::Destination::Kind::queue, "dead_letters is no queue");
  return grave->name;
}

}  // namespace

StompBroker::StompBroker(State& state, StompOptions given)
    : options(std::move(given)),
      limits{.line_bytes = options.header_bytes,
             .headers = options.headers,
             .head_bytes = options.head_bytes,
             .body_bytes = options.body_bytes},
      opening_limits{.line_bytes = options.header_bytes,
                     .headers = options.headers,
                     .head_bytes = options.connect_bytes,
                     .body_bytes = options.connect_bytes},
      session_options(session_options_of(options)),
      queue_limits(queue_limits_of(options)),
      outbox{.high_watermark = options.high_watermark, .limit = options.limit},
      replay_bytes(options.limit / 4),
      grave(grave_of(options)),
      relay(options.relay ? std::make_unique<StompRelay>(*this, *options.relay) : nullptr),
      state_(state) {
  require(options.limit >= options.high_watermark, "limit is below high_watermark");
  require(options.prefetch > 0, "prefetch is 0");
  for (const auto& worker : state.workers) loops_.emplace_back(*this, *worker);
}

StompBroker::~StompBroker() = default;

StompLoop& StompBroker::home_of(std::string_view queue) {
  return loops_[std::hash<std::string_view>()(queue) % loops_.size()];
}

Result<void> StompBroker::listen(const ListenOptions& where) {
  return state_.listen(where, where.tls.enabled() ? "stomp+ssl://" : "stomp://", io::Alpn::http1,
                       [this](Worker& worker, io::Stream&) {
                         return std::make_unique<StompStream>(on_loop(worker.index()));
                       });
}

void StompBroker::sockjs(std::string_view path, SockJsOptions given) {
  if (given.on_open || given.on_message || given.on_drain || given.on_dropped || given.on_close) {
    throw std::invalid_argument("naru: Stomp::sockjs: the messages are the broker's");
  }
  given.high_watermark = options.high_watermark;
  given.limit = options.limit;
  given.slow_consumer = SlowConsumer::disconnect;
  SockJsEndpoint::add(
      state_, path, std::move(given),
      {.subprotocols = stomp_subprotocols(), .open = [this](SockJsSession& session) {
         return std::make_unique<StompSockJs>(on_loop(Worker::current()->index()), session);
       }});
}

bool StompBroker::available() const {
  return relay == nullptr || relay->available();
}

void StompBroker::start() {
  if (relay == nullptr) return;
  state_.workers[0]->loop.post([this] { relay->start(); });
}

void StompBroker::shut_down(Worker& worker) {
  if (relay != nullptr && worker.index() == 0) relay->shut_down();
}

Result<std::string> StompBroker::authorize(const stomp::Frame& connect,
                                           const RequestInfo& request) const {
  constexpr Error kRefused{Errc::protocol_error, "access refused"};
  const std::string_view host = connect.header("host");
  const auto& hosts = options.hosts;
  if (!hosts.empty() && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) return kRefused;
  // Without the hook, nobody has looked whether the login is true.
  if (!options.authorize) return std::string();
  stomp::Connect client{.login = connect.header("login"),
                        .passcode = connect.header("passcode"),
                        .host = host,
                        .headers = {},
                        .request = request,
                        .user = std::string(connect.header("login"))};
  for (const stomp::Header& header : connect.headers) {
    client.headers.emplace_back(header.name, header.value);
  }
  bool accepted = false;
  run_user_code(state_, kProtocol, [&] { accepted = options.authorize(client); });
  if (!accepted) return kRefused;
  return std::move(client.user);
}

Result<void> StompBroker::check_permit(std::string_view user, stomp::Access access,
                                       const std::string& destination) const {
  if (!options.permit) return {};
  bool allowed = false;
  run_user_code(state_, kProtocol, [&] { allowed = options.permit(user, access, destination); });
  if (!allowed) return Error{Errc::protocol_error, "access refused"};
  return {};
}

void StompBroker::send(std::string_view queue, Message message,
                       std::vector<std::pair<std::string, std::string>> headers) {
  if (relay != nullptr) {
    std::string destination(queue.starts_with('/') ? "" : "/queue/");
    return relay->send(destination.append(queue), std::string(message.data), std::move(headers));
  }
  auto made = std::make_shared<stomp::Message>();
  made->destination = "/queue/" + std::string(queue);
  made->headers = std::move(headers);
  made->body = message.data;
  StompLoop& home = home_of(queue);
  home.worker().loop.post([&home, queue = std::string(queue), made = std::move(made)] {
    home.publish({.queue = queue, .message = made});
  });
}

}  // namespace server
}  // namespace naru
