#pragma once

#include "base/random.hpp"
#include "client/dialer.hpp"
#include "http/response_decoder.hpp"
#include "io/loop.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace naru::app {

// One request on a connection of its own, and what came of it, for those who look at how it comes
// rather than at what it says.
class Exchange final : private client::Dialer::User {
 public:
  // `head`: the request's lines, each ended by CR LF, without the empty one; Host is added.
  Exchange(const client::Url& url, const TlsClientOptions& tls, std::string head,
           std::string body = {});
  ~Exchange();

  // Turns the loop until `enough`, the end of the connection, or the limit. May be called again.
  void run(Duration limit, const std::function<bool()>& enough);

  std::optional<ConnectFailure> failure;  // it was not even connected
  http::ReceivedResponse answer;          // status 0: no head came; fields are those of `decoder_`
  bool complete = false;                  // the body too, or the protocol has switched
  bool ended = false;                     // the connection, by the other side
  std::string behind_head;                // as it came, its beginning
  std::size_t received = 0;               // bytes behind the head

  std::string_view field(std::string_view name) const;

 private:
  class Wire;

  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake&,
                                               const http::ReceivedResponse&) override {
    return nullptr;
  }
  std::unique_ptr<io::StreamHandler> on_line() override;
  void on_dial_failed(const ConnectFailure& why) override { failure = why; }
  void on_attached(io::Stream& stream);
  void on_bytes(std::span<char> bytes);
  void on_end();

  std::string request_;
  WebSocketClientOptions options_;
  SystemRandom random_;
  client::DialSettings settings_;
  io::Loop loop_;
  client::Dialer dialer_;
  http::ResponseDecoder decoder_;
  std::string raw_;  // until the end of the head
  bool head_ended_ = false;
  Wire* wire_ = nullptr;
  io::Stream* stream_ = nullptr;
};

}  // namespace naru::app
