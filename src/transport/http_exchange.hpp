#pragma once

#include "base/unique_function.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "io/stream.hpp"
#include "transport/response_stream.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::transport {

// One request and its answer, now or later, or another protocol in its place; whatever version of
// HTTP carries it. Borrowed for the call, but between respond_later() and its end.
class HttpExchange {
 public:
  HttpExchange() = default;
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  virtual const http::Request& request() const = 0;
  virtual std::string take_body() = 0;
  // What the request came by: who the peer is, and whether by TLS.
  virtual io::Stream& stream() = 0;

  // At the head: another limit for the body than that of http::Limits. False: 413 was answered.
  virtual bool limit_body(std::size_t bytes) = 0;
  // Goes with the answer to this request, whoever gives it.
  void add_field(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
  }
  // At the head: should the peer go before the request is complete, `on_abandoned` is called.
  void watch_body(UniqueFunction<void()> on_abandoned) { on_abandoned_ = std::move(on_abandoned); }

  enum class After { keep_alive, close };
  virtual void respond(http::Response response, After after = After::keep_alive) = 0;
  // The answer comes with a later respond(). Should the peer go before that, `on_abandoned` is
  // called.
  virtual void respond_later(UniqueFunction<void()> on_abandoned) = 0;

  // An answer that stays open: its head now, its body by what is appended. In place of respond();
  // what comes back lives until its end() or `on_close`. A HEAD gets no body.
  virtual ResponseStream& stream_response(http::Response head, StreamedAnswer answer) = 0;

  // Accepts an HTTP upgrade: sends `accepted` (a 101, or the 200 of HTTP/2), then `handler` has the
  // stream. What has been received behind the request goes to it.
  virtual void upgrade(const http::Response& accepted,
                       std::unique_ptr<io::StreamHandler> handler) = 0;

  // Takes the connection out of this loop: for io::Stream::attach on another one. Only when
  // can_detach(): never in HTTP/2, whose connection carries others too.
  virtual bool can_detach() = 0;
  struct Detached {
    std::unique_ptr<io::Stream::Detached> stream;
    std::string received;  // bytes behind the request
  };
  virtual Detached detach() = 0;

 protected:
  ~HttpExchange() = default;

  // Tells whoever watches or waits that the peer has gone.
  void abandon() {
    if (auto on_abandoned = std::exchange(on_abandoned_, nullptr)) on_abandoned();
  }
  void add_fields_to(http::Response& response) {
    for (auto& [name, value] : fields_) response.add(name, value);
    fields_.clear();
  }

  std::vector<std::pair<std::string, std::string>> fields_;
  UniqueFunction<void()> on_abandoned_;
};

// Whoever answers the requests of a connection, on its loop.
class HttpService {
 public:
  virtual ~HttpService() = default;
  // The head is known, the body is not. May set the body's limit, or answer already.
  virtual void on_request_head(HttpExchange& exchange) = 0;
  // The request is complete: respond(), respond_later(), stream_response(),
  // upgrade() or detach(), once.
  virtual void on_request(HttpExchange& exchange) = 0;
  // The peer broke HTTP and was answered with `status`; 0: no answer was possible.
  virtual void on_violation(io::Stream& stream, int status, std::string_view text) = 0;
};

}  // namespace naru::transport
