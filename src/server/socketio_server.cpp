#include "server/socketio_server.hpp"

#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace naru::server {
namespace {

constexpr Duration kSweepAtMost = std::chrono::seconds(10);

std::string full_name(std::string_view name) {
  std::string full(name);
  if (full.empty() || full.front() != '/') full.insert(full.begin(), '/');
  return full;
}

}  // namespace

// Linear in both, and without backtracking beyond the last '*'.
bool matches_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after_star;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

SocketIoServer::SocketIoServer(State& state, SocketIoOptions options)
    : state_(state), options_(std::move(options)) {
  limits_.attachments = options_.attachments;
  of("/");
}

// Handlers may hold broadcasts, and the log questions, that hold their namespace.
SocketIoServer::~SocketIoServer() {
  const auto let_go = [](NamespaceState& nsp) {
    *nsp.handlers_of_pattern() = {};
    nsp.recovery.reset();
  };
  for (const auto& [name, nsp] : literals_) let_go(*nsp);
  for (const Pattern& pattern : patterns_) let_go(*pattern.nsp);
  for (const auto& [name, made] : made_) let_go(*made.nsp);
}

std::unique_ptr<EngineUser> SocketIoServer::make_user(EngineSession& session) {
  if (options_.recovery.enabled) start_sweeping();
  return std::make_unique<SocketIoSession>(*this, session);
}

std::vector<PacketMessage> SocketIoServer::encode(const PacketView& packet) const {
  std::vector<PacketMessage> messages;
  if (!run_user_code(state_, "parser", [&] { options_.parser->encode(packet, messages); })) {
    messages.clear();
  }
  return messages;
}

// ---- namespaces

Namespace& SocketIoServer::of(std::string_view name) {
  const std::string full = full_name(name);
  if (const auto found = literals_.find(full); found != literals_.end()) {
    return found->second->face();
  }
  if (state_.started) {
    bool made = false;
    Lock lock(mutex_);
    const std::shared_ptr<NamespaceState> nsp = find_or_make(full, {"{}"}, lock, made);
    lock.unlock();
    if (!nsp) throw std::logic_error("naru: namespaces are made before the server starts");
    return nsp->face();
  }
  auto made = std::make_shared<NamespaceState>(*this, full, NamespaceState::Kind::literal,
                                               std::make_shared<Handlers>());
  if (adapters_) made->set_adapter(adapters_(made));
  return literals_.emplace(full, std::move(made)).first->second->face();
}

void SocketIoServer::set_adapters(AdapterFactory factory) {
  adapters_ = std::move(factory);
  for (const auto& [name, nsp] : literals_) nsp->set_adapter(adapters_(nsp));
}

Namespace& SocketIoServer::of(NamespacePattern pattern) {
  return add_pattern([text = full_name(pattern.text)](std::string_view name, JsonView) {
    return matches_pattern(text, name);
  });
}

Namespace& SocketIoServer::of(NamespacePredicate predicate) {
  return add_pattern(std::move(predicate));
}

Namespace& SocketIoServer::add_pattern(NamespacePredicate predicate) {
  if (state_.started) throw std::logic_error("naru: namespaces are made before the server starts");
  patterns_.push_back({std::move(predicate),
                       std::make_shared<NamespaceState>(*this, "*", NamespaceState::Kind::pattern,
                                                        std::make_shared<Handlers>())});
  return patterns_.back().nsp->face();
}

std::shared_ptr<NamespaceState> SocketIoServer::find(std::string_view name) const {
  if (const auto found = literals_.find(name); found != literals_.end()) return found->second;
  const Lock lock(mutex_);
  const auto found = made_.find(name);
  return found == made_.end() ? nullptr : found->second.nsp;
}

std::vector<std::shared_ptr<NamespaceState>> SocketIoServer::namespaces() const {
  std::vector<std::shared_ptr<NamespaceState>> all;
  for (const auto& [name, nsp] : literals_) all.push_back(nsp);
  const Lock lock(mutex_);
  for (const auto& [name, made] : made_) all.push_back(made.nsp);
  return all;
}

const SocketIoServer::Pattern* SocketIoServer::pattern_for(std::string_view name,
                                                           JsonView auth) const {
  for (const Pattern& pattern : patterns_) {
    bool allowed = false;
    if (!run_user_code(state_, "namespace predicate",
                       [&] { allowed = pattern.allows(name, auth); })) {
      return nullptr;
    }
    if (allowed) return &pattern;
  }
  return nullptr;
}

// Predicates are users', and called without the lock.
std::shared_ptr<NamespaceState> SocketIoServer::find_or_make(std::string_view name, JsonView auth,
                                                             Lock& lock, bool& made) {
  if (const auto found = made_.find(name); found != made_.end()) return found->second.nsp;
  lock.unlock();
  const Pattern* pattern = pattern_for(name, auth);
  lock.lock();
  if (const auto found = made_.find(name); found != made_.end()) return found->second.nsp;
  if (pattern == nullptr || made_.size() >= options_.dynamic_namespaces) return nullptr;
  auto nsp = std::make_shared<NamespaceState>(*this, std::string(name), NamespaceState::Kind::made,
                                              pattern->nsp->handlers_of_pattern());
  if (adapters_) nsp->set_adapter(adapters_(nsp));
  made_.emplace(std::string(name), Made{nsp, pattern->nsp.get()});
  made = true;
  return nsp;
}

std::shared_ptr<NamespaceState> SocketIoServer::enter(std::string_view name, JsonView auth) {
  if (const auto found = literals_.find(name); found != literals_.end()) {
    found->second->members.fetch_add(1);
    return found->second;
  }
  if (patterns_.empty()) return nullptr;
  bool made = false;
  Lock lock(mutex_);
  std::shared_ptr<NamespaceState> nsp = find_or_make(name, auth, lock, made);
  if (nsp) nsp->members.fetch_add(1);  // with the lock: it cannot go meanwhile
  lock.unlock();
  if (made && options_.on_new_namespace) {
    run_user_code(state_, nsp->where(), [&] { options_.on_new_namespace(nsp->face()); });
  }
  return nsp;
}

void SocketIoServer::leave(NamespaceState& nsp) {
  if (nsp.members.fetch_sub(1) != 1) return;
  if (nsp.kind != NamespaceState::Kind::made || !options_.cleanup_empty_namespaces) return;
  const Lock lock(mutex_);
  if (nsp.members.load() != 0 || (nsp.recovery && nsp.recovery->size().away != 0)) return;
  const auto found = made_.find(nsp.name());
  if (found != made_.end() && found->second.nsp.get() == &nsp) made_.erase(found);
}

std::vector<std::shared_ptr<NamespaceState>> SocketIoServer::made_by(
    const NamespaceState& pattern) const {
  std::vector<std::shared_ptr<NamespaceState>> all;
  const Lock lock(mutex_);
  for (const auto& [name, made] : made_) {
    if (made.pattern == &pattern) all.push_back(made.nsp);
  }
  return all;
}

// ---- watching

void SocketIoServer::instrument(AdminOptions options) {
  if (state_.started || admin_ != nullptr) {
    throw std::logic_error("naru: instrument() is called once, before the server starts");
  }
  of(options.nsp);
  options.nsp = full_name(options.nsp);
  admin_ = std::make_unique<AdminUi>(*this, std::move(options));
}

void SocketIoServer::prepare() {
  if (admin_ == nullptr) return;
  for (const auto& [name, nsp] : literals_) admin_->watch(*nsp);
  for (const Pattern& pattern : patterns_) admin_->watch(*pattern.nsp);
  admin_->start();
}

// ---- the end

void SocketIoServer::close() {
  closed_.store(true);
  for (const auto& worker : state_.workers) {
    worker->loop.post([this, &each = *worker] {
      each.each_session([this](EngineSession& session) {
        if (&session.endpoint().users() == this) session.shut_down();
      });
    });
  }
}

// ---- recovery

void SocketIoServer::start_sweeping() {
  if (sweeping_.exchange(true)) return;
  Worker& first = *state_.workers.front();
  first.loop.post([this, &first] { sweep(first.loop.now()); });
}

void SocketIoServer::sweep(Instant now) {
  for (const auto& [name, nsp] : literals_) nsp->recovery->sweep(now);
  std::vector<std::shared_ptr<NamespaceState>> all;
  {
    const Lock lock(mutex_);
    for (const auto& [name, made] : made_) all.push_back(made.nsp);
  }
  for (const auto& nsp : all) {
    nsp->recovery->sweep(now);
    nsp->members.fetch_add(1);  // leave() looks whether it is empty now
    leave(*nsp);
  }
  const Duration period =
      std::min<Duration>(kSweepAtMost, options_.recovery.max_disconnection_duration / 4);
  sweeper_.arm(state_.workers.front()->loop.timers(), now + period);
}

}  // namespace naru::server
