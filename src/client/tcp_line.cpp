#include "client/tcp_line.hpp"

#include <memory>
#include <utility>

namespace naru::client {
namespace {

std::string_view to_text(io::StreamEnd end) {
  switch (end) {
    case io::StreamEnd::peer_closed:
      return "the peer has closed";
    case io::StreamEnd::reset:
      return "the connection was reset";
    case io::StreamEnd::tls_failed:
      return "TLS has failed";
    case io::StreamEnd::aborted:
      return "given up";
    case io::StreamEnd::closed:
      break;
  }
  return "closed";
}

}  // namespace

// Lets go of the line when that goes.
class TcpLine::Wire final : public io::StreamHandler {
 public:
  explicit Wire(TcpLine& line) : line_(&line) {}
  void let_go() { line_ = nullptr; }

  void on_attached(io::Stream& stream) override {
    stream_ = &stream;
    line_->stream_ = &stream;
    line_->user_.on_line_open();
  }
  void on_bytes(std::span<char> bytes) override {
    if (line_ != nullptr) line_->user_.on_line_message(bytes);
  }
  void on_end() override { stream_->finish(); }
  void on_sent() override {
    if (line_ != nullptr && !stream_->finishing()) line_->user_.on_line_drained();
  }
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd end) override {
    if (line_ == nullptr) return;
    line_->wire_ = nullptr;
    line_->stream_ = nullptr;
    line_->user_.on_line_closed(to_text(end), nullptr);
  }

 private:
  TcpLine* line_;
  io::Stream* stream_ = nullptr;
};

TcpLine::TcpLine(io::Loop& loop, LineContext& context, Line::User& user)
    : context_(context), user_(user), dialer_(loop, context.dial, context.random, *this) {}

TcpLine::~TcpLine() {
  dialer_.cancel();
  if (wire_ != nullptr) wire_->let_go();
  if (stream_ != nullptr) stream_->abort();
}

std::unique_ptr<io::StreamHandler> TcpLine::on_line() {
  auto wire = std::make_unique<Wire>(*this);
  wire_ = wire.get();
  return wire;
}

void TcpLine::on_dial_failed(const ConnectFailure& failure) {
  user_.on_line_closed(failure.text, &failure);
}

SendOutcome TcpLine::send(std::string_view message) {
  if (stream_ == nullptr || stream_->finishing() || stream_->closed()) return SendOutcome::closed;
  stream_->out().append(message);
  stream_->send_later();
  if (stream_->out().size() > context_.options.high_watermark) stream_->flush();
  if (stream_->closed() || stream_->out().size() > context_.options.limit) {
    stream_->abort();
    return SendOutcome::closed;
  }
  const bool high = stream_->out().size() > context_.options.high_watermark;
  return high ? SendOutcome::blocked : SendOutcome::sent;
}

void TcpLine::close() {
  if (stream_ != nullptr) stream_->finish(context_.options.close_timeout);
}

}  // namespace naru::client
