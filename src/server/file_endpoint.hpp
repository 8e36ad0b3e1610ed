#pragma once

#include "server/endpoint.hpp"

#include <filesystem>
#include <string>

namespace naru::server {

// Serves the files below a directory. Read on each request: meant for pages and demos, whose files
// sit in the page cache, not as a file server.
class FileEndpoint final : public Endpoint {
 public:
  FileEndpoint(std::string prefix, std::filesystem::path root)
      : prefix_(std::move(prefix)), root_(std::move(root)) {}
  void on_request(Worker& worker, transport::HttpExchange& connection) override;

 private:
  std::string prefix_;
  std::filesystem::path root_;
};

}  // namespace naru::server
