#include "client/sockjs_line.hpp"

#include "base/utf8.hpp"
#include "sockjs/frame.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace naru::client {
namespace {

// Of one POST: below what servers take (naru and Spring have 1 MiB and 64 KiB).
constexpr std::size_t kBatchBytes = 32768;
constexpr std::size_t kBatchMessages = 1000;
// A read brings no more.
constexpr std::size_t kPieceBytes = io::Loop::kReceiveBytes;

std::string random_name(Random& random, std::size_t size, std::string_view letters) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(letters[random.next_u32() % letters.size()]);
  return out;
}

std::string_view name_of(SockJsTransport transport) {
  switch (transport) {
    case SockJsTransport::websocket:
      return "websocket";
    case SockJsTransport::xhr_streaming:
      return "xhr_streaming";
    case SockJsTransport::xhr_polling:
      break;
  }
  return "xhr";
}

}  // namespace

SockJsLine::SockJsLine(io::Loop& loop, LineContext& context, const SockJsConnect& options,
                       Line::User& user)
    : loop_(loop), context_(context), options_(options), user_(user) {}

void SockJsLine::check(const SockJsConnect& options) {
  if (options.transports.empty()) throw std::invalid_argument("naru: no SockJS transport");
}

template <class F>
void SockJsLine::later(F task) {
  loop_.defer([watch = std::weak_ptr<int>(alive_), task = std::move(task)] {
    if (!watch.expired()) task();
  });
}

void SockJsLine::open(const Url& url) {
  base_ = url;
  begin();
}

// A session of its own for each transport: a server may still hold the one before.
void SockJsLine::begin() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  path_ = "/" + random_name(context_.random, 3, "0123456789") + "/" +
          random_name(context_.random, 16, kLetters) + "/";
  session_.emplace(
      sockjs::ClientSessionOptions{
          .open_timeout = options_.open_timeout,
          // A WebSocket watches over itself, and asks by pings too.
          .silence = by_websocket() ? Duration{} : Duration(options_.heartbeat_timeout),
          .limits = {.messages = options_.messages}},
      loop_.now());
  websocket_.reset();
  receiver_.reset();
  sender_.reset();
  if (by_websocket()) {
    websocket_ = std::make_unique<WebSocketLine>(loop_, context_, static_cast<Line::User&>(*this));
    websocket_->open(target("websocket"));
  } else {
    const CallSettings settings{
        .dial = context_.options,
        .tls = &context_.dial.tls,
        .lookup = context_.dial.lookup,
        .random = &context_.random,
        .headers = [this] { return context_.options.headers; },
        .body_bytes = std::max(context_.options.message_bytes, kPieceBytes)};
    receiver_ =
        std::make_unique<HttpCaller>(loop_, settings, static_cast<HttpCaller::User&>(*this));
    sender_ = std::make_unique<HttpCaller>(loop_, settings, static_cast<HttpCaller::User&>(*this));
    ask_for_frames();
  }
  due_.arm(loop_.timers(), session_->deadline());
}

Url SockJsLine::target(std::string_view what) const {
  Url url = base_;
  const std::size_t mark = std::min(base_.target.find('?'), base_.target.size());
  std::string path = base_.target.substr(0, mark);
  while (path.ends_with('/')) path.pop_back();
  url.target = path + path_ + std::string(what) + base_.target.substr(mark);
  return url;
}

// ---- what comes

void SockJsLine::on_line_message(std::span<char> bytes) {
  receive({bytes.data(), bytes.size()});
}

void SockJsLine::receive(std::string_view frame) {
  if (ended_) return;
  if (by_websocket() && frame.empty()) return;
  const auto what = session_->receive(frame, loop_.now());
  if (!what) return fail(what.error().text);
  switch (*what) {
    case sockjs::ClientSession::What::nothing:
      break;
    case sockjs::ClientSession::What::opened:
      begun_ = true;
      user_.on_line_open();
      break;
    case sockjs::ClientSession::What::messages:
      for (std::string& message : session_->messages()) {
        if (!ended_) user_.on_line_message(message);
      }
      break;
    case sockjs::ClientSession::What::closed:
      return fail("the server has closed, " + std::to_string(session_->code()) + ": " +
                  session_->reason());
  }
  if (!ended_) due_.arm(loop_.timers(), session_->deadline());
}

void SockJsLine::ask_for_frames() {
  frames_ = 0;
  lines_.emplace(context_.options.message_bytes);
  receiver_->post_for_stream(target(name_of(transport())));
}

void SockJsLine::on_body(HttpCaller&, std::string body) {
  for (Cursor in(body); !ended_;) {
    const auto frame = lines_->receive(in);
    if (!frame) return fail(frame.error().text);
    if (!*frame) return;
    ++frames_;
    receive(**frame);
  }
}

// An answer ends when it has grown long, with a frame whole; then the session goes on in another.
void SockJsLine::on_answer(HttpCaller& caller, const http::ReceivedResponse& answer) {
  if (ended_) return;
  const int status = answer.status;
  if (&caller == receiver_.get()) {
    if (status == 200 && frames_ > 0 && !lines_->in_frame()) return ask_for_frames();
    if (status == 200) return fail("an answer without a frame");
  } else if (status == 200 || status == 204) {
    send_due_.disarm();
    waiting_bytes_ -= std::exchange(under_way_, 0);
    return flush();
  }
  const std::string why = "request: the server has answered " + std::to_string(status);
  const ConnectFailure failure{.phase = ConnectPhase::handshake,
                               .error = {Errc::protocol_error, "no SockJS session"},
                               .text = why,
                               .status = status};
  fail(why, &failure);
}

void SockJsLine::on_call_failed(HttpCaller&, const ConnectFailure& failure) {
  fail(failure.text, &failure);
}

// ---- what goes

SendOutcome SockJsLine::send(std::string_view message) {
  if (ended_ || closing_ || !session_ || !session_->open()) return SendOutcome::closed;
  if (!is_utf8(message)) return SendOutcome::dropped;
  std::string element;
  sockjs::append_string(message, element);
  if (by_websocket()) return websocket_->send("[" + element + "]");
  return queue(std::move(element));
}

SendOutcome SockJsLine::queue(std::string element) {
  waiting_bytes_ += element.size();
  if (waiting_bytes_ > context_.options.limit) {
    end("given up");
    return SendOutcome::closed;
  }
  waiting_.push_back(std::move(element));
  if (!std::exchange(flushing_, true)) {
    later([this] {
      flushing_ = false;
      flush();
    });
  }
  blocked_ = blocked_ || waiting_bytes_ > context_.options.high_watermark;
  return blocked_ ? SendOutcome::blocked : SendOutcome::sent;
}

void SockJsLine::flush() {
  if (ended_ || sender_->busy()) return;
  if (waiting_.empty()) {
    if (std::exchange(blocked_, false)) user_.on_line_drained();
    if (closing_ && !ended_ && waiting_.empty()) end("closed");
    return;
  }
  std::string body = "[";
  for (std::size_t i = 0; i < kBatchMessages && !waiting_.empty(); ++i) {
    if (body.size() > 1 && body.size() + waiting_.front().size() > kBatchBytes) break;
    if (body.size() > 1) body.push_back(',');
    body += waiting_.front();
    under_way_ += waiting_.front().size();
    waiting_.pop_front();
  }
  sender_->post(target("xhr_send"), body + "]");
  send_due_.arm(loop_.timers(), loop_.now() + options_.send_timeout);
}

// ---- ends

// HTTP has no word for it: the server sees its answer broken off, and ends the session.
void SockJsLine::close() {
  if (ended_ || std::exchange(closing_, true)) return;
  if (by_websocket()) return websocket_->close();
  later([this] { flush(); });
}

void SockJsLine::on_line_closed(std::string_view why, const ConnectFailure* failure) {
  fail(why, failure);
}

void SockJsLine::on_due() {
  fail(begun_ ? "the server is silent" : "no SockJS session in time");
}

void SockJsLine::fail(std::string_view why, const ConnectFailure* failure) {
  if (ended_) return;
  const bool there = failure == nullptr || failure->phase == ConnectPhase::handshake;
  const bool next = !begun_ && there && at_ + 1 < options_.transports.size();
  if (!next) return end(why, failure);
  due_.disarm();
  ended_ = true;  // of this transport, nothing more is heard
  later([this] {
    ended_ = false;
    ++at_;
    begin();
  });
}

void SockJsLine::end(std::string_view why, const ConnectFailure* failure) {
  if (std::exchange(ended_, true)) return;
  due_.disarm();
  send_due_.disarm();
  if (receiver_) receiver_->abandon();
  if (sender_) sender_->abandon();
  user_.on_line_closed(why, begun_ ? nullptr : failure);
}

}  // namespace naru::client
