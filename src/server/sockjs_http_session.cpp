#include "server/sockjs_http_session.hpp"

#include "server/sockjs_answers.hpp"
#include "server/sockjs_endpoint.hpp"
#include "server/sockjs_formats.hpp"
#include "server/sockjs_streams.hpp"
#include "server/state.hpp"
#include "sockjs/frame.hpp"
#include "websocket/close_code.hpp"

#include <algorithm>
#include <utility>

namespace naru::server {
namespace {

constexpr std::string_view kTooSlow = "Too much waits to be received";

}  // namespace

SockJsHttpSession::SockJsHttpSession(SockJsRoute& route, std::string name, std::string owner,
                                     RequestInfo request, sockjs::Transport transport)
    : SockJsSession(route, std::move(request), transport),
      name_(std::move(name)),
      owner_(std::move(owner)),
      session_({.heartbeat_interval = options().heartbeat_interval,
                .disconnect_delay = options().disconnect_delay},
               worker().loop.now()) {}

std::optional<AnswerTo> SockJsHttpSession::receiver() const {
  if (!attached_) return std::nullopt;
  return attached_->to;
}

void SockJsHttpSession::receive(AnswerTo to, sockjs::Receiver receiver) {
  const auto outcome = session_.attach(worker().loop.now());
  if (outcome == sockjs::Session::Attach::busy) {
    // The close under way is what both are to hear.
    return refuse(to, receiver,
                  session_.closing() ? session_.close_frame()
                                     : sockjs::close_frame(sockjs::kAnotherConnection,
                                                           sockjs::kAnotherConnectionText));
  }
  attached_.emplace(Attached{to, std::move(receiver)});
  if (attached_->body.streaming()) begin_stream(to, attached_->body);
  if (outcome == sockjs::Session::Attach::opened) {
    send_frame(sockjs::kOpenFrame);
    tell_open();
  }
  flush();
  rearm();
}

// What is behind a close is accepted, and not delivered.
void SockJsHttpSession::receive_messages(const std::vector<std::string>& messages) {
  for (const std::string& message : messages) {
    if (closing()) return;
    tell_message({message});
  }
}

void SockJsHttpSession::receiver_gone(AnswerTo from) {
  if (!attached_ || attached_->to != from) return;
  attached_.reset();
  end(websocket::close_code::abnormal, {});
}

void SockJsHttpSession::receiver_took(AnswerTo from, std::size_t bytes) {
  if (!attached_ || attached_->to != from) return;
  attached_->under_way -= std::min(bytes, attached_->under_way);
  flush();
  rearm();
}

hub::WireFormat SockJsHttpSession::wire_format(const hub::Publication&) const {
  return wire::sockjs_element;
}

bool SockJsHttpSession::congested() {
  const bool much = queued() + held_bytes() > options().high_watermark;
  blocked_ = blocked_ || much;
  return much;
}

// Handlers of this turn may send more, or be in the middle of something: one frame for all of it.
void SockJsHttpSession::finish_turn_later() {
  if (std::exchange(turn_scheduled_, true)) return;
  worker().loop.defer([&route = route(), name = name_, this] {
    if (route.find(name) == this) finish_turn();
  });
}

void SockJsHttpSession::finish_turn() {
  turn_scheduled_ = false;
  if (overflowed_) {
    drop_held();
    if (attached_)
      send_frame(sockjs::close_frame(websocket::close_code::policy_violation, kTooSlow));
    return end(websocket::close_code::abnormal, {});
  }
  flush();
  rearm();
  if (session_.closing()) tell_closed(close_code_, close_reason_);
}

// Gives to whoever receives what waits, as far as he takes it, then the end, if that was said.
void SockJsHttpSession::flush() {
  while (attached_ && has_held() && attached_->under_way <= options().high_watermark) {
    send_frame(sockjs::message_frame(take_elements()));
  }
  if (attached_ && session_.closing() && !has_held()) {
    send_frame(session_.close_frame());
    if (attached_) dismiss();
  }
  if (blocked_ && !has_held() && queued() == 0 && !closing()) {
    blocked_ = false;
    tell_drain();
  }
}

// As many as one answer should hold, and one at least.
std::string SockJsHttpSession::take_elements() {
  std::string elements;
  while (has_held() && elements.size() < options().response_limit) {
    if (!elements.empty()) elements.push_back(',');
    const transport::HeldMessage held = pop_held();
    if (held.frames != nullptr) {
      elements.append(*held.frames);
    } else {
      append_sockjs({held.data, held.binary}, elements);
    }
    count_out();
  }
  return elements;
}

void SockJsHttpSession::send_frame(std::string_view frame) {
  Attached& receiver = *attached_;
  if (!receiver.body.streaming()) {
    answer(receiver.to, receiver.body, frame);
    attached_.reset();
    return session_.detach(worker().loop.now());
  }
  append(receiver.to, receiver.body.wrap(frame));
  session_.on_sent(worker().loop.now());
  if (receiver.body.full()) dismiss();
}

// Ends an answer that stayed open; its client asks again.
void SockJsHttpSession::dismiss() {
  end_stream(attached_->to);
  attached_.reset();
  session_.detach(worker().loop.now());
}

void SockJsHttpSession::refuse(AnswerTo to, sockjs::Receiver& body, std::string_view frame) {
  if (!body.streaming()) return answer(to, body, frame);
  begin_stream(to, body);
  append(to, body.wrap(frame));
  end_stream(to);
}

void SockJsHttpSession::answer(AnswerTo to, sockjs::Receiver& body, std::string_view frame) {
  http::Response response = sockjs_response(200, body.content_type(), body.wrap(frame));
  if (body.transport() == sockjs::Transport::jsonp_polling) {
    response.set("X-Content-Type-Options", "nosniff");
  }
  worker().answer(to, std::move(response));
}

SockJsStreams& SockJsHttpSession::streams_of(AnswerTo to) {
  return route().endpoint.streams_on(to.worker);
}

// Its receiver's loop is told, and tells this one what became of it.
void SockJsHttpSession::begin_stream(AnswerTo to, const sockjs::Receiver& body) {
  Worker& there = *worker().state().workers[to.worker];
  const auto with_session = [&home = route(), &there, name = name_](auto task) {
    run_on(home.worker, there, [&home, name, task] {
      if (SockJsHttpSession* session = home.find(std::string_view(name))) task(*session);
    });
  };
  SockJsStreams::Hooks hooks;
  hooks.on_taken = [with_session, to](std::size_t bytes) {
    with_session([to, bytes](SockJsHttpSession& session) { session.receiver_took(to, bytes); });
  };
  hooks.on_gone = [with_session, to] {
    with_session([to](SockJsHttpSession& session) { session.receiver_gone(to); });
  };
  run_on(there, worker(),
         [&streams = streams_of(to), to, head = sockjs_response(200, body.content_type(), {}),
          prelude = body.prelude(), watermark = options().high_watermark,
          hooks = std::move(hooks)]() mutable {
           streams.begin(to.number, std::move(head), prelude, watermark, std::move(hooks));
         });
}

void SockJsHttpSession::append(AnswerTo to, std::string piece) {
  Worker& there = *worker().state().workers[to.worker];
  const bool attached = attached_ && attached_->to == to;
  const std::size_t bytes = piece.size();
  if (&there == &worker()) {
    if (!streams_of(to).append(to.number, piece) && attached) attached_->under_way += bytes;
    return;
  }
  if (attached) attached_->under_way += bytes;
  there.loop.post([&streams = streams_of(to), to, piece = std::move(piece)] {
    streams.append_from_afar(to.number, piece);
  });
}

void SockJsHttpSession::end_stream(AnswerTo to) {
  run_on(*worker().state().workers[to.worker], worker(),
         [&streams = streams_of(to), to] { streams.end(to.number); });
}

void SockJsHttpSession::close_in_order(std::uint16_t code, std::string_view reason) {
  catch_up();
  if (closing()) return;
  close_code_ = code;
  close_reason_ = reason;
  session_.close(code, reason, worker().loop.now());
  finish_turn_later();
}

void SockJsHttpSession::overflow() {
  overflowed_ = true;
  finish_turn_later();
}

void SockJsHttpSession::shut_down() {
  tell_shutdown();
  close(websocket::close_code::service_restart, "Server is shutting down");
  flush();
  end(close_code_, close_reason_);
}

void SockJsHttpSession::on_timer(Instant now) {
  switch (session_.on_deadline(now)) {
    case sockjs::Session::Due::nothing:
      break;
    case sockjs::Session::Due::heartbeat:
      send_frame(sockjs::kHeartbeatFrame);
      break;
    case sockjs::Session::Due::expired:
      return end(websocket::close_code::abnormal, {});
  }
  rearm();
}

void SockJsHttpSession::rearm() {
  if (!ended_) arm(worker().loop.timers(), session_.deadline());
}

void SockJsHttpSession::end(std::uint16_t code, std::string_view reason) {
  if (std::exchange(ended_, true)) return;
  disarm();
  drop_held();
  if (attached_) dismiss();  // it did not read what it was sent
  route().bury(*this);
  tell_closed(code, reason);
}

}  // namespace naru::server
