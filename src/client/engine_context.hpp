#pragma once

#include "base/random.hpp"
#include "client/cookies.hpp"
#include "client/url.hpp"
#include "engineio/packet.hpp"
#include "io/resolver.hpp"
#include "io/tls_client_context.hpp"
#include "naru/client.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/deflate.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace naru::client {

// What all connections of one client have in common. Outlives its loop, whose streams borrow it.
struct EngineContext {
  // Throws std::invalid_argument: see naru::Client.
  EngineContext(std::string_view url, ClientOptions given, io::Resolver::Lookup lookup);

  // Where a request of this transport goes, and with which headers.
  Url target(std::string_view transport, std::string_view sid);
  Headers headers() const;

  void store_cookie(std::string_view set_cookie);
  engineio::Revision revision() const {
    return options.revision == 3 ? engineio::Revision::v3 : engineio::Revision::v4;
  }

  const ClientOptions options;
  std::string nsp;    // that the URL named
  Url base;           // with the path, without a query
  std::string query;  // of the options and the URL, encoded, "&a=b" or empty
  SystemRandom random;
  transport::WebSocketSettings websocket;
  websocket::DeflatePool pool;
  std::shared_ptr<io::TlsClientContext> tls;  // null: not yet needed
  io::Resolver::Lookup lookup;
  CookieJar cookies;
  bool upgraded = false;       // the last connection came to WebSocket
  std::uint64_t requests = 0;  // so far: their numbers keep caches out of the way
};

}  // namespace naru::client
