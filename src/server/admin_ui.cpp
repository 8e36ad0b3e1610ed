#include "server/admin_ui.hpp"

#include "hub/adapter.hpp"
#include "naru/secret.hpp"
#include "server/namespace_state.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_server.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace naru::server {
namespace {

std::string string_in(const std::vector<std::pair<std::string, JsonView>>& members,
                      std::string_view name) {
  for (const auto& [key, value] : members) {
    if (key == name) return json_string(value).value_or("");
  }
  return {};
}

}  // namespace

AdminUi::AdminUi(SocketIoServer& server, AdminOptions options)
    : server_(server), options_(std::move(options)), nsp_(server.find(options_.nsp)) {
  if (options_.password.empty() && !options_.check_login && !options_.without_login) {
    throw std::invalid_argument("naru: instrument: a password, check_login or without_login");
  }
  if (options_.stats_interval < std::chrono::seconds(1)) {
    throw std::invalid_argument("naru: instrument: stats_interval is below a second");
  }
  for (std::size_t i = 0; i < server.state().workers.size(); ++i) {
    counters_.push_back(std::make_unique<EngineCounters>());
  }
  Namespace& nsp = nsp_->face();
  nsp.use([this](Socket& socket) -> std::optional<Refusal> {
    if (lets_in(socket)) return std::nullopt;
    return Refusal{.message = "invalid credentials"};
  });
  nsp.on_connect([this](Socket& socket) { greet(socket); });
  if (!options_.readonly) register_commands();
}

AdminUi::~AdminUi() = default;

// ---- logging in

bool AdminUi::lets_in(Socket& socket) {
  if (options_.without_login) return true;
  const auto auth = json_members(socket.auth());
  if (!auth) return false;
  if (knows(string_in(*auth, "sessionId"))) return true;
  const std::string username = string_in(*auth, "username");
  const std::string password = string_in(*auth, "password");
  // Both are compared, whatever comes of the first.
  const bool user = same_secret(username, options_.username);
  const bool pass = same_secret(password, options_.password);
  if (!(options_.check_login ? options_.check_login(username, password) : user && pass)) {
    return false;
  }
  // Ahead of the CONNECT; droppable, as what recovery keeps goes to those that are connected.
  socket.droppable().emit("session", remember_login());
  return true;
}

bool AdminUi::knows(std::string_view login) {
  const std::lock_guard lock(mutex_);
  return std::find(logins_.begin(), logins_.end(), login) != logins_.end();
}

std::string AdminUi::remember_login() {
  std::string login = engineio::make_sid(0, Worker::current()->random);
  const std::lock_guard lock(mutex_);
  if (logins_.size() >= std::max<std::size_t>(options_.logins, 1)) logins_.pop_front();
  logins_.push_back(login);
  return login;
}

// ---- what pages ask for

void AdminUi::register_commands() {
  using Filter = std::optional<std::string>;  // a room or a socket's id; none: everybody
  const auto audience = [this](const std::string& name, const Filter& filter) {
    const std::shared_ptr<NamespaceState> nsp = server_.find(name);
    std::optional<Broadcast> all;
    if (nsp) all = filter ? nsp->face().to(*filter) : nsp->face().everybody();
    return all;
  };
  Namespace& nsp = nsp_->face();
  nsp.on("emit", [audience](Socket&, std::string name, Filter filter, std::string event,
                            Arguments arguments) {
    const auto to = audience(name, filter);
    if (!to) return;
    try {
      to->emit(event, arguments);
    } catch (const std::invalid_argument&) {  // a reserved name
    }
  });
  nsp.on("join", [audience](Socket&, std::string name, std::string room, Filter filter) {
    if (const auto to = audience(name, filter)) to->sockets_join(room);
  });
  nsp.on("leave", [audience](Socket&, std::string name, std::string room, Filter filter) {
    if (const auto to = audience(name, filter)) to->sockets_leave(room);
  });
  nsp.on("_disconnect", [audience](Socket&, std::string name, bool close, Filter filter) {
    using Disconnect = Broadcast::Disconnect;
    const auto to = audience(name, filter);
    if (to) to->disconnect_sockets(close ? Disconnect::connection : Disconnect::namespace_only);
  });
}

void AdminUi::greet(Socket& socket) {
  std::vector<std::string> features;
  if (!options_.readonly) {
    features = {"EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"};
  }
  features.emplace_back("AGGREGATED_EVENTS");
  const bool everything = options_.detail == AdminOptions::Detail::everything;
  if (everything) features.emplace_back("ALL_EVENTS");
  std::string json;
  std::vector<std::string> none;
  JsonWriter out(json, none);
  out.begin_object();
  out.key("supportedFeatures");
  json_write(out, features);
  out.end_object();
  socket.emit("config", JsonView{json});
  if (everything) send_all_sockets(socket);
}

// Each namespace describes its own; the last one to have done so completes the list.
void AdminUi::send_all_sockets(Socket& socket) {
  struct List {
    std::mutex mutex;
    std::size_t missing;
    std::string json = "[";
  };
  const auto namespaces = server_.namespaces();
  const auto list = std::make_shared<List>();
  list->missing = namespaces.size();
  for (const auto& nsp : namespaces) {
    nsp->fetch_texts([this](SocketState& each) { return describe(each); },
                     [list, to = socket.ref()](const std::vector<std::string>& sockets) {
                       const std::lock_guard lock(list->mutex);
                       for (const std::string& each : sockets) {
                         if (list->json.size() > 1) list->json += ',';
                         list->json += each;
                       }
                       if (--list->missing != 0) return;
                       list->json += ']';
                       to.emit("all_sockets", JsonView{list->json});
                     });
  }
}

}  // namespace naru::server
