#include "server/namespace_state.hpp"

#include "base/random.hpp"
#include "json/split.hpp"
#include "server/answer_collector.hpp"
#include "server/socket_state.hpp"
#include "server/socketio_server.hpp"
#include "server/socketio_session.hpp"
#include "server/state.hpp"

#include <iterator>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace naru::server {
namespace {

// Ids of questions to many: above those that a socket counts for itself.
constexpr std::uint64_t kFirstBroadcastAck = std::uint64_t{1} << 32U;

SendOutcome to_send_outcome(const hub::Outcome& outcome) {
  if (outcome.sent != 0) return SendOutcome::sent;
  if (outcome.blocked != 0) return SendOutcome::blocked;
  return outcome.dropped != 0 ? SendOutcome::dropped : SendOutcome::closed;
}

}  // namespace

void refuse_reserved(std::string_view event) {
  if (!socketio::is_reserved_event(event)) return;
  throw std::invalid_argument("naru: '" + std::string(event) + "' is a reserved event name");
}

NamespaceState::NamespaceState(SocketIoServer& given_server, std::string name, Kind given_kind,
                               std::shared_ptr<Handlers> handlers)
    : state(given_server.state()),
      server(given_server),
      options(given_server.options()),
      kind(given_kind),
      name_(std::move(name)),
      where_("nsp=" + log_safe(name_)),
      handlers_(std::move(handlers)),
      face_(*this),
      next_ack_(kFirstBroadcastAck),
      in_task_(state.workers.size()),
      adapter_(std::make_unique<hub::NoAdapter>()) {
  const auto loops = static_cast<unsigned>(state.workers.size());
  for (unsigned i = 0; i < loops; ++i) hubs_.push_back(std::make_unique<hub::Hub>());
  if (!options.recovery.enabled || kind == Kind::pattern) return;
  // What was sent to a client before its end was noticed may be missing as well.
  const Duration keep = options.recovery.max_disconnection_duration +
                        options.transport.ping_interval + options.transport.ping_timeout;
  SystemRandom random;
  recovery = std::make_unique<Recovery>(options.recovery, keep, loops, random);
}

NamespaceState::~NamespaceState() = default;

Handlers& NamespaceState::change_handlers() {
  if (state.started)
    throw std::logic_error("naru: handlers are registered before the server starts");
  return *handlers_;
}

hub::Hub& NamespaceState::hub_of(const Worker& worker) {
  return *hubs_[worker.index()];
}

Worker* NamespaceState::here() const {
  Worker* worker = Worker::current();
  return worker != nullptr && &worker->state() == &state ? worker : nullptr;
}

// ---- to everybody

Recovery::Wake NamespaceState::wake() {
  return [this](unsigned loop) {
    state.workers[loop]->loop.post([self = shared_from_this(), loop] { self->catch_up(loop); });
  };
}

hub::Outcome NamespaceState::catch_up_to(unsigned loop, LogNumber number) {
  hub::Outcome outcome;
  while (const std::shared_ptr<const Recovery::Entry> entry = recovery->next(loop)) {
    if (entry->task) {
      in_task_[loop] = 1;
      entry->task(loop);
      in_task_[loop] = 0;
      continue;
    }
    const hub::Outcome one = hubs_[loop]->publish(*entry->event, entry->audience);
    if (entry->event->answers) entry->event->answers->close();
    if (entry->number == number) outcome = one;
  }
  return outcome;
}

void NamespaceState::publish(std::shared_ptr<EventPublication> publication,
                             hub::Audience audience) {
  // Each loop closes its part of a question, and so does whoever asked.
  if (publication->answers) publication->answers->expect(hubs_.size());
  Worker* worker = here();
  if (recovery) {
    recovery->append(std::move(publication), std::move(audience), std::nullopt, worker, wake());
    if (worker != nullptr) catch_up(worker->index());
    return;
  }
  const auto to = std::make_shared<const hub::Audience>(std::move(audience));
  const auto post = [self = shared_from_this(), publication, to](unsigned loop) {
    hub::Posted posted{.publication = publication, .to = to, .bytes = publication->bytes()};
    if (publication->answers) {
      posted.on_outcome = [publication](const hub::Outcome&) { publication->answers->close(); };
    }
    self->state.workers[loop]->post(*self->hubs_[loop], std::move(posted), self);
  };
  for (unsigned loop = 0; loop < hubs_.size(); ++loop) {
    if (worker != nullptr && worker->index() == loop) {
      post(loop);
    } else {
      state.workers[loop]->loop.post([post, loop] { post(loop); });
    }
  }
}

SendOutcome NamespaceState::publish_to(SocketState& socket,
                                       std::shared_ptr<EventPublication> publication) {
  Worker& worker = socket.session.engine().worker();
  hub::Audience audience;
  audience.topics.push_back(socket.id);
  const LogNumber number = recovery->append(std::move(publication), std::move(audience),
                                            worker.index(), &worker, wake());
  if (in_task_[worker.index()] != 0) return SendOutcome::sent;
  return to_send_outcome(catch_up_to(worker.index(), number));
}

void NamespaceState::everywhere(std::function<void(unsigned loop)> task) {
  Worker* worker = here();
  if (recovery) {
    recovery->append(std::move(task), worker, wake());
    if (worker != nullptr) catch_up(worker->index());
    return;
  }
  for (unsigned loop = 0; loop < hubs_.size(); ++loop) {
    if (worker != nullptr && worker->index() == loop) {
      task(loop);
    } else {
      state.workers[loop]->loop.post([self = shared_from_this(), loop, task] { task(loop); });
    }
  }
}

void NamespaceState::each_on(unsigned loop, const hub::Audience& audience,
                             const std::function<void(SocketState&)>& task) {
  hub::Hub& hub = *hubs_[loop];
  std::vector<std::string> ids;  // a task may run handlers, and those end any socket
  for (hub::Subscriber* each : hub.select(audience)) {
    ids.push_back(static_cast<SocketState*>(each)->id);
  }
  for (const std::string& id : ids) {
    auto* found = static_cast<SocketState*>(hub.find(id));
    if (found != nullptr && found->connected) task(*found);
  }
}

// ---- hub::Node

void NamespaceState::broadcast_here(hub::Event event, const hub::Audience& audience,
                                    const hub::Flags& flags,
                                    std::shared_ptr<hub::Collector> answers) {
  auto publication = make_publication(std::move(event.json), std::move(event.attachments));
  publication->compress = flags.compress;
  if (answers) {
    publication->answers = std::move(answers);
    publication->ack = next_broadcast_ack();
    publication->ack_timeout = flags.timeout;
  }
  publish(std::move(publication), audience);
}

void NamespaceState::join_here(const hub::Audience& audience, std::vector<std::string> rooms) {
  everywhere([this, audience, rooms = std::move(rooms)](unsigned loop) {
    each_on(loop, audience, [&](SocketState& socket) {
      for (const std::string& room : rooms) socket.join(room);
    });
  });
}

void NamespaceState::leave_here(const hub::Audience& audience, std::vector<std::string> rooms) {
  everywhere([this, audience, rooms = std::move(rooms)](unsigned loop) {
    each_on(loop, audience, [&](SocketState& socket) {
      for (const std::string& room : rooms) socket.leave(room);
    });
  });
}

void NamespaceState::disconnect_here(const hub::Audience& audience, bool connection) {
  const auto what =
      connection ? Socket::Disconnect::connection : Socket::Disconnect::namespace_only;
  everywhere([this, audience, what](unsigned loop) {
    each_on(loop, audience, [&](SocketState& socket) { socket.session.disconnect(socket, what); });
  });
}

void NamespaceState::fetch_here(const hub::Audience& audience,
                                std::function<void(std::vector<hub::SocketSnapshot>)> done) {
  gather<hub::SocketSnapshot>(
      [this, audience](unsigned loop, std::vector<hub::SocketSnapshot>& all) {
        each_on(loop, audience, [&](SocketState& socket) { all.push_back(socket.snapshot()); });
      },
      std::move(done));
}

void NamespaceState::fetch_texts(std::function<std::string(SocketState&)> describe,
                                 std::function<void(std::vector<std::string>)> done) {
  gather<std::string>(
      [this, describe = std::move(describe)](unsigned loop, std::vector<std::string>& all) {
        each_on(loop, {}, [&](SocketState& socket) { all.push_back(describe(socket)); });
      },
      std::move(done));
}

void NamespaceState::receive_here(const hub::Event& event,
                                  std::function<void(std::string)> answer) {
  std::vector<std::string_view> values;
  if (!json::split_array(event.json, {}, values) || values.empty()) return;
  const Result<std::string> name = json_string({values.front()});
  if (!name) return;
  const auto found = handlers_->server_events.find(*name);
  if (found == handlers_->server_events.end()) return;
  const Arguments arguments{std::span(values).subspan(1), event.attachments};
  run_user_code(state, where_, [&] {
    found->second(arguments, [answer](std::string_view json) {
      if (answer) answer(std::string(json));
    });
  });
}

std::vector<RemoteSocket> NamespaceState::sockets_of(unsigned loop, const hub::Audience& audience) {
  std::vector<RemoteSocket> sockets;
  each_on(loop, audience, [&](SocketState& socket) {
    RemoteSocket remote(Broadcast(shared_from_this()).to(socket.id), socket.id);
    remote.rooms_ = socket.face().rooms();
    remote.request_ = socket.session.engine().request().unpack();
    remote.auth_ = socket.auth;
    remote.data_ = socket.data;
    remote.data_json_ = socket.data_json();
    sockets.push_back(std::move(remote));
  });
  return sockets;
}

void NamespaceState::fetch_sockets(const hub::Audience& audience, const hub::Flags& flags,
                                   std::function<void(std::vector<RemoteSocket>)> done) {
  gather<RemoteSocket>(
      [this, audience](unsigned loop, std::vector<RemoteSocket>& all) {
        all = sockets_of(loop, audience);
      },
      [self = shared_from_this(), audience, flags,
       done = std::move(done)](std::vector<RemoteSocket> here) {
        if (flags.local) return done(std::move(here));
        auto join = [self, done, here = std::move(here)](
                        const Result<std::vector<hub::SocketSnapshot>>& there) mutable {
          for (const hub::SocketSnapshot& each :
               there ? *there : std::vector<hub::SocketSnapshot>()) {
            RemoteSocket remote(Broadcast(self).to(each.id), each.id);
            remote.rooms_ = each.rooms;
            remote.data_json_ = each.data_json;
            here.push_back(std::move(remote));
          }
          done(std::move(here));
        };
        self->adapter_->fetch_sockets(audience, flags, std::move(join));
      });
}

// The parts arrive on any loop; the last one makes them whole.
template <class T>
void NamespaceState::gather(std::function<void(unsigned loop, std::vector<T>&)> gather,
                            std::function<void(std::vector<T>)> done) {
  struct Parts {
    std::mutex mutex;
    std::size_t missing;
    std::vector<T> all;
  };
  auto parts = std::make_shared<Parts>();
  parts->missing = hubs_.size();
  Worker& home = *state.workers[home_of_caller(*this)];
  everywhere([self = shared_from_this(), parts, gather = std::move(gather), done = std::move(done),
              &home](unsigned loop) {
    std::vector<T> part;
    gather(loop, part);
    const std::lock_guard lock(parts->mutex);
    std::move(part.begin(), part.end(), std::back_inserter(parts->all));
    if (--parts->missing != 0) return;
    home.loop.post([self, parts, done] {
      run_user_code(self->state, self->where(), [&] { done(std::move(parts->all)); });
    });
  });
}

template void NamespaceState::gather<RemoteSocket>(
    std::function<void(unsigned, std::vector<RemoteSocket>&)>,
    std::function<void(std::vector<RemoteSocket>)>);
template void NamespaceState::gather<Namespace::Room>(
    std::function<void(unsigned, std::vector<Namespace::Room>&)>,
    std::function<void(std::vector<Namespace::Room>)>);

}  // namespace naru::server
