#include "server/answer_collector.hpp"

#include "json/split.hpp"
#include "server/namespace_state.hpp"
#include "server/state.hpp"

#include <utility>
#include <vector>

namespace naru::server {

unsigned home_of_caller(const NamespaceState& nsp) {
  const Worker* here = nsp.here();
  return here != nullptr ? here->index() : 0;
}

AnswerCollector::AnswerCollector(std::shared_ptr<NamespaceState> nsp,
                                 std::shared_ptr<detail::AnswerSink> sink)
    : nsp_(std::move(nsp)), home_(home_of_caller(*nsp_)), sink_(std::move(sink)) {}

void AnswerCollector::expect(std::size_t count) {
  const std::lock_guard lock(mutex_);
  open_ += count;
}

void AnswerCollector::answer(std::string_view id, const Result<Arguments>& arguments) {
  std::unique_lock lock(mutex_);
  // It decodes by the user's types.
  run_user_code(nsp_->state, nsp_->where(), [&] { sink_->answer(id, arguments); });
  settle(std::move(lock), 1);
}

void AnswerCollector::answer(std::string_view id, const hub::Event& arguments) {
  std::vector<std::string_view> values;
  if (json::split_array(arguments.json, {}, values)) {
    answer(id, Result<Arguments>(Arguments{values, arguments.attachments}));
  } else {
    miss(id);
  }
}

void AnswerCollector::miss(std::string_view id) {
  answer(id, Result<Arguments>(Error{Errc::disconnected, "no answer"}));
}

void AnswerCollector::miss_elsewhere(std::size_t count) {
  std::unique_lock lock(mutex_);
  sink_->miss_elsewhere(count);
  settle(std::move(lock), count);
}

void AnswerCollector::close() {
  settle(std::unique_lock(mutex_), 1);
}

void AnswerCollector::settle(std::unique_lock<std::mutex> lock, std::size_t count) {
  open_ -= count;
  if (open_ != 0) return;
  lock.unlock();
  nsp_->state.workers[home_]->loop.post([nsp = nsp_, sink = std::move(sink_)] {
    run_user_code(nsp->state, nsp->where(), [&] { sink->done(); });
  });
}

}  // namespace naru::server
