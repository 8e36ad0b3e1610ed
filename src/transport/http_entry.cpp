#include "transport/http_entry.hpp"

#include "transport/http2_connection.hpp"
#include "transport/http_connection.hpp"

namespace naru::transport {
namespace {

// Waits for the first bytes: TLS has agreed by then.
class HttpEntry final : public io::StreamHandler {
 public:
  HttpEntry(HttpService& service, const HttpLimits& limits) : service_(service), limits_(limits) {}

  void on_attached(io::Stream& stream) override {
    stream_ = &stream;
    stream.set_deadline(stream.loop().now() + limits_.head_timeout);
  }
  void on_bytes(std::span<char> bytes) override {
    if (stream_->alpn() == "h2") {
      stream_->replace_handler(std::make_unique<Http2Connection>(service_, limits_, *stream_));
    } else {
      stream_->replace_handler(std::make_unique<HttpConnection>(service_, limits_));
    }
    if (!stream_->closed()) stream_->handler().on_bytes(bytes);
  }
  void on_end() override { finish(); }
  void on_deadline(Instant) override { finish(); }
  void on_shutdown() override { finish(); }
  void on_closed(io::StreamEnd) override {}

 private:
  void finish() {
    if (!stream_->finishing()) stream_->finish();
  }

  HttpService& service_;
  const HttpLimits& limits_;
  io::Stream* stream_ = nullptr;
};

}  // namespace

std::unique_ptr<io::StreamHandler> make_http_handler(const io::Stream& stream, HttpService& service,
                                                     const HttpLimits& limits) {
  if (stream.tls()) return std::make_unique<HttpEntry>(service, limits);
  return std::make_unique<HttpConnection>(service, limits);
}

}  // namespace naru::transport
