// The handlers of an event: of its namespace, and of the socket itself.
#include "json/split.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace naru::server {

OwnHandlers& SocketState::own() {
  if (!own_) own_ = std::make_unique<OwnHandlers>();
  return *own_;
}

// In the order of Node: catch-all listeners, middlewares, the handlers of this event.
void SocketState::dispatch(const socketio::Packet& packet) {
  const Handlers& shared = nsp.handlers();
  const Arguments arguments{packet.args, packet.attachments};
  const auto run = [&](const auto& call) {
    if (gone) return false;
    if (run_user_code(nsp.state, nsp.where(), call)) return !gone;
    session.close();
    return false;
  };
  const auto tell = [&](const std::vector<AnyListener>& listeners) {
    return std::all_of(listeners.begin(), listeners.end(), [&](const AnyListener& listener) {
      return run([&] { listener(face_, packet.event, arguments); });
    });
  };
  if (!tell(shared.on_any)) return;
  if (own_ && !tell(std::vector(own_->on_any))) return;  // one may add or take off another
  if (!shared.packet_middlewares.empty() || (own_ && !own_->packet_middlewares.empty())) {
    if (refused(packet.event, arguments)) return;
  }

  const Ack ack = packet.id ? make_ack(*packet.id) : Ack();
  bool answers = true;  // nobody will, when nobody has heard of it
  const auto call = [&](const detail::EventHandler& handler, bool first) {
    bool fits = true;
    if (!run([&] { fits = handler.call(face_, arguments, ack); })) return false;
    answers = (first ? false : answers) || handler.answers || !fits;
    if (!fits) {
      session.violate("arguments of event '" + log_safe(packet.event, 40) +
                      "' do not fit its handler");
    }
    return true;
  };
  const auto found = shared.events.find(packet.event);
  const bool known = found != shared.events.end();
  if (known && !call(found->second, true)) return;
  if (own_) {
    std::vector<std::shared_ptr<const detail::EventHandler>> mine;
    for (const auto& [name, handler] : own_->events) {
      if (name == packet.event) mine.push_back(handler);
    }
    for (std::size_t i = 0; i < mine.size(); ++i) {
      if (!call(*mine[i], !known && i == 0)) return;
    }
  }
  if (ack && !answers && nsp.options.acknowledge_always) ack();
}

bool SocketState::refused(std::string_view event, const Arguments& arguments) {
  const auto ask = [&](const std::vector<PacketMiddleware>& middlewares) {
    for (const PacketMiddleware& middleware : middlewares) {
      std::optional<Refusal> refusal;
      if (!run_user_code(nsp.state, nsp.where(),
                         [&] { refusal = middleware(face_, event, arguments); })) {
        session.close();
        return true;
      }
      if (gone) return true;
      if (!refusal) continue;
      if (!own_) return true;
      for (const auto& handler : std::vector(own_->on_error)) {
        run_user_code(nsp.state, nsp.where(), [&] { handler(face_, *refusal); });
      }
      return true;
    }
    return false;
  };
  return ask(nsp.handlers().packet_middlewares) ||
         (own_ && ask(std::vector(own_->packet_middlewares)));
}

// ---- what goes out

bool SocketState::hears_outgoing() const {
  return !nsp.handlers().on_any_outgoing.empty() || (own_ && !own_->on_any_outgoing.empty());
}

void SocketState::tell_outgoing(std::string_view json,
                                const std::vector<std::string>& attachments) {
  std::vector<std::string_view> values;
  const std::string text(json);  // it is shown as it is now, whatever a listener sends meanwhile
  if (!json::split_array(text, {}, values) || values.empty()) return;
  const Result<std::string> event = json_string({values.front()});
  if (!event) return;
  const Arguments arguments{std::span(values).subspan(1), attachments};
  const auto tell = [&](const std::vector<AnyListener>& listeners) {
    for (const AnyListener& listener : listeners) {
      if (!run_user_code(nsp.state, nsp.where(), [&] { listener(face_, *event, arguments); })) {
        session.close();
      }
    }
  };
  tell(nsp.handlers().on_any_outgoing);
  if (own_) tell(std::vector(own_->on_any_outgoing));
}

}  // namespace naru::server
