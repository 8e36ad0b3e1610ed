#pragma once

#include "hub/hub.hpp"
#include "naru/socketio.hpp"
#include "socketio/packet.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class Worker;
struct SocketState;
struct State;

// An event for many: encodes itself once per wire format.
class EventPublication final : public hub::Publication {
 public:
  EventPublication(std::string nsp, std::string json, std::vector<std::string> attachments)
      : nsp_(std::move(nsp)), json_(std::move(json)), attachments_(std::move(attachments)) {}
  SharedBytes encode(hub::WireFormat format) const override;

 private:
  std::string nsp_;
  std::string json_;  // the array: name and arguments
  std::vector<std::string> attachments_;
};

// A namespace: its handlers, immutable once the server runs, and on each loop a hub of the sockets
// there.
struct NamespaceState {
  NamespaceState(State& state, const SocketIoOptions& options, std::string name);

  Namespace& face() { return face_; }
  void require_not_started() const;                    // throws std::logic_error
  const std::string& where() const { return where_; }  // for the log: "nsp=/chat"
  hub::Hub& hub_of(const Worker& worker);

  // Runs the handler of an event. User code runs here, and beneath no decoder.
  void dispatch(SocketState& socket, const socketio::Packet& packet);
  // To everybody in `audience`, on this loop at once and on the others by their mailboxes. Any
  // thread.
  void publish(std::shared_ptr<const hub::Publication> publication, const hub::Audience& audience);

  State& state;
  const SocketIoOptions& options;
  const std::string name;
  std::vector<Middleware> middlewares;
  std::vector<std::function<void(Socket&)>> on_connect;
  std::vector<std::function<void(Socket&, std::string_view)>> on_disconnecting;
  std::vector<std::function<void(Socket&, std::string_view)>> on_disconnect;

  void add_handler(std::string_view event, Namespace::EventHandler handler);

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::string where_;
  Namespace face_;
  boost::unordered_flat_map<std::string, Namespace::EventHandler, StringHash, std::equal_to<>>
      handlers_;
  std::vector<std::unique_ptr<hub::Hub>> hubs_;  // by loop
};

}  // namespace naru::server
