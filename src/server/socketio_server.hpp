#pragma once

#include "io/timer_wheel.hpp"
#include "naru/socketio.hpp"
#include "server/admin_ui.hpp"
#include "server/engineio_endpoint.hpp"
#include "server/namespace_state.hpp"
#include "socketio/decoder.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

// One Socket.IO server: its namespaces, shared by all loops. Those that users name are immutable
// once they run; those made by patterns come and go.
class SocketIoServer final : public SocketIo, public EngineUserFactory {
 public:
  SocketIoServer(State& state, SocketIoOptions options);
  ~SocketIoServer() override;

  Namespace& of(std::string_view name) override;
  Namespace& of(NamespacePattern pattern) override;
  Namespace& of(NamespacePredicate predicate) override;
  void close() override;
  void instrument(AdminOptions options) override;
  // The server is about to start: nothing more will be registered.
  void prepare();
  EngineCounters* counters(unsigned loop) override {
    return admin_ == nullptr ? nullptr : &admin_->counters(loop);
  }
  std::unique_ptr<EngineUser> make_user(EngineSession& session) override;
  bool takes_sessions() const override { return !closed_.load(std::memory_order_relaxed); }

  // The namespace for a client that connects; it counts as a member from now on, until leave().
  // nullptr: there is none, or there are too many.
  std::shared_ptr<NamespaceState> enter(std::string_view name, JsonView auth);
  void leave(NamespaceState& nsp);
  // One that exists; nullptr else.
  std::shared_ptr<NamespaceState> find(std::string_view name) const;
  // All that have sockets.
  std::vector<std::shared_ptr<NamespaceState>> namespaces() const;
  // Joins this server to others: makes the adapter of each namespace. Before the start.
  using AdapterFactory =
      std::function<std::unique_ptr<hub::Adapter>(const std::shared_ptr<hub::Node>& node)>;
  void set_adapters(AdapterFactory factory);
  // What a pattern's namespace has made.
  std::vector<std::shared_ptr<NamespaceState>> made_by(const NamespaceState& pattern) const;

  // By the parser, which may be the user's; only where there is one.
  std::vector<PacketMessage> encode(const PacketView& packet) const;

  State& state() const { return state_; }
  const SocketIoOptions& options() const { return options_; }
  const socketio::Limits& limits() const { return limits_; }

 private:
  // Lets go of what recovery no longer needs, on the first loop.
  class Sweeper final : public io::Timer {
   public:
    explicit Sweeper(SocketIoServer& server) : server_(server) {}

   private:
    void on_timer(Instant now) override { server_.sweep(now); }
    SocketIoServer& server_;
  };
  struct Pattern {
    NamespacePredicate allows;
    std::shared_ptr<NamespaceState> nsp;
  };
  struct Made {
    std::shared_ptr<NamespaceState> nsp;
    const NamespaceState* pattern;
  };
  using Lock = std::unique_lock<std::mutex>;

  Namespace& add_pattern(NamespacePredicate predicate);
  const Pattern* pattern_for(std::string_view name, JsonView auth) const;
  std::shared_ptr<NamespaceState> find_or_make(std::string_view name, JsonView auth, Lock& lock,
                                               bool& made);
  void start_sweeping();
  void sweep(Instant now);

  State& state_;
  SocketIoOptions options_;
  socketio::Limits limits_;
  AdapterFactory adapters_;
  std::unique_ptr<AdminUi> admin_;
  std::map<std::string, std::shared_ptr<NamespaceState>, std::less<>> literals_;
  std::vector<Pattern> patterns_;
  mutable std::mutex mutex_;
  std::map<std::string, Made, std::less<>> made_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> sweeping_{false};
  Sweeper sweeper_{*this};
};

// Whether `name` is `pattern` with any run of characters for each '*'.
bool matches_pattern(std::string_view pattern, std::string_view name);

}  // namespace naru::server
