#include "stomp_client.hpp"

#include <stdexcept>

namespace naru::load {
namespace {

std::string stomp_frame(std::string_view head, std::string_view body) {
  std::string out(head);
  out.append("\n\n").append(body).push_back('\0');
  return text_frame(out);
}

}  // namespace

std::string stomp_send_frame(std::string_view destination, std::string_view text) {
  return stomp_frame("SEND\ndestination:" + std::string(destination), text);
}

void StompClient::on_ready() {
  send(stomp_frame("CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest", {}));
}

void StompClient::on_message(std::string_view frame) {
  if (frame == "\n") return;  // a heart-beat
  const std::size_t end = frame.find("\n\n");
  if (end == std::string_view::npos || !frame.ends_with('\0')) {
    throw std::runtime_error("no frame of STOMP: " + std::string(frame.substr(0, 80)));
  }
  if (frame.starts_with("MESSAGE\n")) {
    return on_body(frame.substr(end + 2, frame.size() - end - 3));
  }
  if (frame.starts_with("CONNECTED\n")) {
    return send(stomp_frame("SUBSCRIBE\nid:0\nreceipt:there\ndestination:" + destination_, {}));
  }
  if (frame.starts_with("RECEIPT\n")) return on_subscribed();
  throw std::runtime_error("the server said " + std::string(frame.substr(0, 80)));
}

}  // namespace naru::load
