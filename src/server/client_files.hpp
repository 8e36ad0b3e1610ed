#pragma once

#include "http/cors.hpp"
#include "http/static_files.hpp"
#include "naru/engineio.hpp"
#include "server/endpoint.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace naru::server {

// One file of the browser client's bundle, read once: as it is, and compressed.
class ClientFileEndpoint final : public Endpoint {
 public:
  ClientFileEndpoint(std::string name, std::string bytes, const CorsOptions& cors);
  void on_request(Worker& worker, transport::HttpExchange& connection) override;

 private:
  std::string name_;
  http::CorsPolicy cors_;
  http::File plain_;
  http::File gzip_;
};

http::CorsPolicy cors_policy(const CorsOptions& options);

// The files of the bundle in `directory` (socket.io/client-dist, as npm installs it), by name.
// Throws std::invalid_argument when socket.io.js is not among them.
std::vector<std::pair<std::string, std::unique_ptr<Endpoint>>> client_files(
    const std::string& directory, const CorsOptions& cors);

}  // namespace naru::server
