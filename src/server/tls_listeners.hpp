#pragma once

#include "io/ticket_keys.hpp"
#include "io/tls_context.hpp"
#include "naru/result.hpp"
#include "naru/tls.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace naru::server {

struct State;

// The TLS of a server's listeners, and how it is made again when certificates change. Filled before
// the server starts, then immutable.
class TlsListeners {
 public:
  using Contexts = std::vector<std::shared_ptr<io::TlsContext>>;  // one per loop

  TlsListeners();

  // For the listener that each worker adds next. Errors: tls, see io::last_error().
  Result<Contexts> add(const State& state, const TlsOptions& options, io::Alpn alpn);
  // Reads all files again; replaces the contexts on every loop, or none. Any thread.
  Result<void> reload(const State& state) const;
  std::size_t size() const { return listeners_.size(); }

 private:
  struct Listening {
    std::size_t index;  // among a worker's listeners
    TlsOptions options;
    io::Alpn alpn;
  };
  Result<Contexts> make(const State& state, const TlsOptions& options, io::Alpn alpn) const;

  std::shared_ptr<io::TicketKeys> tickets_;  // of all listeners, kept over a reload
  std::vector<Listening> listeners_;
};

}  // namespace naru::server
