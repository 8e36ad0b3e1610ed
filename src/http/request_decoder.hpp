#pragma once

#include "base/cursor.hpp"
#include "http/request.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace naru::http {

// What a peer may send before it is refused.
struct Limits {
  std::size_t head_bytes = 16384;    // 431
  std::size_t target_bytes = 8192;   // 414
  std::size_t fields = 128;          // 431
  std::size_t body_bytes = 1048576;  // 413; a route may set another one, see limit_body
};

// Decodes HTTP/1.1 requests (RFC 9112), one after the other, from bytes cut anywhere, in linear
// time. Strict where leniency is a smuggling vector: each refusal is a test in tests/http/.
class RequestDecoder {
 public:
  enum class Event {
    head,      // method, target and fields are known; the body, if any, is still to come
    complete,  // the body has arrived too; bytes left in the cursor belong to what follows
  };

  explicit RequestDecoder(const Limits& limits);
  ~RequestDecoder();
  RequestDecoder(RequestDecoder&&) noexcept;
  RequestDecoder& operator=(RequestDecoder&&) noexcept;

  // Advances past what it used of `in`. Returns nullopt when it wants more bytes (all of `in` has
  // been taken then), else the next event. After `head` call it again, with no bytes too:
  // `complete` may need none. After `complete` comes next(). After an error only error_status() may
  // be asked. Errors: protocol_error, message_too_big, too_many, unsupported.
  Result<std::optional<Event>> receive(Cursor& in);

  const Request& request() const;
  Request& request();

  // The status that answers the error of receive() or limit_body(): 400, 413, 414, 431, 501 or 505.
  // The connection must be closed after it. (A POST without a length has no body; a route that
  // wants one answers 411 itself.)
  int error_status() const;

  // At `head`: another limit for this body, above or below that of Limits, which is enforced after
  // `head` only. Errors: message_too_big when Content-Length is above.
  Result<void> limit_body(std::size_t bytes);
  // At `head`: whether the peer waits for a 100 before it sends the body.
  bool expects_continue() const;

  // After `complete`: starts over for the next request on this connection. What the last one left
  // in large buffers is given back.
  void next();
  // Whether a request has begun: some of its bytes were seen.
  bool started() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::http
