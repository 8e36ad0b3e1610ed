// A build without nghttp2: nobody offers HTTP/2, so nobody comes here.
#include "base/assert.hpp"
#include "http2/session.hpp"

#include <cstdlib>

namespace naru::http2 {

struct Session::State {};

bool available() {
  return false;
}

Session::Session(const Limits&, ChunkPool&) {
  NARU_ASSERT(available());
}
Session::~Session() = default;
Result<void> Session::receive(std::span<char>, Instant) {
  return {};
}
std::optional<Event> Session::next_event() {
  return std::nullopt;
}
void Session::send(SendQueue&, std::size_t) {}
bool Session::finished() const {
  return true;
}
std::size_t Session::streams() const {
  return 0;
}
http::Request& Session::request(StreamId) {
  std::abort();
}
void Session::forget_request(StreamId) {}
void Session::send_continue(StreamId) {}
void Session::respond(StreamId, const http::Response&) {}
void Session::accept(StreamId, const http::Response&, SendQueue&) {}
void Session::resume(StreamId) {}
void Session::end(StreamId) {}
bool Session::ended(StreamId) const {
  return true;
}
std::size_t Session::unsent(StreamId) const {
  return 0;
}
void Session::reset(StreamId, ErrorCode) {}
void Session::consume(StreamId, std::size_t) {}
void Session::shut_down() {}
void Session::terminate(ErrorCode) {}

}  // namespace naru::http2
