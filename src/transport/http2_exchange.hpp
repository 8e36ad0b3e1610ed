#pragma once

#include "base/time.hpp"
#include "http2/session.hpp"
#include "transport/http_exchange.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace naru::transport {

class Http2Connection;

// One request of an HTTP/2 connection, on its stream. The connection owns it and tells it what
// comes.
class Http2Exchange final : public HttpExchange {
 public:
  Http2Exchange(Http2Connection& connection, http2::StreamId id);

  const http::Request& request() const override;
  std::string take_body() override;
  io::Stream& stream() override;
  bool limit_body(std::size_t bytes) override;
  // Another request's connection, so `after` means nothing here.
  void respond(http::Response response, After after = After::keep_alive) override;
  void respond_later(UniqueFunction<void()> on_abandoned) override;
  void upgrade(const http::Response& accepted, std::unique_ptr<io::StreamHandler> handler) override;
  bool can_detach() override { return false; }
  Detached detach() override;

  void begin();
  void receive(std::string_view body);
  void complete();
  void close();  // the stream has gone
  void on_deadline(Instant now);
  Instant deadline() const { return deadline_; }
  bool handed_over() const { return state_ == State::handed_over; }

 private:
  enum class State { receiving, answering, handed_over, ended };
  void release_body();

  Http2Connection& connection_;
  http2::StreamId id_;
  State state_ = State::receiving;
  std::size_t body_limit_;
  std::size_t held_ = 0;    // of the connection's bodies
  std::size_t unsent_ = 0;  // of the answer, when we last looked
  Instant deadline_;
};

}  // namespace naru::transport
