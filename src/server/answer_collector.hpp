#pragma once

#include "hub/adapter.hpp"
#include "naru/broadcast.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>

namespace naru::server {

struct NamespaceState;

// Counts the answers to one question to many, from any loop (and node), and tells the asker's loop
// when the last is there. Whoever is asked answers exactly once: with what it said, or an error.
class AnswerCollector final : public hub::Collector {
 public:
  AnswerCollector(std::shared_ptr<NamespaceState> nsp, std::shared_ptr<detail::AnswerSink> sink);

  void expect(std::size_t count) override;
  void answer(std::string_view id, const Result<Arguments>& arguments);
  void answer(std::string_view id, const hub::Event& arguments) override;
  void miss(std::string_view id) override;
  void miss_elsewhere(std::size_t count) override;
  void close() override;

 private:
  void settle(std::unique_lock<std::mutex> lock, std::size_t count);

  std::shared_ptr<NamespaceState> nsp_;
  unsigned home_;  // the loop that asked
  std::mutex mutex_;
  std::size_t open_ = 1;
  std::shared_ptr<detail::AnswerSink> sink_;
};

// The loop on which the callback of a request runs: the caller's, or the first.
unsigned home_of_caller(const NamespaceState& nsp);

}  // namespace naru::server
