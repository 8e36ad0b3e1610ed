#pragma once

#include "client/clock.hpp"
#include "client/http_caller.hpp"
#include "client/websocket_line.hpp"
#include "io/loop.hpp"
#include "naru/sockjs_client.hpp"
#include "sockjs/client_session.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace naru::client {

// A line over a SockJS session: by WebSocket, or by two HTTP requests, one that brings frames and
// one that takes messages.
class SockJsLine final : public Line, private Line::User, private HttpCaller::User {
 public:
  SockJsLine(io::Loop& loop, LineContext& context, const SockJsConnect& options, Line::User& user);
  // Throws std::invalid_argument.
  static void check(const SockJsConnect& options);

  void open(const Url& url) override;
  SendOutcome send(std::string_view message) override;
  void close() override;

 private:
  // Of the WebSocket.
  void on_line_open() override {}
  void on_line_message(std::span<char> bytes) override;
  void on_line_drained() override { user_.on_line_drained(); }
  void on_line_closed(std::string_view why, const ConnectFailure* failure) override;

  // Of the requests.
  void on_answer(HttpCaller& caller, const http::ReceivedResponse& answer) override;
  void on_body(HttpCaller&, std::string body) override;
  void on_call_failed(HttpCaller&, const ConnectFailure& failure) override;

  void begin();
  bool by_websocket() const { return transport() == SockJsTransport::websocket; }
  SockJsTransport transport() const { return options_.transports[at_]; }
  Url target(std::string_view what) const;
  void ask_for_frames();
  void receive(std::string_view frame);
  SendOutcome queue(std::string element);
  void flush();
  void on_due();
  void on_send_due() { fail("the server takes nothing"); }
  // Ends the session, or tries the next transport if it has not been open.
  void fail(std::string_view why, const ConnectFailure* failure = nullptr);
  void end(std::string_view why, const ConnectFailure* failure = nullptr);
  template <class F>
  void later(F task);

  io::Loop& loop_;
  LineContext& context_;
  const SockJsConnect options_;
  Line::User& user_;
  Url base_;
  std::size_t at_ = 0;  // of the transports
  std::string path_;    // of the session
  std::optional<sockjs::ClientSession> session_;
  bool begun_ = false;  // the session has been open: no other transport is tried
  bool ended_ = false;
  bool closing_ = false;
  Clock<SockJsLine> due_{*this, &SockJsLine::on_due};
  Clock<SockJsLine> send_due_{*this, &SockJsLine::on_send_due};
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what is deferred

  std::unique_ptr<WebSocketLine> websocket_;

  std::unique_ptr<HttpCaller> receiver_;
  std::unique_ptr<HttpCaller> sender_;
  std::optional<sockjs::FrameLines> lines_;
  std::size_t frames_ = 0;           // in this answer
  std::deque<std::string> waiting_;  // elements
  std::size_t waiting_bytes_ = 0;    // of those, and of what is under way
  std::size_t under_way_ = 0;
  bool blocked_ = false;
  bool flushing_ = false;  // at the end of the turn
};

}  // namespace naru::client
