#pragma once

#include "poller.hpp"

#include <string>
#include <string_view>

namespace naru::load {

// Reads a stream of server-sent events, in chunks of HTTP/1.1.
class EventStream : public Connection {
 public:
  EventStream(Poller& poller, std::string path) : Connection(poller), path_(std::move(path)) {}

 protected:
  virtual void on_open() = 0;  // subscribed
  virtual void on_data(std::string_view data) = 0;

 private:
  void on_connected() final;
  std::size_t on_bytes(std::span<char> bytes) final;
  void on_text(std::string_view text);

  std::string path_;
  bool open_ = false;
};

}  // namespace naru::load
