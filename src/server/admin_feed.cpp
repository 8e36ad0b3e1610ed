// What the Admin UI is told: of each socket, room and event, or in sums.
#include "http/url.hpp"
#include "server/admin_ui.hpp"
#include "server/namespace_state.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_server.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <set>
#include <unistd.h>
#include <utility>

namespace naru::server {
namespace {

constexpr std::size_t kClientId = 12;  // so much of a session's id is no secret
constexpr Duration kSecond = std::chrono::seconds(1);

std::int64_t now_ms() {
  using std::chrono::milliseconds;
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(since).count();
}

// As JavaScript writes a Date.
std::string iso_time(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(ms % 1000));
  return text.data();
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// An event and its arguments, while they are written.
class Told {
 public:
  explicit Told(std::string_view event) : out(json_, attachments_) {
    out.begin_array();
    out.string(event);
  }
  template <class... T>
  Told& add(const T&... values) {
    (json_write(out, values), ...);
    return *this;
  }
  std::string finish() {
    out.end_array();
    return std::move(json_);
  }
  std::vector<std::string>& attachments() { return attachments_; }

 private:
  std::string json_;
  std::vector<std::string> attachments_;

 public:
  JsonWriter out;
};

void write_member(JsonWriter& out, std::string_view name, std::string_view value) {
  out.key(name);
  out.string(value);
}

void write_handshake(JsonWriter& out, const RequestInfo& request, std::int64_t since) {
  out.key("handshake");
  out.begin_object();
  std::string_view address = request.header("cf-connecting-ip");
  if (address.empty()) address = request.header("x-forwarded-for");
  write_member(out, "address", address.empty() ? std::string_view(request.address) : address);
  out.key("headers");
  out.begin_object();
  std::set<std::string, std::less<>> written;  // a name that comes twice is shown once
  for (const auto& [name, value] : request.headers) {
    const auto [lower, first] = written.insert(lower_case(name));
    if (first) write_member(out, *lower, value);
  }
  out.end_object();
  out.key("query");
  out.begin_object();
  written.clear();
  const http::Query query = http::Query::parse(request.query);
  for (const auto& [name, value] : query.all()) {
    if (written.insert(name).second) write_member(out, name, value);
  }
  out.end_object();
  out.key("issued");
  out.integer(since);
  out.key("secure");
  out.boolean(request.secure);
  write_member(out, "time", iso_time(since));
  write_member(out, "url", request.path + "?" + request.query);
  out.key("xdomain");
  out.boolean(!request.header("origin").empty());
  out.end_object();
}

}  // namespace

// ---- one by one

void AdminUi::watch(NamespaceState& nsp) {
  if (options_.detail != AdminOptions::Detail::everything) return;
  // Of one made by a pattern, each socket says the name.
  const auto tell_of = [this](Socket& socket, std::string_view event, const auto&... values) {
    if (!heard()) return;
    tell(Told(event).add(socket.nsp().name(), values..., iso_time(now_ms())).finish());
  };
  Handlers& handlers = nsp.change_handlers();
  // Ahead of the user's own, whose joins and emits come behind.
  handlers.on_connect.insert(handlers.on_connect.begin(), [this](Socket& socket) {
    const std::int64_t now = now_ms();
    {
      const std::lock_guard lock(mutex_);
      since_.insert_or_assign(socket.id(), now);
    }
    if (!heard()) return;
    const std::string described = describe(SocketState::of(socket));
    tell(Told("socket_connected").add(JsonView{described}, iso_time(now)).finish());
  });
  handlers.on_disconnect.push_back([this, tell_of](Socket& socket, std::string_view reason) {
    {
      const std::lock_guard lock(mutex_);
      since_.erase(socket.id());
    }
    tell_of(socket, "room_left", socket.id(), socket.id());  // its own
    tell_of(socket, "socket_disconnected", socket.id(), reason);
  });
  handlers.on_join_room.push_back([tell_of](Socket& socket, std::string_view room) {
    tell_of(socket, "room_joined", room, socket.id());
  });
  handlers.on_leave_room.push_back([tell_of](Socket& socket, std::string_view room) {
    tell_of(socket, "room_left", room, socket.id());
  });
  handlers.on_upgrade.push_back([this](Socket& socket) {
    if (!heard()) return;
    Told told("socket_updated");
    told.out.begin_object();
    write_member(told.out, "id", socket.id());
    write_member(told.out, "nsp", socket.nsp().name());
    write_member(told.out, "transport", socket.transport());
    told.out.end_object();
    tell(told.finish());
  });
  if (&nsp == nsp_.get()) return;  // pages would hear of what they are told
  handlers.on_any.push_back(
      [this](Socket& socket, std::string_view event, const Arguments& arguments) {
        tell_event("event_received", socket, event, arguments);
      });
  handlers.on_any_outgoing.push_back(
      [this](Socket& socket, std::string_view event, const Arguments& arguments) {
        tell_event("event_sent", socket, event, arguments);
      });
}

void AdminUi::tell_event(std::string_view name, Socket& socket, std::string_view event,
                         const Arguments& arguments) {
  if (!heard()) return;
  Told told(name);
  told.add(socket.nsp().name(), socket.id());
  told.out.begin_array();
  told.out.string(event);
  for (std::size_t i = 0; i < arguments.size(); ++i) told.out.view(arguments[i]);
  told.out.end_array();
  told.add(iso_time(now_ms()));
  tell(told.finish(), std::move(told.attachments()));
}

std::string AdminUi::describe(SocketState& socket) {
  std::int64_t since = now_ms();
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = since_.find(socket.id); found != since_.end()) since = found->second;
  }
  const std::string data = socket.data_json();
  std::string json;
  std::vector<std::string> none;
  JsonWriter out(json, none);
  out.begin_object();
  write_member(out, "id", socket.id);
  write_member(out, "clientId", socket.session.engine().sid().substr(0, kClientId));
  write_member(out, "transport", socket.face().transport());
  write_member(out, "nsp", socket.nsp.name());
  out.key("data");
  out.raw(data == "null" ? "{}" : data);
  write_handshake(out, socket.session.engine().request().unpack(), since);
  out.key("rooms");
  json_write(out, socket.face().rooms());
  out.end_object();
  return json;
}

// With no page here there may be one elsewhere.
bool AdminUi::heard() const {
  return nsp_->members.load() != 0 ||
         dynamic_cast<const hub::NoAdapter*>(&nsp_->adapter()) == nullptr;
}

// Droppable: a page that is slow misses some, and recovery keeps none of it.
void AdminUi::tell(std::string json, std::vector<std::string> attachments) {
  const hub::Audience everybody{.delivery = hub::Delivery::droppable};
  const hub::Flags flags{.droppable = true};
  hub::Event event{std::move(json), std::move(attachments)};
  nsp_->adapter().broadcast(event, everybody, flags, nullptr);
  nsp_->broadcast_here(std::move(event), everybody, flags, nullptr);
}

// ---- in sums

void AdminUi::start() {
  Worker& first = *server_.state().workers.front();
  first.loop.post([this, &first] {
    started_ = told_ = first.loop.now();
    tick(started_);
  });
}

void AdminUi::tick(Instant now) {
  collect();
  if (now - told_ >= options_.stats_interval || now == started_) {
    told_ = now;
    if (heard()) tell_stats();
    sums_.clear();
  }
  ticker_.arm(server_.state().workers.front()->loop.timers(), now + kSecond);
}

void AdminUi::collect() {
  const std::int64_t second = now_ms() / 1000 * 1000;
  const auto total = [this](Counter EngineCounters::* counter) {
    std::uint64_t sum = 0;
    for (const auto& each : counters_) sum += ((*each).*counter).value();
    return sum;
  };
  add_sum("rawConnection", total(&EngineCounters::opened), second);
  add_sum("packetsIn", total(&EngineCounters::packets_in), second);
  add_sum("packetsOut", total(&EngineCounters::packets_out), second);
  add_sum("bytesIn", total(&EngineCounters::bytes_in), second);
  add_sum("bytesOut", total(&EngineCounters::bytes_out), second);
  for (const auto& each : counters_) {
    for (const auto& [reason, count] : each->take_ends()) {
      sums_.push_back({second, "rawDisconnection", reason, count});
    }
  }
}

// What a counter has grown by.
void AdminUi::add_sum(std::string_view type, std::uint64_t total, std::int64_t timestamp) {
  const auto found = seen_.try_emplace(std::string(type), 0).first;
  const std::uint64_t count = total - std::exchange(found->second, total);
  if (count != 0) sums_.push_back({timestamp, std::string(type), {}, count});
}

void AdminUi::tell_stats() {
  std::uint64_t clients = 0;
  std::uint64_t polling = 0;
  for (const auto& each : counters_) {  // they go on: what ends is read first
    const std::uint64_t closed = each->closed.value();
    const std::uint64_t polling_over = each->polling_over.value();
    clients += each->opened.value() - closed;
    polling += each->polling_begun.value() - polling_over;
  }
  Told told("server_stats");
  JsonWriter& out = told.out;
  out.begin_object();
  const std::string host = host_name();
  write_member(out, "serverId", options_.server_id.empty() ? host : options_.server_id);
  write_member(out, "hostname", host);
  out.key("pid");
  out.integer(::getpid());
  out.key("uptime");
  out.number(std::chrono::duration<double>(told_ - started_).count());
  out.key("clientsCount");
  out.unsigned_integer(clients);
  out.key("pollingClientsCount");
  out.unsigned_integer(polling);
  out.key("aggregatedEvents");
  out.begin_array();
  for (const Sum& sum : sums_) {
    out.begin_object();
    out.key("timestamp");
    out.integer(sum.timestamp);
    write_member(out, "type", sum.type);
    if (!sum.sub_type.empty()) write_member(out, "subType", sum.sub_type);
    out.key("count");
    out.unsigned_integer(sum.count);
    out.end_object();
  }
  out.end_array();
  out.key("namespaces");
  out.begin_array();
  for (const auto& nsp : server_.namespaces()) {
    out.begin_object();
    write_member(out, "name", nsp->name());
    out.key("socketsCount");
    out.unsigned_integer(nsp->members.load());
    out.end_object();
  }
  out.end_array();
  out.end_object();
  tell(told.finish());
}

}  // namespace naru::server
