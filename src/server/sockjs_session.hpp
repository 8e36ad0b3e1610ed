#pragma once

#include "hub/hub.hpp"
#include "naru/sockjs.hpp"
#include "server/sockjs_user.hpp"
#include "server/worker.hpp"
#include "sockjs/receiver.hpp"
#include "transport/backlog.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <any>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class MessagePublication;
class SockJsEndpoint;
class SockJsHttpSession;
class SockJsSession;

// A service on one loop: its options and its sessions there.
struct SockJsRoute {
  SockJsRoute(SockJsEndpoint& its_endpoint, const SockJsOptions& its_options, Worker& its_worker,
              const transport::WebSocketSettings& settings);
  ~SockJsRoute();

  SockJsEndpoint& endpoint;
  const SockJsOptions& options;
  Worker& worker;
  const transport::WebSocketSettings& websocket_settings;

  SockJsSession* find(std::uint64_t number) const;
  // The session over HTTP of that name in URLs.
  SockJsHttpSession* find(std::string_view name) const;
  SockJsHttpSession& add(std::unique_ptr<SockJsHttpSession> session);
  // Takes it out of the tables now and frees it at the end of the turn: it may be on the stack.
  void bury(SockJsHttpSession& session);
  // Whether one more may come from there (SockJsOptions::sessions_per_address).
  bool takes(const std::string& address) const;

  // Sessions leave it as they go, so it goes last.
  boost::unordered_flat_map<std::uint64_t, SockJsSession*> by_number;  // over WebSocket too
  // Their clients choose the names: a tree is not slow for any of them, as a table of hashes would
  // be.
  std::map<std::string, std::unique_ptr<SockJsHttpSession>, std::less<>> by_name;
  // Of those, how many a customer's addresses have.
  std::map<std::array<unsigned char, 16>, std::size_t> by_customer;
  std::vector<std::unique_ptr<SockJsHttpSession>> buried;
  std::uint64_t next_number = 1;
  bool stopping = false;  // takes no more sessions
  // For the length of one call.
  std::vector<std::string_view> literals;
  std::string storage;
};

// What handlers know as SockJs: everything but how bytes leave, which is up to what carries it.
class SockJsSession : public SockJs, public hub::Subscriber {
 public:
  SockJsSession(SockJsRoute& route, RequestInfo request, sockjs::Transport transport);
  ~SockJsSession() override;

  hub::Delivered deliver(const SharedBytes& bytes, const hub::Publication& publication,
                         hub::Delivery delivery) override;
  virtual void shut_down() = 0;  // the server stops

  // For its SockJsUser; beneath the hub too.
  SendOutcome pass(Message message);
  virtual bool congested() = 0;  // more than the high-water mark waits
  sockjs::Transport carrier() const { return transport_; }

 protected:
  const SockJsOptions& options() const { return route_.options; }
  SockJsRoute& route() { return route_; }
  Worker& worker() const { return route_.worker; }

  // What the carrier knows.
  virtual bool closing() const = 0;           // nothing can be sent
  virtual bool holds_everything() const = 0;  // what is sent waits for the turn's end, at least
  virtual std::size_t queued() const = 0;     // bytes that cannot be dropped any more
  // Unless it holds everything: at once.
  virtual SendOutcome write(Message message, const SendOptions& how) = 0;
  virtual SendOutcome write(const SharedBytes& bytes, const MessagePublication& publication) = 0;
  virtual void release_later() {}  // something is held
  virtual void close_in_order(std::uint16_t code, std::string_view reason) = 0;
  virtual void overflow() = 0;  // the limit was passed: ends it, at the end of the turn

  void catch_up() const;

  // Calls of user code, or of its SockJsUser.
  void tell_open();
  void tell_message(Message message);
  void tell_drain();
  void tell_shutdown();
  void tell_closed(std::uint16_t code, std::string_view reason);

  // Of a SockJsUser, that are its own to count.
  SendOutcome count(transport::Push push);
  void count_out();

  // Messages that wait to be written, in order.
  bool has_held() const { return held_ != nullptr && !held_->empty(); }
  std::size_t held_bytes() const { return held_ == nullptr ? 0 : held_->bytes(); }
  transport::HeldMessage pop_held() { return held_->pop(); }
  void drop_held() { held_.reset(); }

 private:
  friend class naru::SockJs;
  template <class Call>
  void guarded(Call call);

  // See sockjs_sending.cpp.
  enum class Counted { now, already };
  SendOutcome send_message(Message message, const SendOptions& how);
  bool is_slow();
  bool must_wait();
  bool fits(std::size_t bytes);
  SendOutcome hold_back(transport::HeldMessage& message);
  SendOutcome refuse();
  void miss(transport::HeldMessage message, Counted counted = Counted::now);
  void tell_dropped();

  SockJsRoute& route_;
  std::string id_;
  RequestInfo request_;
  std::any data_;
  std::unique_ptr<SockJsUser> user_;  // while it is not, there are handlers
  std::uint64_t number_;
  std::unique_ptr<transport::Backlog> held_;
  std::vector<transport::HeldMessage> dropped_;  // on_dropped is to be told of at the turn's end
  std::size_t dropped_bytes_ = 0;
  sockjs::Transport transport_;
  bool told_open_ = false;
};

}  // namespace naru::server
