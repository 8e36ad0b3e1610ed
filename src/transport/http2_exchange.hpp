#pragma once

#include "base/time.hpp"
#include "http2/session.hpp"
#include "transport/http_exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace naru::transport {

class Http2Connection;

// One request of an HTTP/2 connection, on its stream. The connection owns it and tells it what
// comes.
class Http2Exchange final : public HttpExchange, private ResponseStream {
 public:
  Http2Exchange(Http2Connection& connection, http2::StreamId id);

  const http::Request& request() const override;
  std::string take_body() override;
  io::Stream& stream() override;
  bool limit_body(std::size_t bytes) override;
  // Another request's connection, so `after` means nothing here.
  void respond(http::Response response, After after = After::keep_alive) override;
  void respond_later(UniqueFunction<void()> on_abandoned) override;
  ResponseStream& stream_response(http::Response head, StreamedAnswer answer) override;
  void upgrade(const http::Response& accepted, std::unique_ptr<io::StreamHandler> handler) override;
  bool can_detach() override { return false; }
  Detached detach() override;

  void begin();
  void receive(std::string_view body);
  void complete();
  void close();  // the stream has gone
  void on_deadline(Instant now);
  void on_shutdown();
  bool drain();  // true: what had been reported as high has left, and was told
  Instant deadline() const { return deadline_; }
  bool handed_over() const { return state_ == State::handed_over; }

 private:
  enum class State { receiving, answering, streaming, handed_over, ended };

  Push append(std::string_view bytes, Droppable droppable) override;
  http::Framing framing() const override { return http::Framing::bare; }
  Push append_framed(const SharedBytes& piece, Droppable droppable) override;
  std::size_t buffered() const override;
  void end() override;
  void abort() override;

  bool congested();
  template <class Bytes>
  Push push(const Bytes& bytes, std::size_t size, Droppable droppable);
  void release_body();

  Http2Connection& connection_;
  http2::StreamId id_;
  State state_ = State::receiving;
  std::size_t body_limit_;
  std::size_t held_ = 0;    // of the connection's bodies
  std::size_t unsent_ = 0;  // of the answer, when we last looked
  Instant deadline_;
  std::shared_ptr<StreamedAnswer> open_;  // shared with whom it is calling
  std::uint64_t appended_ = 0;            // to an answer that stays open
  std::uint64_t taken_ = 0;               // of that by the peer, when we last looked
};

}  // namespace naru::transport
