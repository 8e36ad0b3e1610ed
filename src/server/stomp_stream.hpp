#pragma once

#include "io/stream.hpp"
#include "server/stomp_carrier.hpp"
#include "server/stomp_loop.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

// STOMP straight on a TCP or TLS stream.
class StompStream final : public io::StreamHandler, public StompCarrier {
 public:
  explicit StompStream(StompLoop& here) : here_(here) {}

  transport::Push send(std::string_view head, std::string_view rest, Content content) override;
  transport::Push send(std::string_view head, const SharedBytes& rest, Content content) override;
  bool congested() override;
  void pause_reading() override { stream_->pause_reading(); }
  void resume_reading() override { stream_->resume_reading(); }
  void finish(Ending ending) override;
  std::string peer_address() const override { return stream_->peer_address(); }

  void on_attached(io::Stream& stream) override;
  void on_bytes(std::span<char> bytes) override;
  void on_end() override;
  void on_sent() override;
  void on_deadline(Instant) override {}  // its user has a timer of its own
  void on_shutdown() override { user_->shut_down(); }
  void on_closed(io::StreamEnd end) override;

 private:
  transport::Push pushed();

  StompLoop& here_;
  io::Stream* stream_ = nullptr;
  std::unique_ptr<StompUser> user_;
  bool blocked_ = false;  // more than the high-water mark waits
};

}  // namespace naru::server
