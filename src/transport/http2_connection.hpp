#pragma once

#include "http2/session.hpp"
#include "io/stream.hpp"
#include "transport/http2_exchange.hpp"
#include "transport/http2_stream.hpp"
#include "transport/http_limits.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace naru::transport {

// The server side of one HTTP/2 connection: its requests side by side, each an exchange, and
// WebSockets, each a stream of its own that the loop owns.
//
// What was submitted to the session moves to the connection's queue at once (pump), as far as there
// is room, and leaves at the end of the turn.
class Http2Connection final : public io::StreamHandler {
 public:
  Http2Connection(HttpService& service, const HttpLimits& limits, io::Stream& stream);
  ~Http2Connection() override;

  HttpService& service() { return service_; }
  const HttpLimits& limits() const { return limits_; }
  http2::Session& session() { return session_; }
  io::Stream& stream() { return stream_; }

  // For its exchanges.
  void answered();
  bool hold_body(std::size_t bytes, std::size_t held_by_it);  // false: there are too many
  void release_body(std::size_t bytes) { bodies_ -= bytes; }
  void open_tunnel(http2::StreamId id, const http::Response& accepted,
                   std::unique_ptr<io::StreamHandler> handler);

  void lose(http2::StreamId id);  // resets it, and tells the exchange at the end of the turn
  void pump_later();
  void watch_drain(http2::StreamId id);

  // For its tunnels.
  void pump();
  void wait(Http2Stream& tunnel);  // touches it when it has room
  void close_tunnel(Http2Stream& tunnel, http2::ErrorCode code);

  void on_attached(io::Stream& stream) override;
  void on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_sent() override;
  void on_deadline(Instant now) override;
  void on_shutdown() override;
  void on_closed(io::StreamEnd end) override;

 private:
  void handle_events();
  void handle(const http2::Event& event);
  void begin(http2::StreamId id);
  void handle_tunnel(Http2Stream& tunnel, const http2::Event& event);
  void wake_tunnels();
  void tell_drained();
  void tell_lost();
  void give_up(io::StreamEnd why);
  void watch();

  HttpService& service_;
  const HttpLimits& limits_;
  io::Stream& stream_;
  http2::Session session_;
  std::unordered_map<http2::StreamId, Http2Exchange> exchanges_;
  std::unordered_map<http2::StreamId, Http2Stream*> tunnels_;
  std::vector<Http2Stream*> waiting_;  // tunnels
  std::vector<http2::StreamId> draining_;
  std::vector<http2::StreamId> lost_;
  bool pump_due_ = false;
  std::size_t bodies_ = 0;  // bytes of requests that are not complete
  Instant idle_at_;         // with no stream until then, it ends
};

}  // namespace naru::transport
