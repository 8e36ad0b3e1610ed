#pragma once

#include "base/cursor.hpp"
#include "http/request.hpp"
#include "http/request_decoder.hpp"
#include "naru/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::http {

// One answer as received. Views point into its decoder.
struct ReceivedResponse {
  int status = 0;
  int minor_version = 1;  // HTTP/1.x
  std::string_view reason;
  std::vector<Field> fields;
  std::string body;       // its beginning, up to the limit
  bool body_cut = false;  // there was more, or the peer ended in the middle of it

  std::string_view field(std::string_view name) const { return find_field(fields, name); }
  std::size_t count(std::string_view name) const { return count_fields(fields, name); }
  bool lists(std::string_view name, std::string_view token) const {
    return lists_token(fields, name, token);
  }
};

// Decodes the answer to one request (RFC 9112) from bytes cut anywhere, in linear time, as strictly
// as RequestDecoder. For clients that switch protocols, or open a tunnel: when that fails, what is
// of interest is the head and the beginning of the body, after which the connection is closed. For
// requests of resources as well, whose connection may be kept.
class ResponseDecoder {
 public:
  enum class Event {
    head,      // status and fields are known; interim answers (1xx but 101) were passed over
    complete,  // the body has arrived too, or as much of it as is wanted
  };
  // By GET with Upgrade, by CONNECT, or for what the body says.
  enum class Asked { upgrade, tunnel, resource };

  explicit ResponseDecoder(const Limits& limits, Asked asked = Asked::upgrade);
  ~ResponseDecoder();
  ResponseDecoder(ResponseDecoder&&) noexcept;
  ResponseDecoder& operator=(ResponseDecoder&&) noexcept;

  // Advances past what it used of `in`. Returns nullopt when it wants more bytes, else the next
  // event. After a 101, or a 2xx to a CONNECT, there is no body, whatever its fields say (RFC 9110
  // 9.3.6): `complete` leaves the bytes behind the head in `in`. `complete` comes once.
  // Errors: protocol_error, too_many (a head above the limits), unsupported.
  Result<std::optional<Event>> receive(Cursor& in);
  // The peer sends no more. Errors: disconnected when the head was not whole.
  Result<Event> receive_end();

  const ReceivedResponse& response() const;
  // What has come of the body, out of it: for one that is read as it comes, and may be endless. The
  // limit is then that of one receive().
  std::string take_body();
  // The answer has switched protocols, or opened the tunnel.
  bool switched() const;
  // After `complete`: whether the connection may carry another request, by another decoder. Never
  // after a body in chunks, whose trailer is not read.
  bool persists() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::http
