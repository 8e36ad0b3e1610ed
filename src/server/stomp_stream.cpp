#include "server/stomp_stream.hpp"

#include "server/stomp_broker.hpp"

#include <memory>

namespace naru::server {

using transport::Push;

Push StompStream::send(std::string_view head, std::string_view rest, Content) {
  if (stream_->closed() || stream_->finishing()) return Push::closed;
  stream_->out().append(head);
  stream_->out().append(rest);
  return pushed();
}

Push StompStream::send(std::string_view head, const SharedBytes& rest, Content) {
  if (stream_->closed() || stream_->finishing()) return Push::closed;
  stream_->out().append(head);
  stream_->out().append(rest);
  return pushed();
}

Push StompStream::pushed() {
  stream_->send_later();
  const transport::OutboxLimits& outbox = here_.broker().outbox;
  if (stream_->out().size() <= outbox.high_watermark) return Push::queued;
  if (!congested()) return stream_->closed() ? Push::closed : Push::queued;
  if (stream_->out().size() <= outbox.limit) return Push::high;
  stream_->abort();
  return Push::overflow;
}

bool StompStream::congested() {
  const std::size_t high_watermark = here_.broker().outbox.high_watermark;
  if (stream_->out().size() <= high_watermark) return false;
  stream_->flush();  // a busy turn is not yet a slow peer
  if (stream_->closed() || stream_->out().size() <= high_watermark) return false;
  blocked_ = true;
  return true;
}

void StompStream::finish(Ending) {
  stream_->finish();
}

void StompStream::on_attached(io::Stream& stream) {
  stream_ = &stream;
  auto request = std::make_unique<RequestInfo>();
  request->address = stream.peer_address();
  request->secure = stream.tls();
  user_ = here_.open(*this, std::move(request));
}

void StompStream::on_bytes(std::span<char> bytes) {
  user_->on_bytes(bytes, Content::binary);
}

void StompStream::on_end() {
  user_->on_closed();
  if (!stream_->finishing()) stream_->finish();
}

void StompStream::on_sent() {
  if (!blocked_) return;
  blocked_ = false;
  user_->on_drain();
}

void StompStream::on_closed(io::StreamEnd) {
  user_->on_closed();
}

}  // namespace naru::server
