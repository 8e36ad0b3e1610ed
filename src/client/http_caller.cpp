#include "client/http_caller.hpp"

#include <cstdlib>
#include <utility>

namespace naru::client {
namespace {

// Servers end idle connections, Node's after 5 s: one that has been idle for nearly so long is not
// used any more, since a request that crosses the end is lost.
constexpr Duration kReuse = std::chrono::seconds(3);

}  // namespace

// Lets go of the caller when that has gone, or wants another connection.
class HttpCaller::Wire final : public io::StreamHandler {
 public:
  explicit Wire(HttpCaller& caller) : caller_(&caller) {}
  void let_go() { caller_ = nullptr; }

  void on_attached(io::Stream& stream) override { caller_->on_attached(stream); }
  void on_bytes(std::span<char> bytes) override {
    Cursor in(bytes);
    if (caller_ != nullptr) caller_->on_bytes(in);
  }
  void on_end() override {
    if (caller_ != nullptr) caller_->on_end();
  }
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd) override {
    if (caller_ != nullptr) caller_->on_closed();
  }

 private:
  HttpCaller* caller_;
};

HttpCaller::HttpCaller(io::Loop& loop, CallSettings settings, User& user)
    : loop_(loop),
      settings_(std::move(settings)),
      user_(user),
      dial_settings_{.options = settings_.dial,
                     .offer = {},
                     .tls = *settings_.tls,
                     .environment = [](const char* name) { return std::getenv(name); },
                     .lookup = settings_.lookup},
      dialer_(loop, dial_settings_, *settings_.random, *this) {}

HttpCaller::~HttpCaller() {
  if (dial_settings_.tls != nullptr) *settings_.tls = dial_settings_.tls;
  drop_stream();
}

void HttpCaller::abandon() {
  dialer_.cancel();
  drop_stream();
  busy_ = false;
  streaming_ = false;
}

void HttpCaller::drop_stream() {
  if (wire_ != nullptr) std::exchange(wire_, nullptr)->let_go();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->abort();
  decoder_.reset();
}

void HttpCaller::call(std::string_view method, const Url& url, std::string_view body) {
  busy_ = true;
  request_.assign(method).append(" ").append(url.target).append(" HTTP/1.1\r\nHost: ");
  request_.append(url.host_field()).append("\r\n");
  bool authorized = false;
  bool accepts = false;
  for (const auto& [name, value] : settings_.headers()) {
    authorized = authorized || http::iequals(name, "Authorization");
    accepts = accepts || http::iequals(name, "Accept");
    request_.append(name).append(": ").append(value).append("\r\n");
  }
  if (!accepts) request_.append("Accept: */*\r\n");
  if (!authorized && !url.authorization.empty()) {
    request_.append("Authorization: ").append(url.authorization).append("\r\n");
  }
  if (method == "POST") {
    request_.append("Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ");
    request_.append(std::to_string(body.size())).append("\r\n");
  }
  request_.append("\r\n").append(body);

  if (stream_ != nullptr && loop_.now() - idle_since_ < kReuse) return send();
  drop_stream();
  dialer_.reach_line(url);
}

std::unique_ptr<io::StreamHandler> HttpCaller::on_line() {
  auto wire = std::make_unique<Wire>(*this);
  wire_ = wire.get();
  return wire;
}

void HttpCaller::on_attached(io::Stream& stream) {
  stream_ = &stream;
  send();
}

void HttpCaller::send() {
  const http::Limits limits{.body_bytes = settings_.body_bytes};
  decoder_.emplace(limits, http::ResponseDecoder::Asked::resource);
  stream_->out().append(request_);
  request_.clear();
  stream_->send_later();
}

void HttpCaller::on_bytes(Cursor& in) {
  while (decoder_) {
    const auto event = decoder_->receive(in);
    if (!event) return fail(event.error());
    tell_body();
    if (!decoder_ || !*event) return;
    if (**event == http::ResponseDecoder::Event::complete) return complete();
  }
  if (!in.empty()) drop_stream();  // bytes that nobody has asked for
}

void HttpCaller::tell_body() {
  const http::ReceivedResponse& answer = decoder_->response();
  if (!streaming_ || answer.status != 200 || answer.body.empty()) return;
  user_.on_body(*this, decoder_->take_body());
}

void HttpCaller::on_end() {
  if (!decoder_) return drop_stream();
  const auto event = decoder_->receive_end();
  if (!event) return fail(event.error());
  complete();
}

void HttpCaller::on_closed() {
  wire_ = nullptr;
  stream_ = nullptr;
  if (busy_) fail({Errc::disconnected, "the server left before it answered"});
}

void HttpCaller::complete() {
  if (decoder_->response().body_cut) {
    return fail({Errc::message_too_big, "a body that is cut off, or above the limit"});
  }
  const http::ResponseDecoder decoder = std::move(*decoder_);
  decoder_.reset();
  if (!decoder.persists()) drop_stream();
  idle_since_ = loop_.now();
  busy_ = false;
  streaming_ = false;
  user_.on_answer(*this, decoder.response());
}

void HttpCaller::fail(const Error& error) {
  drop_stream();
  on_dial_failed({.phase = ConnectPhase::handshake,
                  .error = error,
                  .text = "request: " + std::string(error.text)});
}

void HttpCaller::on_dial_failed(const ConnectFailure& failure) {
  busy_ = false;
  streaming_ = false;
  user_.on_call_failed(*this, failure);
}

}  // namespace naru::client
