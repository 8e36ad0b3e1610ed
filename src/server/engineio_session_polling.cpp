// The polling side of EngineSession: polls, posts, and their answers.

#include "engineio/handshake.hpp"
#include "engineio/packet.hpp"
#include "server/engineio_endpoint.hpp"
#include "server/engineio_session.hpp"
#include "server/state.hpp"

#include <utility>

namespace naru::server {
namespace {

constexpr std::string_view kText = "text/plain; charset=UTF-8";
constexpr std::string_view kHtml = "text/html";

}  // namespace

void EngineSession::poll(AnswerTo to) {
  if (deadline() <= worker_.loop.now()) on_timer(worker_.loop.now());  // its tick is still to come
  if (closed_) return answer_unknown(to);
  switch (session_.on_poll()) {
    case engineio::Session::Poll::answer:
      poll_ = to;
      answer_poll();
      return;
    case engineio::Session::Poll::wait:
      poll_ = to;
      return;
    case engineio::Session::Poll::overlap:
      answer(to, 400, {}, kText);
      release_poll("1");
      return violate("overlapping polls", reason::transport_error);
  }
}

// One answer for everything that a turn has pushed.
void EngineSession::schedule_answer() {
  if (!poll_ || answer_scheduled_) return;
  answer_scheduled_ = true;
  worker_.loop.defer([&worker = worker_, sid = sid_] {
    EngineSession* session = worker.find_session(sid);
    if (session == nullptr) return;
    session->answer_scheduled_ = false;
    if (session->poll_) session->answer_poll();
  });
}

void EngineSession::release_poll(std::string payload) {
  if (poll_) answer(*std::exchange(poll_, std::nullopt), 200, std::move(payload), kText);
}

void EngineSession::answer_poll() {
  answer(*std::exchange(poll_, std::nullopt), 200, session_.take_payload(), kText);
  if (session_.closing()) return end(reason::forced_close);
  user_->on_drain();
}

void EngineSession::answer(AnswerTo to, int status, std::string body,
                           std::string_view content_type) {
  http::Response response;
  response.status = status;
  response.set("Content-Type", content_type);
  response.set("cache-control", "no-store");
  response.body = std::move(body);
  worker_.answer(to, std::move(response));
}

bool EngineSession::begin_post() {
  if (session_.begin_post()) return true;
  violate("overlapping posts", reason::transport_error);
  return false;
}

// What a request gets whose session has ended.
void EngineSession::answer_unknown(AnswerTo to) {
  http::Response response;
  response.status = engineio::error_status(engineio::RequestError::unknown_sid);
  response.set("Content-Type", "application/json");
  response.body = engineio::error_body(engineio::RequestError::unknown_sid);
  worker_.answer(to, std::move(response));
}

// The packets before a bad one are delivered; those behind a close are not.
void EngineSession::post(AnswerTo to, std::string_view body) {
  engineio::PayloadReader reader(body, {.packets = endpoint_.options().payload_packets});
  while (!closed_) {
    const auto packet = reader.next();
    if (!packet) {
      answer(to, 400, {}, kText);
      return violate(packet.error().text, reason::parse_error);
    }
    if (!*packet) break;
    receive_packet(**packet, false);
  }
  if (!closed_) session_.end_post();
  answer(to, 200, "ok", kHtml);
}

void EngineSession::poll_dropped(AnswerTo from) {
  if (!poll_ || poll_->number != from.number || poll_->worker != from.worker) return;
  poll_.reset();
  session_.on_poll_dropped();
  end(reason::transport_error);
}

}  // namespace naru::server
