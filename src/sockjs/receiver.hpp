#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace naru::sockjs {

enum class Transport : std::uint8_t {
  websocket,
  raw_websocket,  // messages as they are, without frames
  xhr_polling,
  xhr_streaming,
  eventsource,
  htmlfile,
  jsonp_polling,
};

std::string_view transport_name(Transport transport);  // as sockjs-client spells it

// The body of one answer to a receiving request: how it begins, what is around each frame, and when
// it has to end.
class Receiver {
 public:
  // `callback` is for htmlfile and jsonp_polling, and has passed is_callback.
  Receiver(Transport transport, std::string callback, std::size_t response_limit);

  Transport transport() const { return transport_; }
  std::string_view content_type() const;
  // Whether more than one frame may come, each when it is there.
  bool streaming() const;

  // What comes before every frame: apart from them, in a chunk of its own. Nothing for polling.
  std::string prelude() const;
  // What `frame` is on this transport.
  std::string wrap(std::string_view frame);
  // The answer has to end; the client asks again. (One frame when polling; the limit when
  // streaming, since browsers keep what they have received.)
  bool full() const { return !streaming() ? written_ > 0 : written_ >= response_limit_; }

 private:
  Transport transport_;
  std::string callback_;
  std::size_t response_limit_;
  std::size_t written_ = 0;  // without the prelude
};

}  // namespace naru::sockjs
