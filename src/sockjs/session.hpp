#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace naru::sockjs {

struct SessionOptions {
  Duration heartbeat_interval = std::chrono::seconds(25);
  Duration disconnect_delay = std::chrono::seconds(5);
};

// One session over HTTP at the server: whether somebody receives, what the next one gets, and until
// when the session waits for him. Pure: the glue keeps what is to be sent, and who receives it.
class Session {
 public:
  Session(const SessionOptions& options, Instant now);

  // A receiving request.
  enum class Attach : std::uint8_t {
    opened,    // the first: it gets "o", then the application is told
    attached,  // it gets what waits, then what comes; once closing(), the close frame
    busy       // another one is attached: this one gets 2010 and ends, nothing else changes
  };
  Attach attach(Instant now);
  bool attached() const { return attached_; }
  void detach(Instant now);   // its answer has ended in order: the next one is awaited
  void on_sent(Instant now);  // something else than a heartbeat went to it

  // The application's close; the first one counts. Receivers get close_frame() from now on, for as
  // long as the next one is awaited.
  void close(std::uint16_t code, std::string_view reason, Instant now);
  bool closing() const { return !close_frame_.empty(); }
  const std::string& close_frame() const { return close_frame_; }

  // Never kNever: somebody receives, or is awaited.
  Instant deadline() const { return deadline_; }
  enum class Due : std::uint8_t {
    nothing,
    heartbeat,  // send "h"
    expired     // nobody came, or has read the end
  };
  Due on_deadline(Instant now);

 private:
  SessionOptions options_;
  Instant deadline_;
  std::string close_frame_;
  bool attached_ = false;
  bool opened_ = false;
};

}  // namespace naru::sockjs
