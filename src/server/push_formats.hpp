#pragma once

#include "base/send_queue.hpp"
#include "http/response.hpp"
#include "server/message_publication.hpp"
#include "server/wire_formats.hpp"

#include <string>

namespace naru::server {

// What a subscriber by HTTP push reads.
enum class PushForm : hub::WireFormat {
  event,      // a server-sent event: the message itself, its place as the id
  enveloped,  // a server-sent event: the message in an envelope, its id sent before it
  line,       // the envelope on a line
};

constexpr hub::WireFormat push_format(PushForm form, http::Framing framing) {
  return static_cast<hub::WireFormat>(wire::push + 2 * static_cast<int>(form) +
                                      static_cast<int>(framing));
}

// In one of these formats.
SharedBytes encode_push(const MessagePublication& publication, hub::WireFormat format);

// {"topic":..., "event":..., "epoch":..., "offset":..., "headers":{...}, "data":...}: what is not
// there is left out. Text is a JSON string, or the JSON that it is; in the place of binary data
// there is "base64". One line.
std::string push_envelope(const MessagePublication& publication);

}  // namespace naru::server
