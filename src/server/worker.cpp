#include "server/worker.hpp"

#include "server/engineio_session.hpp"
#include "server/plain_websocket.hpp"
#include "server/state.hpp"
#include "server/stomp_broker.hpp"
#include "transport/http_entry.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

thread_local Worker* current_worker = nullptr;

}  // namespace

Worker::Worker(State& state, unsigned index)
    : handshakes(loop, {.under_way = state.options.tls_handshakes_under_way,
                        .per_second = state.options.tls_handshakes_per_second,
                        .waiting = state.options.tls_handshakes_waiting}),
      state_(state),
      index_(index) {}

Worker::~Worker() {
  listeners_.clear();
}

Worker* Worker::current() {
  return current_worker;
}

void Worker::run() {
  current_worker = this;
  loop.run();
  for (const auto& broker : state_.stomp_brokers) broker->shut_down(*this);
  // What is left goes now, while the other loops are there to be posted to by its handlers.
  while (!loop.streams().empty()) {
    for (const auto& stream : loop.streams()) stream->abort();
    loop.poll(Duration::zero());
  }
  current_worker = nullptr;
}

std::unique_ptr<io::StreamHandler> Worker::make_http_handler(Worker& worker, io::Stream& stream) {
  return transport::make_http_handler(stream, worker, worker.state_.http_limits);
}

Result<std::uint16_t> Worker::listen(const io::Endpoint& where, std::shared_ptr<io::TlsContext> tls,
                                     MakeHandler make_handler) {
  const auto admit = [this, make_handler = std::move(make_handler)](
                         io::Stream& stream) -> std::unique_ptr<io::StreamHandler> {
    if (loop.streams().size() > share_of(state_.options.connections)) {
      counters.refused.add();
      return nullptr;
    }
    counters.connections.add();
    return make_handler(*this, stream);
  };
  NARU_TRY(auto listener, io::Listener::listen(loop, where, std::move(tls), admit, &handshakes));
  const std::uint16_t port = listener->port();
  listeners_.push_back(std::move(listener));
  return port;
}

void Worker::replace_tls(std::size_t listener, std::shared_ptr<io::TlsContext> tls) {
  listeners_[listener]->replace_tls(std::move(tls));
}

void Worker::drain() {
  for (auto& listener : listeners_) listener->close();
  each_session([](EngineSession& session) { session.shut_down(); });
  state_.routes.each([this](Endpoint& endpoint) { endpoint.on_shutdown(*this); });
  for (std::size_t i = 0; i < loop.streams().size(); ++i) {
    loop.streams()[i]->handler().on_shutdown();
  }
  for (const auto& broker : state_.stomp_brokers) broker->shut_down(*this);
  check_drained();
}

// Looks again every turn in which something happens, and at least every 10 ms.
void Worker::check_drained() {
  if (loop.streams().empty()) return drained_.set_value();
  drain_check_.arm(loop.timers(), loop.now() + std::chrono::milliseconds(10));
}

void Worker::wait_drained(Instant until) {
  drained_.get_future().wait_until(until);
}

std::size_t Worker::share_of(std::size_t total) const {
  return (total + state_.workers.size() - 1) / state_.workers.size();
}

bool Worker::takes_sessions() {
  if (sessions_.size() + other_sessions < share_of(state_.options.sessions)) return true;
  counters.refused.add();
  return false;
}

SendOutcome Worker::count(transport::Push push) {
  switch (push) {
    case transport::Push::queued:
      counters.messages_out.add();
      return SendOutcome::sent;
    case transport::Push::high:
      counters.messages_out.add();
      return SendOutcome::blocked;
    case transport::Push::dropped:
      counters.dropped.add();
      return SendOutcome::dropped;
    case transport::Push::overflow:
      counters.slow_closed.add();
      return SendOutcome::closed;
    case transport::Push::closed:
      break;
  }
  return SendOutcome::closed;
}

hub::Delivered to_delivered(SendOutcome outcome) {
  switch (outcome) {
    case SendOutcome::sent:
      return hub::Delivered::sent;
    case SendOutcome::blocked:
      return hub::Delivered::blocked;
    case SendOutcome::dropped:
      return hub::Delivered::dropped;
    case SendOutcome::closed:
      break;
  }
  return hub::Delivered::closed;
}

AnswerTo Worker::expect_answer(transport::HttpExchange& connection,
                               UniqueFunction<void()> on_abandoned) {
  const std::uint64_t number = next_number_++;
  waiting_.emplace(number, &connection);
  connection.respond_later([this, number, on_abandoned = std::move(on_abandoned)]() mutable {
    waiting_.erase(number);
    on_abandoned();
  });
  return {index_, number};
}

void Worker::answer(AnswerTo to, http::Response response, transport::HttpExchange::After after) {
  if (to.worker != index_) {
    Worker& origin = *state_.workers[to.worker];
    return origin.loop.post([&origin, to, response = std::move(response), after]() mutable {
      origin.answer(to, std::move(response), after);
    });
  }
  if (transport::HttpExchange* exchange = take_waiting(to.number)) {
    exchange->respond(std::move(response), after);
  }
}

transport::HttpExchange* Worker::take_waiting(std::uint64_t number) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return nullptr;
  transport::HttpExchange* exchange = found->second;
  waiting_.erase(found);
  return exchange;
}

EngineSession* Worker::find_session(std::string_view sid) const {
  const auto found = sessions_.find(sid);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Worker::each_session(const std::function<void(EngineSession&)>& task) {
  std::vector<std::string> sids;
  for (const auto& [sid, session] : sessions_) sids.emplace_back(sid);
  for (const std::string& sid : sids) {
    if (EngineSession* session = find_session(sid)) task(*session);
  }
}

EngineSession& Worker::add_session(std::unique_ptr<EngineSession> session) {
  EngineSession& added = *session;
  sessions_.emplace(added.sid(), std::move(session));
  return added;
}

void Worker::bury_session(EngineSession& session) {
  const auto found = sessions_.find(session.sid());
  if (found == sessions_.end() || found->second.get() != &session) return;
  if (buried_.empty()) {
    loop.defer([this] { std::exchange(buried_, {}).clear(); });
  }
  buried_.push_back(std::move(found->second));
  sessions_.erase(found);
}

std::uint64_t Worker::number_of(PlainWebSocket& socket) {
  const std::uint64_t number = next_number_++;
  numbered_.emplace(number, &socket);
  return number;
}

PlainWebSocket* Worker::find_websocket(std::uint64_t number) const {
  const auto found = numbered_.find(number);
  return found == numbered_.end() ? nullptr : found->second;
}

void Worker::forget_websocket(std::uint64_t number) {
  numbered_.erase(number);
}

void Worker::post(hub::Hub& hub, hub::Posted posted, std::shared_ptr<void> owner) {
  if (!hub.waiting()) {
    loop.defer(
        [this, &hub, owner = std::move(owner)] { hub.deliver([this] { loop.flush_early(); }); });
  }
  hub.post(std::move(posted));
}

void Worker::on_request_head(transport::HttpExchange& connection) {
  if (Endpoint* endpoint = state_.find_route(connection.request().path)) {
    endpoint->on_head(*this, connection);
  } else {
    connection.limit_body(Endpoint::kSmallBody);
  }
}

void Worker::on_request(transport::HttpExchange& connection) {
  counters.requests.add();
  Endpoint* endpoint = state_.find_route(connection.request().path);
  if (endpoint == nullptr) return connection.respond(http::plain(404));
  endpoint->on_request(*this, connection);
}

void Worker::on_violation(io::Stream& stream, int status, std::string_view text) {
  log_violation(status == 0 ? "http/2" : "http " + std::to_string(status), stream.peer_address(),
                text);
}

void Worker::log_violation(std::string_view protocol, std::string_view address,
                           std::string_view text) {
  counters.violations.add();
  if (!state_.logs(LogLevel::debug)) return;
  std::string line = "event=violation protocol=\"";
  line.append(protocol).append("\" peer=").append(address);
  line.append(" error=\"").append(log_safe(text)).append("\"");
  state_.log(LogLevel::debug, line);
}

}  // namespace naru::server
