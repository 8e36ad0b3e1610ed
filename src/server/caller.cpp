#include "server/caller.hpp"

#include "http/forwarded.hpp"
#include "io/resolver.hpp"
#include "server/state.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace naru::server {
namespace {

// The hop whose peer is the client: the nearest whose peer is not trusted, or the last that says
// an address at all.
std::optional<http::Hop> client_hop(std::vector<http::Hop> hops, const io::AddressRanges& trusted) {
  std::optional<http::Hop> client;
  while (!hops.empty()) {
    const auto address = io::parse_address(hops.back().address);
    // "unknown", a hidden name, or nonsense: what is further left is nobody's word.
    if (!address && client) break;
    client = std::move(hops.back());
    hops.pop_back();
    if (!address) {
      client->address.clear();
      break;
    }
    client->address = address->to_string();
    if (!trusted.contains(*address)) break;
  }
  return client;
}

}  // namespace

Caller caller_of(const http::Request& request, const io::Stream& stream,
                 const io::AddressRanges& trusted) {
  Caller caller{.address = stream.peer_address(),
                .secure = stream.tls(),
                .host = std::string(request.field("Host"))};
  if (trusted.empty() || !trusted.contains(stream.peer())) return caller;
  auto standard = client_hop(http::forwarded_hops(request), trusted);
  auto usual = client_hop(http::x_forwarded_hops(request), trusted);
  if (standard && usual && (request.count("X-Forwarded-For") > 0) &&
      standard->address != usual->address) {
    return caller;
  }
  for (auto& hop : {standard, usual}) {
    if (!hop) continue;
    if (!hop->address.empty()) caller.address = hop->address;
    if (!hop->scheme.empty()) caller.secure = hop->scheme == "https" || hop->scheme == "wss";
    if (!hop->host.empty()) caller.host = hop->host;
  }
  return caller;
}

Caller caller_of(const http::Request& request, const io::Stream& stream) {
  return caller_of(request, stream, Worker::current()->state().trusted_proxies);
}

}  // namespace naru::server
