// The `load` profile on libwebsockets, as its minimal examples write a server: /echo returns each
// message; /pub reaches every client of /sub. One thread.
#include "listen.hpp"

#include <deque>
#include <libwebsockets.h>
#include <memory>
#include <new>
#include <set>
#include <string>

namespace {

// With the room in front that lws_write wants.
using Frame = std::shared_ptr<std::string>;

struct Session {
  std::string path;
  std::string received;
  std::deque<Frame> waiting;
};

std::set<lws*> subscribers;

Session& session_of(void* user) {
  return *static_cast<Session*>(user);
}

void send(lws* connection, const Frame& frame) {
  session_of(lws_wsi_user(connection)).waiting.push_back(frame);
  lws_callback_on_writable(connection);
}

void on_message(lws* connection, Session& session) {
  const auto frame = std::make_shared<std::string>(std::string(LWS_PRE, '\0') + session.received);
  session.received.clear();
  if (session.path != "/pub") return send(connection, frame);
  for (lws* subscriber : subscribers) send(subscriber, frame);
}

// One message each time, as the library asks for.
bool write_one(lws* connection, Session& session) {
  if (session.waiting.empty()) return true;
  const Frame frame = session.waiting.front();
  session.waiting.pop_front();
  auto* payload = reinterpret_cast<unsigned char*>(frame->data()) + LWS_PRE;
  // The head is written in front of the payload: the same for all who share the frame.
  if (lws_write(connection, payload, frame->size() - LWS_PRE, LWS_WRITE_TEXT) < 0) return false;
  if (!session.waiting.empty()) lws_callback_on_writable(connection);
  return true;
}

int on_event(lws* connection, lws_callback_reasons reason, void* user, void* in, size_t length) {
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: {
      Session& session = *new (user) Session;
      char path[64] = "";
      lws_hdr_copy(connection, path, sizeof path, WSI_TOKEN_GET_URI);
      session.path = path;
      if (session.path == "/sub") subscribers.insert(connection);
      break;
    }
    case LWS_CALLBACK_CLOSED:
      subscribers.erase(connection);
      session_of(user).~Session();
      break;
    case LWS_CALLBACK_RECEIVE: {
      Session& session = session_of(user);
      session.received.append(static_cast<const char*>(in), length);
      if (lws_is_final_fragment(connection) != 0) on_message(connection, session);
      break;
    }
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return write_one(connection, session_of(user)) ? 0 : -1;
    default:
      break;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  lws_set_log_level(LLL_ERR, nullptr);
  lws_protocols protocols[2] = {};
  protocols[0].name = "load";
  protocols[0].callback = on_event;
  protocols[0].per_session_data_size = sizeof(Session);
  protocols[0].rx_buffer_size = 65536;
  lws_context_creation_info info{};
  info.port = port_to_listen_on(argc, argv);
  info.iface = "lo";
  info.protocols = protocols;
  info.options = LWS_SERVER_OPTION_DISABLE_IPV6;
  info.pt_serv_buf_size = 65536;
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) return 1;
  lws_vhost* host = lws_get_vhost_by_name(context, "default");
  say_listening(static_cast<std::uint16_t>(lws_get_vhost_listen_port(host)));
  while (lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
}
