#pragma once

#include "client/dialer.hpp"
#include "http/response_decoder.hpp"
#include "io/loop.hpp"
#include "io/stream.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace naru::client {

// What the callers of one client have in common; what it points to outlives them.
struct CallSettings {
  WebSocketClientOptions dial;                 // how to connect
  std::shared_ptr<io::TlsClientContext>* tls;  // the first who needs it makes it
  io::Resolver::Lookup lookup;
  Random* random;
  std::function<Headers()> headers;  // of each request
  std::size_t body_bytes;            // of an answer; of a piece, where it comes in pieces
};

// HTTP/1.1 requests to one origin, one at a time, over a connection that is kept while the server
// keeps it. It may be destroyed at any time but from within its user's calls, and tells nothing
// afterwards.
class HttpCaller final : private Dialer::User {
 public:
  class User {
   public:
    // The answer, whatever its status. Another call may be made at once.
    virtual void on_answer(HttpCaller& caller, const http::ReceivedResponse& answer) = 0;
    // Of get_for_stream() and post_for_stream(), when the status is 200: more of the body;
    // on_answer comes behind it.
    virtual void on_body(HttpCaller&, std::string) {}
    virtual void on_call_failed(HttpCaller& caller, const ConnectFailure& failure) = 0;

   protected:
    ~User() = default;
  };

  HttpCaller(io::Loop& loop, CallSettings settings, User& user);
  ~HttpCaller();

  void get(const Url& url) { call("GET", url, {}); }
  void post(const Url& url, std::string_view body) { call("POST", url, body); }
  void get_for_stream(const Url& url) {
    streaming_ = true;
    call("GET", url, {});
  }
  void post_for_stream(const Url& url) {
    streaming_ = true;
    call("POST", url, {});
  }
  void abandon();  // what is under way; the user is told nothing more of it
  bool busy() const { return busy_; }

 private:
  class Wire;  // the handler of the stream

  void call(std::string_view method, const Url& url, std::string_view body);
  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake&,
                                               const http::ReceivedResponse&) override {
    return nullptr;
  }
  std::unique_ptr<io::StreamHandler> on_line() override;
  void on_dial_failed(const ConnectFailure& failure) override;

  // Of the wire.
  void on_attached(io::Stream& stream);
  void on_bytes(Cursor& in);
  void on_end();
  void on_closed();

  void send();
  void tell_body();
  void complete();
  void fail(const Error& error);
  void drop_stream();

  io::Loop& loop_;
  const CallSettings settings_;
  User& user_;
  DialSettings dial_settings_;
  Dialer dialer_;
  std::string request_;
  std::optional<http::ResponseDecoder> decoder_;
  Wire* wire_ = nullptr;
  io::Stream* stream_ = nullptr;
  Instant idle_since_{};
  bool busy_ = false;
  bool streaming_ = false;
};

}  // namespace naru::client
