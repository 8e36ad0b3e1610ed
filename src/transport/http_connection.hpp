#pragma once

#include "base/cursor.hpp"
#include "http/request_decoder.hpp"
#include "io/stream.hpp"
#include "transport/http_exchange.hpp"
#include "transport/http_limits.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace naru::transport {

// The server side of one HTTP/1.1 connection: requests in order, one at a time, an answer now or
// later, or another protocol in its place.
class HttpConnection final : public io::StreamHandler, public HttpExchange {
 public:
  HttpConnection(HttpService& service, const HttpLimits& limits);
  ~HttpConnection() override;

  const http::Request& request() const override { return decoder_.request(); }
  std::string take_body() override { return std::move(decoder_.request().body); }
  io::Stream& stream() override { return *stream_; }
  bool limit_body(std::size_t bytes) override;
  void respond(http::Response response, After after = After::keep_alive) override;
  void respond_later(UniqueFunction<void()> on_abandoned) override;
  void upgrade(const http::Response& accepted, std::unique_ptr<io::StreamHandler> handler) override;
  bool can_detach() override;  // the answers before this request have left
  Detached detach() override;

  void on_attached(io::Stream& stream) override;
  void on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_deadline(Instant now) override;
  void on_shutdown() override;
  void on_closed(io::StreamEnd end) override;

 private:
  enum class State { idle, receiving, answering, handed_over, ended };

  void receive(Cursor& in);
  void dispatch(http::RequestDecoder::Event event);
  void refuse(int status, std::string_view text);
  void keep(std::string_view rest);
  void go_on();

  HttpService& service_;
  const HttpLimits& limits_;
  http::RequestDecoder decoder_;
  io::Stream* stream_ = nullptr;
  State state_ = State::idle;
  bool in_receive_ = false;
  bool peer_ended_ = false;
  bool shutting_down_ = false;
  bool paused_ = false;
  Cursor* current_ = nullptr;  // what on_bytes has not used yet
  std::string pipelined_;      // received while an answer was due
};

}  // namespace naru::transport
