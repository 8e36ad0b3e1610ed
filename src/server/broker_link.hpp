#pragma once

#include "io/connector.hpp"
#include "io/loop.hpp"
#include "io/stream.hpp"
#include "io/tls_client_context.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

// Where a relay's broker is, and how it is reached.
struct BrokerAddress {
  io::Addresses addresses;
  std::uint16_t port = 0;
  std::string host;                           // that its certificate must name
  std::shared_ptr<io::TlsClientContext> tls;  // null: plain TCP
  Duration timeout;                           // of TCP, and of TLS
};

// One connection of ours to a broker: bytes, either way. On one loop, which outlives it.
class BrokerLink {
 public:
  class User {
   public:
    virtual void on_link_up() = 0;
    virtual void on_link_bytes(std::span<char> bytes) = 0;  // may be changed in place
    virtual void on_link_drain() = 0;                       // after congested()
    // Could not be made, or has ended. Never from within connect(), which may be called again.
    virtual void on_link_down(const Error& error, const std::string& detail) = 0;

   protected:
    ~User() = default;
  };

  // More than `high_watermark` waiting bytes are too many, see congested().
  BrokerLink(io::Loop& loop, User& user, std::size_t high_watermark);
  ~BrokerLink() { abort(); }
  BrokerLink(const BrokerLink&) = delete;
  BrokerLink& operator=(const BrokerLink&) = delete;

  void connect(const BrokerAddress& where);
  void send(std::string_view bytes);
  bool up() const { return up_; }
  std::size_t buffered() const { return stream_ == nullptr ? 0 : stream_->out().size(); }
  io::PeerAddress peer() const { return stream_->peer(); }
  // Whether the broker reads slowly, after another try to send; the user is told then when all has
  // left.
  bool congested();
  // Holds the broker back, and goes on.
  void pause();
  void resume();
  // Ends it: what waits goes first, or is lost. The user is told nothing more.
  void finish();
  void abort();

 private:
  class Line;  // the handler of the stream

  void attach(std::unique_ptr<io::Stream::Detached> connection);
  void on_up();
  void go_down(const Error& error, const std::string& detail);
  io::Stream* let_go();

  io::Loop& loop_;
  User& user_;
  std::size_t high_watermark_;
  io::Connector connector_;
  BrokerAddress where_;
  Line* line_ = nullptr;
  io::Stream* stream_ = nullptr;
  bool up_ = false;
  bool blocked_ = false;
};

}  // namespace naru::server
