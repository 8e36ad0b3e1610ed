#include "server/broker_link.hpp"

#include <utility>

namespace naru::server {

// Lets go of the link when that has ended, before the stream has.
class BrokerLink::Line final : public io::StreamHandler {
 public:
  explicit Line(BrokerLink& link) : link_(&link) {}
  void let_go() { link_ = nullptr; }

  void on_attached(io::Stream& stream) override {
    stream_ = &stream;
    link_->stream_ = &stream;
    if (link_->where_.tls == nullptr) return link_->on_up();
    stream.set_deadline(stream.loop().now() + link_->where_.timeout);
  }
  void on_secured() override {
    if (link_ == nullptr) return;
    stream_->set_deadline(kNever);
    link_->on_up();
  }
  void on_bytes(std::span<char> bytes) override {
    if (link_ != nullptr) link_->user_.on_link_bytes(bytes);
  }
  void on_sent() override {
    if (link_ == nullptr || !std::exchange(link_->blocked_, false)) return;
    link_->user_.on_link_drain();
  }
  void on_deadline(Instant) override { stream_->abort(); }
  void on_end() override {
    BrokerLink* const link = link_;
    stream_->finish();
    if (link != nullptr) link->go_down({Errc::disconnected, "connection to broker closed"}, {});
  }
  void on_closed(io::StreamEnd end) override {
    if (link_ == nullptr) return;
    const bool tls = end == io::StreamEnd::tls_failed;
    const std::string why = stream_->tls_failure();
    if (!link_->up_) return link_->go_down({Errc::tls, "TLS has failed"}, why);
    link_->go_down({Errc::disconnected, "connection to broker closed"}, tls ? why : std::string());
  }

 private:
  BrokerLink* link_;
  io::Stream* stream_ = nullptr;
};

BrokerLink::BrokerLink(io::Loop& loop, User& user, std::size_t high_watermark)
    : loop_(loop), user_(user), high_watermark_(high_watermark), connector_(loop) {}

void BrokerLink::connect(const BrokerAddress& where) {
  abort();
  where_ = where;
  connector_.connect(
      where_.addresses, where_.port, {.timeout = where_.timeout},
      [this](Result<std::unique_ptr<io::Stream::Detached>> made, const std::string& failure) {
        if (!made) return go_down(made.error(), failure);
        attach(*std::move(made));
      });
}

void BrokerLink::attach(std::unique_ptr<io::Stream::Detached> connection) {
  if (where_.tls != nullptr) {
    connection->ssl = where_.tls->new_session(where_.host);
    if (connection->ssl == nullptr) return go_down({Errc::tls, "no TLS session"}, {});
  }
  auto line = std::make_unique<Line>(*this);
  line_ = line.get();
  io::Stream::attach(loop_, std::move(connection), std::move(line));
}

void BrokerLink::on_up() {
  up_ = true;
  user_.on_link_up();
}

void BrokerLink::go_down(const Error& error, const std::string& detail) {
  let_go();
  user_.on_link_down(error, detail);
}

void BrokerLink::send(std::string_view bytes) {
  if (stream_ == nullptr || stream_->closed()) return;
  stream_->out().append(bytes);
  stream_->send_later();
}

bool BrokerLink::congested() {
  if (buffered() <= high_watermark_) return false;
  stream_->flush();  // a busy turn is not yet a slow broker
  if (stream_->closed() || buffered() <= high_watermark_) return false;
  blocked_ = true;
  return true;
}

void BrokerLink::pause() {
  if (stream_ != nullptr) stream_->pause_reading();
}

void BrokerLink::resume() {
  if (stream_ != nullptr && !stream_->closed()) stream_->resume_reading();
}

io::Stream* BrokerLink::let_go() {
  connector_.cancel();
  if (line_ != nullptr) std::exchange(line_, nullptr)->let_go();
  up_ = blocked_ = false;
  return std::exchange(stream_, nullptr);
}

void BrokerLink::finish() {
  io::Stream* const stream = let_go();
  if (stream == nullptr || stream->closed() || stream->finishing()) return;
  stream->set_deadline(kNever);
  stream->finish();
}

void BrokerLink::abort() {
  io::Stream* const stream = let_go();
  if (stream != nullptr && !stream->closed()) stream->abort();
}

}  // namespace naru::server
