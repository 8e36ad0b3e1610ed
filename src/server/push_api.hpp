#pragma once

#include "hub/idempotency.hpp"
#include "naru/push.hpp"
#include "server/endpoint.hpp"
#include "server/worker.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace naru::server {

// Publishing by HTTP, and what topics hold: JSON in, JSON out, by key.
class PushApi final : public Endpoint {
 public:
  PushApi(std::string path, PushApiOptions options, std::size_t loops);
  void on_head(Worker&, transport::HttpExchange& exchange) override;
  void on_request(Worker& worker, transport::HttpExchange& exchange) override;

 private:
  struct Batch;
  void publish(Worker& worker, transport::HttpExchange& exchange, bool batch);
  void publish_once(Worker& worker, AnswerTo to, const std::string& key, std::string digest,
                    const std::shared_ptr<Batch>& batch);
  void history(Worker& worker, transport::HttpExchange& exchange);
  void presence(Worker& worker, transport::HttpExchange& exchange);
  void info(Worker& worker, transport::HttpExchange& exchange);

  std::string path_;
  PushApiOptions options_;
  // By loop, which alone sees it: a key is at home on one, by its hash.
  std::vector<std::unique_ptr<hub::Idempotency>> done_;
};

}  // namespace naru::server
