#pragma once

#include "base/random.hpp"
#include "base/unique_function.hpp"
#include "http/content_coding.hpp"
#include "hub/hub.hpp"
#include "io/handshake_gate.hpp"
#include "io/listener.hpp"
#include "io/loop.hpp"
#include "naru/server.hpp"
#include "socketio/decoder.hpp"
#include "transport/http_connection.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/deflate.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class EngineSession;
class PlainWebSocket;
struct State;

// Written by one loop, read by whoever asks for Stats.
class Counter {
 public:
  void add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Counters {
  Counter connections;
  Counter refused;
  Counter requests;
  Counter messages_in;
  Counter messages_out;
  Counter violations;
  Counter dropped;
  Counter replaced;
  Counter slow_closed;
};

// The same in the hub's words.
hub::Delivered to_delivered(SendOutcome outcome);

// Where an answer goes: a waiting request, by the loop that it arrived on and its number there.
struct AnswerTo {
  unsigned worker = 0;
  std::uint64_t number = 0;

  friend bool operator==(const AnswerTo&, const AnswerTo&) = default;
};

// One loop and everything that lives on it. Runs on its own thread; other threads may only post to
// its loop.
class Worker final : public transport::HttpService {
 public:
  Worker(State& state, unsigned index);
  ~Worker() override;

  // The worker whose thread this is, or nullptr.
  static Worker* current();

  State& state() { return state_; }
  unsigned index() const { return index_; }
  void run();                        // the thread's body: until the loop is stopped
  void drain();                      // on its thread: closes everything in order
  void wait_drained(Instant until);  // any other thread

  // Makes the handler of each connection; by default, HTTP's.
  using MakeHandler = std::function<std::unique_ptr<io::StreamHandler>(Worker&, io::Stream&)>;
  static std::unique_ptr<io::StreamHandler> make_http_handler(Worker& worker, io::Stream& stream);
  Result<std::uint16_t> listen(const io::Endpoint& where, std::shared_ptr<io::TlsContext> tls,
                               MakeHandler make_handler = make_http_handler);
  std::size_t listeners() const { return listeners_.size(); }
  // For connections from now on.
  void replace_tls(std::size_t listener, std::shared_ptr<io::TlsContext> tls);

  // Keeps a request waiting for an answer, which any worker may give.
  AnswerTo expect_answer(transport::HttpExchange& connection, UniqueFunction<void()> on_abandoned);
  void answer(AnswerTo to, http::Response response,
              transport::HttpExchange::After after = transport::HttpExchange::After::keep_alive);

  // A request of this loop that waits, to be answered in another way; nullptr: its peer has gone.
  transport::HttpExchange* take_waiting(std::uint64_t number);

  std::size_t share_of(std::size_t total) const;  // of a limit of all loops together
  bool takes_sessions();                          // false: this loop has its share of the limit
  EngineSession* find_session(std::string_view sid) const;
  // They may end meanwhile.
  void each_session(const std::function<void(EngineSession&)>& task);
  EngineSession& add_session(std::unique_ptr<EngineSession> session);
  // Takes it out of the table now and frees it at the end of the turn: it may be on the stack.
  void bury_session(EngineSession& session);

  // A number for a WebSocketRef, and back.
  std::uint64_t number_of(PlainWebSocket& socket);
  PlainWebSocket* find_websocket(std::uint64_t number) const;
  void forget_websocket(std::uint64_t number);

  // Has a hub of this loop deliver it, at the end of the turn at the latest. `owner`, if any, is
  // the hub's.
  void post(hub::Hub& hub, hub::Posted posted, std::shared_ptr<void> owner = nullptr);

  void on_request_head(transport::HttpExchange& connection) override;
  void on_request(transport::HttpExchange& connection) override;
  void on_violation(io::Stream& stream, int status, std::string_view text) override;
  // Counts what became of a message, and says it in the public API's words.
  SendOutcome count(transport::Push push);
  // A peer broke a protocol: counted, and logged once at debug level.
  void log_violation(std::string_view protocol, std::string_view address, std::string_view text);

  SystemRandom random;
  socketio::Scratch scratch;  // for the decoders of this loop
  std::string text_scratch;   // for the length of one call
  http::ContentCoder content_coder;
  websocket::DeflatePool deflate;
  hub::Hub topics;
  std::size_t other_sessions = 0;  // of protocols that keep theirs themselves
  Counters counters;
  io::HandshakeGate handshakes;

 private:
  // Looks every 10 ms whether the last stream has gone.
  class DrainCheck final : public io::Timer {
   public:
    explicit DrainCheck(Worker& worker) : worker_(worker) {}

   private:
    void on_timer(Instant) override { worker_.check_drained(); }
    Worker& worker_;
  };
  void check_drained();

  State& state_;
  unsigned index_;
  std::promise<void> drained_;
  DrainCheck drain_check_{*this};
  std::uint64_t next_number_ = 1;
  boost::unordered_flat_map<std::uint64_t, transport::HttpExchange*> waiting_;
  boost::unordered_flat_map<std::string_view, std::unique_ptr<EngineSession>> sessions_;  // by sid
  std::vector<std::unique_ptr<EngineSession>> buried_;
  boost::unordered_flat_map<std::uint64_t, PlainWebSocket*> numbered_;
  std::vector<std::unique_ptr<io::Listener>> listeners_;

 public:
  io::Loop loop;  // last: its streams go first, and find the rest still there
};

// Runs `task` on the loop of `home`: at once when that is this one.
template <class Task>
void run_on(Worker& home, Worker& here, Task task) {
  if (&home == &here) return task();
  home.loop.post(std::move(task));
}

}  // namespace naru::server
