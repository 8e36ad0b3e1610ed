#include "client/dialer.hpp"

#include "http/request.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace naru::client {
namespace {

constexpr http::Limits kAnswerLimits{.body_bytes = 65536};

Headers copy_fields(const http::ReceivedResponse& answer) {
  Headers headers;
  for (const http::Field& field : answer.fields) headers.emplace_back(field.name, field.value);
  return headers;
}

// What another origin must not see.
bool is_credential(std::string_view name) {
  constexpr std::array<std::string_view, 3> names{"Authorization", "Cookie", "Proxy-Authorization"};
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view each) { return http::iequals(each, name); });
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Whether what was meant for `from` may be told to `to`.
bool keeps_credentials(const Url& from, const Url& to) {
  if (from.same_origin(to)) return true;
  const bool made_secure = !from.secure && to.secure && from.port == 80 && to.port == 443;
  return made_secure && from.host == to.host;
}

}  // namespace

// Lets go of the dialer when another handler, or another stream, takes over.
class Dialer::Line final : public io::StreamHandler {
 public:
  explicit Line(Dialer& dialer) : dialer_(&dialer) {}
  void let_go() { dialer_ = nullptr; }

  void on_attached(io::Stream& stream) override { dialer_->on_attached(stream); }
  void on_secured() override {
    if (dialer_ != nullptr) dialer_->on_secured();
  }
  void on_bytes(std::span<char> bytes) override {
    if (dialer_ != nullptr) dialer_->on_bytes(bytes);
  }
  void on_end() override {
    if (dialer_ != nullptr) dialer_->on_end();
  }
  void on_deadline(Instant) override {
    if (dialer_ != nullptr) dialer_->on_deadline();
  }
  void on_closed(io::StreamEnd end) override {
    if (dialer_ != nullptr) dialer_->on_closed(end);
  }

 private:
  Dialer* dialer_;
};

// What cannot be sent is the program's mistake, and told before there is anything to wait for.
void check(const DialSettings& settings, const Url& url) {
  const auto refuse = [](const Error& error) {
    throw std::invalid_argument("naru: " + std::string(error.text));
  };
  const WebSocketClientOptions& options = settings.options;
  const auto request =
      websocket::encode_request(url.target, url.host_field(), "", settings.offer, options.headers);
  if (!request) refuse(request.error());
  if (options.proxy.url.empty()) return;
  const auto proxy = choose_proxy(options.proxy, url, settings.environment);
  if (!proxy) refuse(proxy.error());
}

Dialer::Dialer(io::Loop& loop, DialSettings& settings, Random& random, User& user)
    : loop_(loop),
      settings_(settings),
      random_(random),
      user_(user),
      resolver_(loop, settings.lookup),
      connector_(loop) {}

void Dialer::cancel() {
  alive_.reset();
  resolver_.cancel();
  connector_.cancel();
  drop_stream();
}

void Dialer::drop_stream() {
  if (line_ != nullptr) std::exchange(line_, nullptr)->let_go();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->abort();
  decoder_.reset();
}

void Dialer::reach_line(const Url& url) {
  cancel();
  only_line_ = true;
  reach(url);
}

void Dialer::dial(const Url& url) {
  cancel();
  only_line_ = false;
  redirects_ = 0;
  same_origin_ = true;
  reach(url);
}

void Dialer::reach(const Url& url) {
  alive_ = std::make_shared<int>();
  url_ = url;
  phase_ = ConnectPhase::proxy;
  auto proxy = choose_proxy(settings_.options.proxy, url_, settings_.environment);
  if (!proxy) return fail(proxy.error());
  proxy_ = *std::move(proxy);
  phase_ = ConnectPhase::tls;
  if (url_.secure && settings_.tls == nullptr) {
    auto context = io::TlsClientContext::make(settings_.options.tls);
    if (!context) {
      phase_ = ConnectPhase::options;
      return fail(context.error(), io::last_error());
    }
    settings_.tls = *std::move(context);
  }
  resolve();
}

void Dialer::resolve() {
  phase_ = ConnectPhase::resolve;
  const std::string& host = proxy_ ? proxy_->host : url_.host;
  resolver_.resolve(host, settings_.options.timeouts.resolve,
                    [this](Result<io::Addresses> addresses, const std::string& failure) {
                      if (!addresses) return fail(addresses.error(), failure);
                      connect(*addresses);
                    });
}

void Dialer::connect(const io::Addresses& addresses) {
  phase_ = ConnectPhase::connect;
  connector_.connect(
      addresses, proxy_ ? proxy_->port : url_.port, {.timeout = settings_.options.timeouts.connect},
      [this](Result<std::unique_ptr<io::Stream::Detached>> made, const std::string& failure) {
        if (!made) return fail(made.error(), failure);
        phase_ = ConnectPhase::proxy;
        if (proxy_) return attach(*std::move(made));
        attach_to_origin(*std::move(made));
      });
}

void Dialer::attach_to_origin(std::unique_ptr<io::Stream::Detached> connection) {
  phase_ = url_.secure ? ConnectPhase::tls : ConnectPhase::handshake;
  if (url_.secure) {
    connection->ssl = settings_.tls->new_session(url_.host);
    if (connection->ssl == nullptr) return fail({Errc::tls, "no TLS session"});
  }
  attach(std::move(connection));
}

void Dialer::attach(std::unique_ptr<io::Stream::Detached> connection) {
  auto line = std::make_unique<Line>(*this);
  line_ = line.get();
  io::Stream::attach(loop_, std::move(connection), std::move(line));
}

// What is queued here waits for TLS.
void Dialer::on_attached(io::Stream& stream) {
  stream_ = &stream;
  if (phase_ == ConnectPhase::proxy) return ask_proxy();
  Cursor nothing;
  if (!only_line_) {
    ask_origin();
  } else if (phase_ != ConnectPhase::tls) {
    return hand_over(user_.on_line(), nothing);
  }
  if (phase_ == ConnectPhase::tls) set_deadline(settings_.options.timeouts.tls);
}

void Dialer::on_secured() {
  phase_ = ConnectPhase::handshake;
  Cursor nothing;
  if (only_line_) return hand_over(user_.on_line(), nothing);
  set_deadline(settings_.options.timeouts.handshake);
}

void Dialer::ask_proxy() {
  decoder_.emplace(kAnswerLimits, http::ResponseDecoder::Asked::tunnel);
  stream_->out().append(encode_connect(url_, *proxy_));
  stream_->send_later();
  set_deadline(settings_.options.timeouts.proxy);
}

void Dialer::ask_origin() {
  decoder_.emplace(kAnswerLimits, http::ResponseDecoder::Asked::upgrade);
  key_ = websocket::make_key(random_);
  const auto request = websocket::encode_request(url_.target, url_.host_field(), key_,
                                                 settings_.offer, request_headers());
  if (!request) return fail(request.error());
  stream_->out().append(*request);
  stream_->send_later();
  set_deadline(settings_.options.timeouts.handshake);
}

Headers Dialer::request_headers() const {
  Headers headers;
  bool authorized = false;
  for (const auto& header : settings_.options.headers) {
    if (!same_origin_ && is_credential(header.first)) continue;
    authorized = authorized || http::iequals(header.first, "Authorization");
    headers.push_back(header);
  }
  if (!authorized && !url_.authorization.empty()) {
    headers.emplace_back("Authorization", url_.authorization);
  }
  return headers;
}

void Dialer::set_deadline(Duration timeout) {
  if (stream_ != nullptr) stream_->set_deadline(loop_.now() + timeout);
}

void Dialer::on_bytes(std::span<char> bytes) {
  Cursor in(bytes);
  receive(in);
}

void Dialer::receive(Cursor& in) {
  while (decoder_) {
    const auto event = decoder_->receive(in);
    if (!event) return fail(event.error());
    if (!*event) return;
    if (**event == http::ResponseDecoder::Event::complete) return on_answer(in);
    if (redirected()) return;
  }
}

void Dialer::on_end() {
  const auto event = decoder_->receive_end();
  if (!event) return fail(event.error());
  Cursor nothing;
  on_answer(nothing);
}

void Dialer::on_deadline() {
  // A refusal is one, though the rest of its body is missing.
  if (decoder_->response().status >= 200) return refuse();
  fail({Errc::timed_out, "no answer in time"});
}

void Dialer::on_closed(io::StreamEnd end) {
  const std::string why = stream_->tls_failure();
  line_ = nullptr;
  stream_ = nullptr;
  if (end == io::StreamEnd::tls_failed) {
    phase_ = ConnectPhase::tls;
    return fail({Errc::tls, "TLS has failed"}, why);
  }
  fail({Errc::disconnected, "the peer left before it answered"});
}

void Dialer::on_answer(Cursor& in) {
  if (!decoder_->switched()) return refuse();
  if (phase_ == ConnectPhase::proxy) return on_tunnel(in);
  open(in);
}

// TLS begins with us: nothing can have come through the tunnel before it.
void Dialer::on_tunnel(Cursor& in) {
  if (!url_.secure) {
    phase_ = ConnectPhase::handshake;
    if (only_line_) return hand_over(user_.on_line(), in);
    ask_origin();
    return receive(in);
  }
  if (!in.empty() || !stream_->out().empty()) {
    return fail({Errc::protocol_error, "bytes before TLS"});
  }
  std::exchange(line_, nullptr)->let_go();
  attach_to_origin(std::exchange(stream_, nullptr)->detach());
}

void Dialer::open(Cursor& in) {
  const http::ReceivedResponse& answer = decoder_->response();
  const auto handshake = websocket::judge_answer(answer.fields, key_, settings_.offer);
  if (!handshake) return fail(handshake.error());
  hand_over(user_.on_opened(*handshake, answer), in);
}

void Dialer::hand_over(std::unique_ptr<io::StreamHandler> handler, Cursor& in) {
  std::exchange(line_, nullptr)->let_go();
  io::Stream& stream = *std::exchange(stream_, nullptr);
  decoder_.reset();
  alive_.reset();
  stream.set_deadline(kNever);
  stream.replace_handler(std::move(handler));
  // Frames may have come right behind the head.
  if (!in.empty() && !stream.closed() && !stream.finishing()) {
    stream.handler().on_bytes(in.take(in.size()));
  }
}

// Follows a redirect as soon as its head is known.
bool Dialer::redirected() {
  const http::ReceivedResponse& answer = decoder_->response();
  const RedirectOptions& options = settings_.options.redirects;
  if (phase_ != ConnectPhase::handshake || !is_redirect(answer.status)) return false;
  if (options.at_most == 0 || answer.count("Location") != 1) return false;
  phase_ = ConnectPhase::redirect;
  if (redirects_ == options.at_most) {
    fail({Errc::too_many, "too many redirects"});
    return true;
  }
  const Result<Url> next = follow(url_, answer.field("Location"));
  if (!next) {
    fail(next.error());
    return true;
  }
  if (url_.secure && !next->secure && !options.to_insecure) {
    fail({Errc::unsupported, "a redirect from wss to ws"});
    return true;
  }
  ++redirects_;
  same_origin_ = same_origin_ && keeps_credentials(url_, *next);
  Url target = *next;
  if (same_origin_ && target.authorization.empty()) target.authorization = url_.authorization;
  cancel();
  reach(target);
  return true;
}

// Another status than was asked for.
void Dialer::refuse() {
  const http::ReceivedResponse& answer = decoder_->response();
  const bool proxy = phase_ == ConnectPhase::proxy;
  const Error error{Errc::protocol_error,
                    proxy ? "the proxy opened no tunnel" : "the server did not switch"};
  ConnectFailure failure =
      describe(error, std::to_string(answer.status) + " " + std::string(answer.reason));
  failure.status = answer.status;
  failure.headers = copy_fields(answer);
  failure.body = answer.body;
  report(std::move(failure));
}

void Dialer::fail(const Error& error, const std::string& detail) {
  ConnectFailure failure = describe(error, detail);
  const int status = decoder_ ? decoder_->response().status : 0;
  if (status == 101 || status >= 200) {
    failure.status = status;
    failure.headers = copy_fields(decoder_->response());
  }
  report(std::move(failure));
}

ConnectFailure Dialer::describe(const Error& error, const std::string& detail) const {
  std::string text(to_string(phase_));
  text.append(": ").append(error.text);
  if (!detail.empty()) text.append(" (").append(detail).append(")");
  return {.phase = phase_, .error = error, .text = std::move(text)};
}

// Told at the end of the turn, so that the user may do what it likes.
void Dialer::report(ConnectFailure failure) {
  resolver_.cancel();
  connector_.cancel();
  drop_stream();
  loop_.defer([this, watch = std::weak_ptr<int>(alive_), failure = std::move(failure)] {
    if (!watch.expired()) user_.on_dial_failed(failure);
  });
}

}  // namespace naru::client
