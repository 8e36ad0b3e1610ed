#pragma once

#include "base/cursor.hpp"
#include "base/time.hpp"
#include "base/unique_function.hpp"
#include "http/request_decoder.hpp"
#include "http/response.hpp"
#include "io/stream.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::transport {

class HttpConnection;

struct HttpLimits {
  http::Limits message{};
  Duration head_timeout = std::chrono::seconds(10);  // 408
  Duration body_timeout = std::chrono::seconds(30);  // 408
  Duration idle_timeout = std::chrono::seconds(65);  // between requests
  std::size_t pipelined_bytes = 16384;  // kept while an answer is due; reading pauses above it
};

// Whoever answers the requests of a connection, on its loop.
class HttpService {
 public:
  virtual ~HttpService() = default;
  // The head is known, the body is not. May set the body's limit, or answer already.
  virtual void on_request_head(HttpConnection& connection) = 0;
  // The request is complete: respond(), respond_later(), upgrade() or detach(), once.
  virtual void on_request(HttpConnection& connection) = 0;
  // The peer broke HTTP and was answered with `status`.
  virtual void on_violation(HttpConnection& connection, int status, std::string_view text) = 0;
};

// The server side of one HTTP/1.1 connection: requests in order, one at a time, an answer now or
// later, or another protocol in its place.
class HttpConnection final : public io::StreamHandler {
 public:
  HttpConnection(HttpService& service, const HttpLimits& limits);
  ~HttpConnection() override;

  const http::Request& request() const { return decoder_.request(); }
  std::string take_body() { return std::move(decoder_.request().body); }
  io::Stream& stream() { return *stream_; }

  // At the head: see http::RequestDecoder::limit_body. False: 413 was answered.
  bool limit_body(std::size_t bytes);
  // Goes with the answer to this request, whoever gives it.
  void add_field(std::string_view name, std::string_view value);

  // At the head: should the peer go before the request is complete, `on_abandoned` is called.
  void watch_body(UniqueFunction<void()> on_abandoned) { on_abandoned_ = std::move(on_abandoned); }

  enum class After { keep_alive, close };
  void respond(http::Response response, After after = After::keep_alive);
  // The answer comes with a later respond(). Should the peer go before that, `on_abandoned` is
  // called.
  void respond_later(UniqueFunction<void()> on_abandoned);
  bool answer_due() const { return state_ == State::answering; }

  // Hands the connection to another protocol. What has been received behind the request goes to it.
  void upgrade(std::unique_ptr<io::StreamHandler> handler);
  // Takes the connection out of this loop: for io::Stream::attach on another one. Only when
  // can_detach(): the answers before this request have left.
  bool can_detach();
  struct Detached {
    std::unique_ptr<io::Stream::Detached> stream;
    std::string received;  // bytes behind the request
  };
  Detached detach();

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
  void abandon();
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
  std::vector<std::pair<std::string, std::string>> fields_;
  UniqueFunction<void()> on_abandoned_;
};

}  // namespace naru::transport
