#include "server/sockjs_streams.hpp"

#include <limits>
#include <utility>

namespace naru::server {

void SockJsStreams::begin(std::uint64_t number, http::Response head, std::string_view prelude,
                          std::size_t high_watermark, Hooks hooks) {
  transport::HttpExchange* exchange = worker_.take_waiting(number);
  if (exchange == nullptr) return;
  transport::StreamedAnswer answer;
  // The session keeps the limit, by its policy for slow consumers.
  answer.outbox = {.high_watermark = high_watermark,
                   .limit = std::numeric_limits<std::size_t>::max()};
  answer.on_drain = [this, number] { drained(number); };
  answer.on_shutdown = [] {};  // the session says goodbye, when its own loop stops
  answer.on_close = [this, number] { gone(number); };
  transport::ResponseStream& stream = exchange->stream_response(std::move(head), std::move(answer));
  open_.emplace(number,
                Open{.stream = &stream, .hooks = std::make_shared<Hooks>(std::move(hooks))});
  if (!prelude.empty()) stream.append(prelude);
}

bool SockJsStreams::append(std::uint64_t number, std::string_view piece) {
  const auto found = open_.find(number);
  if (found == open_.end()) return true;
  Open& open = found->second;
  const transport::Push push = open.stream->append(piece);
  if (push == transport::Push::queued && open.waiting == 0) return true;
  open.waiting += piece.size();
  return false;
}

void SockJsStreams::append_from_afar(std::uint64_t number, std::string_view piece) {
  if (!append(number, piece)) return;
  const auto found = open_.find(number);
  if (found != open_.end()) found->second.hooks->on_taken(piece.size());
}

void SockJsStreams::end(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const Open open = std::move(found->second);
  open_.erase(found);
  open.stream->end();
}

void SockJsStreams::drained(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const std::size_t taken = std::exchange(found->second.waiting, 0);
  const auto hooks = found->second.hooks;  // it may end the answer
  if (taken > 0) hooks->on_taken(taken);
}

void SockJsStreams::gone(std::uint64_t number) {
  const auto found = open_.find(number);
  if (found == open_.end()) return;
  const auto hooks = std::move(found->second.hooks);
  open_.erase(found);
  hooks->on_gone();
}

}  // namespace naru::server
