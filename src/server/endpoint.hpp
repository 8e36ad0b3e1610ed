#pragma once

#include "transport/http_exchange.hpp"

namespace naru::server {

class Worker;

// What a route leads to. One object serves all loops: after start() it is immutable.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  // The head is known: limit the body, or refuse it.
  virtual void on_head(Worker&, transport::HttpExchange& connection) {
    connection.limit_body(kSmallBody);
  }
  virtual void on_request(Worker& worker, transport::HttpExchange& connection) = 0;

  // The server stops: ends the sessions of this loop, those that their streams do not end.
  virtual void on_shutdown(Worker&) {}

  virtual bool takes_websockets() const { return false; }

  static constexpr std::size_t kSmallBody = 65536;
};

}  // namespace naru::server
