// The polling side of EngineSession: polls, posts, and their answers.

#include "engineio/handshake.hpp"
#include "engineio/jsonp.hpp"
#include "engineio/packet.hpp"
#include "http/url.hpp"
#include "server/engineio_endpoint.hpp"
#include "server/engineio_session.hpp"
#include "server/state.hpp"

#include <utility>

namespace naru::server {
namespace {

constexpr std::string_view kText = "text/plain; charset=UTF-8";
constexpr std::string_view kHtml = "text/html";
constexpr std::string_view kOctets = "application/octet-stream";
constexpr std::string_view kScript = "text/javascript; charset=UTF-8";

}  // namespace

http::Response EngineSession::open_answer() const {
  return to_response(session_.answer_of(engineio::PacketType::open, open_data()),
                     http::ContentCoding::identity);
}

void EngineSession::poll(AnswerTo to, http::ContentCoding coding) {
  if (deadline() <= worker_.loop.now()) on_timer(worker_.loop.now());  // its tick is still to come
  if (closed_) return answer_unknown(to);
  switch (session_.on_poll()) {
    case engineio::Session::Poll::answer:
      poll_ = to;
      poll_coding_ = coding;
      answer_poll();
      return;
    case engineio::Session::Poll::wait:
      poll_ = to;
      poll_coding_ = coding;
      return;
    case engineio::Session::Poll::overlap:
      answer(to, 400, {}, kText);
      release_poll(engineio::PacketType::close);
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

void EngineSession::release_poll(engineio::PacketType type) {
  if (poll_) respond(session_.answer_of(type));
}

void EngineSession::answer_poll() {
  respond(session_.take_answer());
  if (session_.closing()) return end(reason::forced_close);
  user_->on_drain();
}

// Answers the poll that waits.
void EngineSession::respond(engineio::PollAnswer answer) {
  worker_.answer(*std::exchange(poll_, std::nullopt), to_response(std::move(answer), poll_coding_));
}

http::Response EngineSession::to_response(engineio::PollAnswer answer,
                                          http::ContentCoding coding) const {
  http::Response response;
  response.body = std::move(answer.body);
  std::string_view type = answer.binary ? kOctets : kText;
  if (jsonp_ >= 0) {
    response.body = engineio::to_jsonp(static_cast<std::uint32_t>(jsonp_), response.body);
    type = kScript;
  }
  response.set("Content-Type", type);
  response.set("cache-control", "no-store");
  const HttpCompression& compression = endpoint_.options().http_compression;
  if (coding == http::ContentCoding::identity || !compression.enabled ||
      response.body.size() < compression.threshold) {
    return response;
  }
  std::string coded = worker_.content_coder.encode(coding, response.body);
  if (coded.empty()) return response;
  response.body = std::move(coded);
  response.set("Content-Encoding", http::coding_name(coding));
  return response;
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
void EngineSession::post(AnswerTo to, std::string_view body, Body kind) {
  if (deadline() <= worker_.loop.now()) on_timer(worker_.loop.now());
  if (closed_) return answer_unknown(to);
  const bool old = revision() == engineio::Revision::v3;
  if (kind == Body::octets && !old) {
    answer(to, 400, {}, kText);
    return violate("a binary POST", reason::transport_error);
  }
  std::string script_field;
  if (jsonp_ >= 0) {
    const http::Query form = http::Query::parse(body);
    if (const std::string* field = form.find("d")) {
      script_field = engineio::from_jsonp_form(*field);
      body = script_field;
    } else {
      session_.end_post();
      return answer(to, 200, "ok", kHtml);
    }
  }
  engineio::PayloadForm form = engineio::PayloadForm::separated;
  if (old) {
    form = kind == Body::octets ? engineio::PayloadForm::framed : engineio::PayloadForm::counted;
  }
  receive_payload(to, body, form);
}

void EngineSession::receive_payload(AnswerTo to, std::string_view body,
                                    engineio::PayloadForm form) {
  engineio::PayloadReader reader(body, {.packets = endpoint_.options().payload_packets}, form);
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
