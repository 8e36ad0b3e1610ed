#include "server/sockjs_session.hpp"

#include "base/base64.hpp"
#include "io/resolver.hpp"
#include "server/message_publication.hpp"
#include "server/sockjs_endpoint.hpp"
#include "server/sockjs_http_session.hpp"
#include "server/state.hpp"
#include "websocket/close_code.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naru {

using server::SockJsSession;

SendOutcome SockJs::send(Message message, const SendOptions& options) {
  return static_cast<SockJsSession&>(*this).send_message(message, options);
}

void SockJs::close(std::uint16_t code, std::string_view reason) {
  static_cast<SockJsSession&>(*this).close_in_order(code, reason);
}

void SockJs::subscribe(std::string_view topic) {
  auto& self = static_cast<SockJsSession&>(*this);
  if (self.closing()) return;
  hub::Hub& topics = self.worker().topics;
  if (!topics.has(self)) topics.add(self);
  if (topic.ends_with('*')) {
    topics.join_prefix(self, topic.substr(0, topic.size() - 1));
  } else {
    topics.join(self, topic);
  }
}

void SockJs::unsubscribe(std::string_view topic) {
  auto& self = static_cast<SockJsSession&>(*this);
  hub::Hub& topics = self.worker().topics;
  if (topic.ends_with('*')) {
    topics.leave_prefix(self, topic.substr(0, topic.size() - 1));
  } else {
    topics.leave(self, topic);
  }
}

void SockJs::publish(std::string_view topic, Message message, const PublishOptions& options) {
  auto& self = static_cast<SockJsSession&>(*this);
  server::check_publication(message, options);
  server::publish(self.worker().state(), topic, message, options, &self);
}

std::size_t SockJs::buffered_amount() const {
  const auto& self = static_cast<const SockJsSession&>(*this);
  return self.queued() + self.held_bytes();
}

std::string_view SockJs::transport() const {
  return sockjs::transport_name(static_cast<const SockJsSession&>(*this).transport_);
}

const std::string& SockJs::id() const {
  return static_cast<const SockJsSession&>(*this).id_;
}

const RequestInfo& SockJs::request() const {
  return static_cast<const SockJsSession&>(*this).request_;
}

std::any& SockJs::data() {
  return static_cast<SockJsSession&>(*this).data_;
}

SockJsRef SockJs::ref() {
  auto& self = static_cast<SockJsSession&>(*this);
  SockJsRef ref;
  ref.state_ = self.worker().state().weak_from_this();
  ref.route_ = &self.route_;
  ref.number_ = self.number_;
  return ref;
}

void SockJsRef::with(std::function<void(SockJs&)> task) const {
  const std::shared_ptr<server::State> state = state_.lock();
  if (!state) return;
  server::SockJsRoute& route = *route_;
  route.worker.loop.post([&route, number = number_, task = std::move(task)] {
    if (SockJsSession* session = route.find(number)) {
      if (!server::run_user_code(route.worker.state(), "protocol=sockjs",
                                 [&] { task(*session); })) {
        session->close(websocket::close_code::internal_error, "internal error");
      }
    }
  });
}

void SockJsRef::send(Message message, const SendOptions& options) const {
  with([data = std::string(message.data), is_binary = message.binary, compress = options.compress,
        droppable = options.droppable, key = std::string(options.key)](SockJs& session) {
    session.send({data, is_binary}, {.compress = compress, .droppable = droppable, .key = key});
  });
}

void SockJsRef::close(std::uint16_t code, std::string_view reason) const {
  with([code, reason = std::string(reason)](SockJs& session) { session.close(code, reason); });
}

namespace server {

SockJsRoute::SockJsRoute(SockJsEndpoint& its_endpoint, const SockJsOptions& its_options,
                         Worker& its_worker, const transport::WebSocketSettings& settings)
    : endpoint(its_endpoint),
      options(its_options),
      worker(its_worker),
      websocket_settings(settings) {}

SockJsRoute::~SockJsRoute() = default;

SockJsSession* SockJsRoute::find(std::uint64_t number) const {
  const auto found = by_number.find(number);
  return found == by_number.end() ? nullptr : found->second;
}

SockJsHttpSession* SockJsRoute::find(std::string_view name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second.get();
}

namespace {

// All whose address is not known count as one.
std::array<unsigned char, 16> customer_of(const std::string& address) {
  return io::parse_address(address).value_or(io::PeerAddress{}).customer();
}

}  // namespace

// Names spread sessions over the loops, so each has its share of the limit.
bool SockJsRoute::takes(const std::string& address) const {
  if (options.sessions_per_address == 0) return true;
  const auto found = by_customer.find(customer_of(address));
  const std::size_t have = found == by_customer.end() ? 0 : found->second;
  return have < worker.share_of(options.sessions_per_address);
}

SockJsHttpSession& SockJsRoute::add(std::unique_ptr<SockJsHttpSession> session) {
  SockJsHttpSession& added = *session;
  by_name.emplace(added.name(), std::move(session));
  ++worker.other_sessions;
  ++by_customer[customer_of(added.request().address)];
  return added;
}

void SockJsRoute::bury(SockJsHttpSession& session) {
  const auto found = by_name.find(session.name());
  if (found == by_name.end() || found->second.get() != &session) return;
  if (buried.empty()) {
    worker.loop.defer([this] { std::exchange(buried, {}).clear(); });
  }
  buried.push_back(std::move(found->second));
  by_name.erase(found);
  --worker.other_sessions;
  const auto customer = by_customer.find(customer_of(session.request().address));
  if (--customer->second == 0) by_customer.erase(customer);
}

namespace {

// 128 bits.
std::string random_id(Random& random) {
  std::array<unsigned char, 16> bytes{};
  random.fill(bytes);
  return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

SockJsSession::SockJsSession(SockJsRoute& route, RequestInfo request, sockjs::Transport transport)
    : route_(route),
      id_(random_id(route.worker.random)),
      request_(std::move(request)),
      number_(route.next_number++),
      transport_(transport) {
  route_.by_number.emplace(number_, this);
}

SockJsSession::~SockJsSession() {
  route_.by_number.erase(number_);
}

template <class Call>
void SockJsSession::guarded(Call call) {
  if (!run_user_code(worker().state(), "protocol=sockjs", call)) {
    close(websocket::close_code::internal_error, "internal error");
  }
}

void SockJsSession::tell_open() {
  told_open_ = true;
  if (const auto& open = route_.endpoint.protocol().open) {
    user_ = open(*this);
    return;
  }
  if (options().on_open) guarded([&] { options().on_open(*this); });
}

void SockJsSession::tell_message(Message message) {
  if (user_ != nullptr) return user_->on_message(message);
  worker().counters.messages_in.add();
  if (options().on_message) guarded([&] { options().on_message(*this, message); });
}

void SockJsSession::tell_drain() {
  if (user_ != nullptr) return user_->on_drain();
  if (options().on_drain) guarded([&] { options().on_drain(*this); });
}

void SockJsSession::tell_shutdown() {
  if (user_ != nullptr && told_open_) user_->on_shutdown();
}

void SockJsSession::tell_closed(std::uint16_t code, std::string_view reason) {
  worker().topics.remove(*this);
  if (!std::exchange(told_open_, false)) return;
  if (user_ != nullptr) return user_->on_closed();
  if (options().on_close) {
    guarded([&] { options().on_close(*this, code, reason); });
  }
}

SendOutcome SockJsSession::count(transport::Push push) {
  if (user_ != nullptr && push == transport::Push::queued) return SendOutcome::sent;
  if (user_ != nullptr && push == transport::Push::high) return SendOutcome::blocked;
  return worker().count(push);
}

void SockJsSession::count_out() {
  if (user_ == nullptr) worker().counters.messages_out.add();
}

}  // namespace server
}  // namespace naru
