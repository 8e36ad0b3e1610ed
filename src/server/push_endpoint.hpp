#pragma once

#include "http/cors.hpp"
#include "naru/push.hpp"
#include "server/endpoint.hpp"
#include "server/push_stream.hpp"

#include <string>

namespace naru::server {

// Topics by HTTP: which of the ways to read them a request asks for, and whether it may.
class PushEndpoint final : public Endpoint {
 public:
  PushEndpoint(std::string path, PushOptions options);
  void on_request(Worker& worker, transport::HttpExchange& exchange) override;

 private:
  void serve(Worker& worker, transport::HttpExchange& exchange);

  std::string path_;
  PushOptions options_;
  http::CorsPolicy cors_;
};

}  // namespace naru::server
