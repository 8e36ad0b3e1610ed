#include "server/sockjs_formats.hpp"

#include "base/base64.hpp"
#include "server/message_publication.hpp"
#include "server/worker.hpp"
#include "sockjs/frame.hpp"
#include "websocket/deflate.hpp"

#include <memory>
#include <utility>

namespace naru::server {

void append_sockjs(Message message, std::string& out) {
  if (message.binary) return sockjs::append_string(base64(message.data), out);
  sockjs::append_string(message.data, out);
}

SharedBytes encode_sockjs(const MessagePublication& publication, hub::WireFormat format) {
  std::string element;
  append_sockjs(publication.message(), element);
  if (format == wire::sockjs_element)
    return std::make_shared<const std::string>(std::move(element));
  const std::string text = sockjs::message_frame(element);
  std::string frame;
  // Whether it is long enough, its receivers have said.
  constexpr websocket::DeflateConfig config{.threshold = 0};
  websocket::append_shared(websocket::Opcode::text, {}, text, format - wire::sockjs_websocket,
                           config, Worker::current()->deflate, frame);
  return std::make_shared<const std::string>(std::move(frame));
}

}  // namespace naru::server
