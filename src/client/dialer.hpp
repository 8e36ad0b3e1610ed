#pragma once

#include "base/random.hpp"
#include "client/proxy.hpp"
#include "client/url.hpp"
#include "http/response_decoder.hpp"
#include "io/connector.hpp"
#include "io/loop.hpp"
#include "io/resolver.hpp"
#include "io/stream.hpp"
#include "io/tls_client_context.hpp"
#include "naru/websocket_client.hpp"
#include "websocket/client_handshake.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace naru::client {

// Everything that the handshakes are made with; outlives the dialer.
struct DialSettings {
  const WebSocketClientOptions& options;
  websocket::ClientOffer offer;
  std::shared_ptr<io::TlsClientContext> tls;  // null: not yet needed
  Environment environment;
  io::Resolver::Lookup lookup;
};

// Throws std::invalid_argument for what can never be asked for.
void check(const DialSettings& settings, const Url& url);

// Opens one WebSocket: name, connection, tunnel, TLS, handshake, redirects, each with a timeout of
// its own. On one loop, which outlives it.
class Dialer {
 public:
  class User {
   public:
    // The handler that takes the stream over; it is attached at once.
    virtual std::unique_ptr<io::StreamHandler> on_opened(
        const websocket::ClientHandshake& handshake, const http::ReceivedResponse& answer) = 0;
    // The same of reach_line().
    virtual std::unique_ptr<io::StreamHandler> on_line() { return nullptr; }
    // Never from within dial(). It may dial again.
    virtual void on_dial_failed(const ConnectFailure& failure) = 0;

   protected:
    ~User() = default;
  };

  Dialer(io::Loop& loop, DialSettings& settings, Random& random, User& user);
  ~Dialer() { cancel(); }
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  void dial(const Url& url);
  // Connects only, with TLS and by the proxy: for other requests than the opening of a WebSocket.
  void reach_line(const Url& url);
  void cancel();  // the user is told nothing more

 private:
  class Line;  // the handler of the stream until it is open

  void reach(const Url& url);
  void resolve();
  void connect(const io::Addresses& addresses);
  void attach(std::unique_ptr<io::Stream::Detached> connection);
  void attach_to_origin(std::unique_ptr<io::Stream::Detached> connection);

  // Of the line.
  void on_attached(io::Stream& stream);
  void on_secured();
  void on_bytes(std::span<char> bytes);
  void on_end();
  void on_deadline();
  void on_closed(io::StreamEnd end);

  void ask_proxy();
  void ask_origin();
  void receive(Cursor& in);
  void on_answer(Cursor& in);
  void on_tunnel(Cursor& in);
  void open(Cursor& in);
  void hand_over(std::unique_ptr<io::StreamHandler> handler, Cursor& in);
  bool redirected();
  Headers request_headers() const;
  void set_deadline(Duration timeout);
  void drop_stream();

  void fail(const Error& error, const std::string& detail = {});
  void refuse();
  void report(ConnectFailure failure);
  ConnectFailure describe(const Error& error, const std::string& detail) const;

  io::Loop& loop_;
  DialSettings& settings_;
  Random& random_;
  User& user_;
  io::Resolver resolver_;
  io::Connector connector_;

  Url url_;
  std::optional<Url> proxy_;
  ConnectPhase phase_ = ConnectPhase::resolve;
  bool only_line_ = false;
  unsigned redirects_ = 0;
  bool same_origin_ = true;  // as the URL that was dialled, all the way
  std::string key_;
  std::optional<http::ResponseDecoder> decoder_;
  Line* line_ = nullptr;
  io::Stream* stream_ = nullptr;
  std::shared_ptr<int> alive_;  // of this dialling, for what is deferred
};

}  // namespace naru::client
