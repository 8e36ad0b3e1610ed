#pragma once

#include "base/random.hpp"
#include "client/url.hpp"
#include "io/resolver.hpp"
#include "io/tls_client_context.hpp"
#include "naru/client.hpp"
#include "transport/websocket_transport.hpp"
#include "websocket/deflate.hpp"

#include <memory>
#include <string>

namespace naru::client {

// What all connections of one client have in common. Outlives its loop, whose streams borrow it.
struct EngineContext {
  // Throws std::invalid_argument: see naru::Client.
  EngineContext(std::string_view url, ClientOptions given, io::Resolver::Lookup lookup);

  // Where a request of these parameters goes ("transport=websocket"), and with which headers.
  Url target(std::string_view parameters) const;
  Headers headers() const;

  const ClientOptions options;
  std::string nsp;    // that the URL named
  Url base;           // with the path, without a query
  std::string query;  // of the options and the URL, encoded, "&a=b" or empty
  SystemRandom random;
  transport::WebSocketSettings websocket;
  websocket::DeflatePool pool;
  std::shared_ptr<io::TlsClientContext> tls;  // null: not yet needed
  io::Resolver::Lookup lookup;
};

}  // namespace naru::client
