#pragma once

#include "client/line.hpp"
#include "io/loop.hpp"
#include "io/stream.hpp"

#include <string_view>

namespace naru::client {

// A line over plain TCP, or TLS: bytes as they come.
class TcpLine final : public Line, private Dialer::User {
 public:
  TcpLine(io::Loop& loop, LineContext& context, Line::User& user);
  ~TcpLine() override;

  void open(const Url& url) override { dialer_.reach_line(url); }
  SendOutcome send(std::string_view message) override;
  void close() override;

 private:
  class Wire;  // the handler of the stream

  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake&,
                                               const http::ReceivedResponse&) override {
    return nullptr;
  }
  std::unique_ptr<io::StreamHandler> on_line() override;
  void on_dial_failed(const ConnectFailure& failure) override;

  LineContext& context_;
  Line::User& user_;
  Dialer dialer_;
  Wire* wire_ = nullptr;
  io::Stream* stream_ = nullptr;
};

}  // namespace naru::client
