#include "server/tls_listeners.hpp"

#include "io/last_error.hpp"
#include "io/tls_files.hpp"
#include "server/state.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace naru {

Result<void> Server::reload_tls() {
  const Result<void> outcome = state_->tls_listeners.reload(*state_);
  if (outcome) {
    state_->log(LogLevel::info,
                "event=tls_reloaded listeners=" + std::to_string(state_->tls_listeners.size()));
  } else {
    state_->log(LogLevel::error, "event=tls_reload_failed error=\"" +
                                     server::log_safe(io::last_error(), 300) + "\"");
  }
  return outcome;
}

namespace server {

TlsListeners::TlsListeners()
    : tickets_(std::make_shared<io::TicketKeys>(std::chrono::steady_clock::now())) {}

Result<TlsListeners::Contexts> TlsListeners::add(const State& state, const TlsOptions& options,
                                                 io::Alpn alpn) {
  NARU_TRY(Contexts contexts, make(state, options, alpn));
  listeners_.push_back({state.workers.front()->listeners(), options, alpn});
  return contexts;
}

Result<void> TlsListeners::reload(const State& state) const {
  std::vector<Contexts> all;
  for (const Listening& each : listeners_) {
    NARU_TRY(Contexts contexts, make(state, each.options, each.alpn));
    all.push_back(std::move(contexts));
  }
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (std::size_t loop = 0; loop < all[i].size(); ++loop) {
      Worker& worker = *state.workers[loop];
      worker.loop.post([&worker, index = listeners_[i].index, context = all[i][loop]]() mutable {
        worker.replace_tls(index, std::move(context));
      });
    }
  }
  return {};
}

Result<TlsListeners::Contexts> TlsListeners::make(const State& state, const TlsOptions& options,
                                                  io::Alpn alpn) const {
  NARU_TRY(const io::TlsFiles files, io::TlsFiles::read(options));
  Contexts contexts;
  for (std::size_t loop = 0; loop < state.workers.size(); ++loop) {
    NARU_TRY(auto context, io::TlsContext::make(files, tickets_, alpn));
    contexts.push_back(std::move(context));
  }
  return contexts;
}

}  // namespace server
}  // namespace naru
