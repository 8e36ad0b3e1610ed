#include "sockjs/session.hpp"

#include "sockjs/frame.hpp"

namespace naru::sockjs {

Session::Session(const SessionOptions& options, Instant now)
    : options_(options), deadline_(now + options.disconnect_delay) {}

Session::Attach Session::attach(Instant now) {
  if (attached_) return Attach::busy;
  attached_ = true;
  // Closed, it is forgotten in time, however often it is asked for.
  if (!closing()) deadline_ = now + options_.heartbeat_interval;
  if (opened_) return Attach::attached;
  opened_ = true;
  return Attach::opened;
}

void Session::detach(Instant now) {
  attached_ = false;
  if (!closing()) deadline_ = now + options_.disconnect_delay;
}

void Session::on_sent(Instant now) {
  if (attached_ && !closing()) deadline_ = now + options_.heartbeat_interval;
}

void Session::close(std::uint16_t code, std::string_view reason, Instant now) {
  if (closing()) return;
  close_frame_ = sockjs::close_frame(code, reason);
  deadline_ = now + options_.disconnect_delay;
}

Session::Due Session::on_deadline(Instant now) {
  if (now < deadline_) return Due::nothing;
  if (!attached_ || closing()) return Due::expired;
  deadline_ = now + options_.heartbeat_interval;
  return Due::heartbeat;
}

}  // namespace naru::sockjs
