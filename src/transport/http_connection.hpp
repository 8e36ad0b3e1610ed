#pragma once

#include "base/cursor.hpp"
#include "http/request_decoder.hpp"
#include "io/stream.hpp"
#include "transport/http_exchange.hpp"
#include "transport/http_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace naru::transport {

// The server side of one HTTP/1.1 connection: requests in order, one at a time, an answer now or
// later, or another protocol in its place.
class HttpConnection final : public io::StreamHandler, public HttpExchange, private ResponseStream {
 public:
  HttpConnection(HttpService& service, const HttpLimits& limits);
  ~HttpConnection() override;

  const http::Request& request() const override { return decoder_.request(); }
  std::string take_body() override { return std::move(decoder_.request().body); }
  io::Stream& stream() override { return *stream_; }
  bool limit_body(std::size_t bytes) override;
  void respond(http::Response response, After after = After::keep_alive) override;
  void respond_later(UniqueFunction<void()> on_abandoned) override;
  ResponseStream& stream_response(http::Response head, StreamedAnswer answer) override;
  void upgrade(const http::Response& accepted, std::unique_ptr<io::StreamHandler> handler) override;
  bool can_detach() override;  // the answers before this request have left
  Detached detach() override;

  void on_attached(io::Stream& stream) override;
  void on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_sent() override;
  void on_deadline(Instant now) override;
  void on_shutdown() override;
  void on_closed(io::StreamEnd end) override;

 private:
  enum class State { idle, receiving, answering, streaming, handed_over, ended };
  // An answer that stays open.
  struct Open {
    StreamedAnswer settings;
    http::Framing framing{};
    bool head_only = false;
    bool keep_alive = false;
    bool told_high = false;
    std::uint64_t appended = 0;
    std::uint64_t taken = 0;  // by the peer, when we last looked
  };

  Push append(std::string_view bytes, Droppable droppable) override;
  http::Framing framing() const override { return open_->framing; }
  Push append_framed(const SharedBytes& piece, Droppable droppable) override;
  std::size_t buffered() const override { return stream_->out().size(); }
  void end() override;
  void abort() override;

  std::optional<Push> refuse_piece(Droppable droppable);
  bool congested();
  Push appended(std::size_t before);
  void look_at_peer(Instant now);
  void answered(bool keep_alive);

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
  Cursor* current_ = nullptr;   // what on_bytes has not used yet
  std::string pipelined_;       // received while an answer was due
  std::shared_ptr<Open> open_;  // shared with whom it is calling
};

}  // namespace naru::transport
