#include "exchange.hpp"

#include "io/resolver.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace naru::app {
namespace {

constexpr std::size_t kKeptBytes = 65536;  // of what comes behind the head

http::ResponseDecoder::Asked asked(std::string_view head) {
  return head.find("\r\nUpgrade:") == std::string_view::npos
             ? http::ResponseDecoder::Asked::resource
             : http::ResponseDecoder::Asked::upgrade;
}

}  // namespace

class Exchange::Wire final : public io::StreamHandler {
 public:
  explicit Wire(Exchange& exchange) : exchange_(&exchange) {}
  void let_go() { exchange_ = nullptr; }

  void on_attached(io::Stream& stream) override { exchange_->on_attached(stream); }
  void on_bytes(std::span<char> bytes) override {
    if (exchange_ != nullptr) exchange_->on_bytes(bytes);
  }
  void on_end() override {
    if (exchange_ != nullptr) exchange_->on_end();
  }
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd) override {
    if (exchange_ == nullptr) return;
    exchange_->ended = true;
    exchange_->wire_ = nullptr;
    exchange_->stream_ = nullptr;
  }

 private:
  Exchange* exchange_;
};

Exchange::Exchange(const client::Url& url, const TlsClientOptions& tls, std::string head,
                   std::string body)
    : request_(std::move(head)),
      settings_{.options = options_,
                .offer = {},
                .tls = nullptr,
                .environment = [](const char* name) { return std::getenv(name); },
                .lookup = io::look_up},
      dialer_(loop_, settings_, random_, *this),
      decoder_({.body_bytes = kKeptBytes}, asked(request_)) {
  options_.tls = tls;
  request_.append("Host: ").append(url.host_field()).append("\r\n");
  if (!body.empty()) {
    request_.append("Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ");
    request_.append(std::to_string(body.size())).append("\r\n");
  }
  request_.append("\r\n").append(body);
  dialer_.reach_line(url);
}

Exchange::~Exchange() {
  dialer_.cancel();
  if (wire_ != nullptr) wire_->let_go();
  if (stream_ != nullptr) stream_->abort();
}

void Exchange::run(Duration limit, const std::function<bool()>& enough) {
  const Instant until = loop_.now() + limit;
  while (!failure && !ended && !enough() && loop_.now() < until) {
    loop_.poll(std::min<Duration>(until - loop_.now(), std::chrono::milliseconds(100)));
  }
}

std::string_view Exchange::field(std::string_view name) const {
  return answer.status == 0 ? std::string_view() : decoder_.response().field(name);
}

std::unique_ptr<io::StreamHandler> Exchange::on_line() {
  auto wire = std::make_unique<Wire>(*this);
  wire_ = wire.get();
  return wire;
}

void Exchange::on_attached(io::Stream& stream) {
  stream_ = &stream;
  stream.out().append(request_);
  stream.send_later();
}

void Exchange::on_bytes(std::span<char> bytes) {
  const std::string_view text(bytes.data(), bytes.size());
  if (head_ended_) {
    received += text.size();
    behind_head.append(text.substr(0, kKeptBytes - std::min(kKeptBytes, behind_head.size())));
  } else if (raw_.size() < kKeptBytes) {
    raw_.append(text);
    const std::size_t end = raw_.find("\r\n\r\n");
    if (end != std::string::npos) {
      head_ended_ = true;
      behind_head = raw_.substr(end + 4);
      received = behind_head.size();
    }
  }
  Cursor in(bytes);
  while (!complete) {
    const auto event = decoder_.receive(in);
    if (!event) {
      complete = true;  // no HTTP that we understand: what is known by now is the answer
    } else if (!*event) {
      return;
    } else {
      answer.status = decoder_.response().status;
      complete = **event == http::ResponseDecoder::Event::complete;
    }
    if (complete) answer.body = decoder_.response().body;
  }
}

void Exchange::on_end() {
  ended = true;
  if (complete) return;
  if (decoder_.receive_end()) {
    complete = true;
    answer.status = decoder_.response().status;
    answer.body = decoder_.response().body;
  }
}

}  // namespace naru::app
