#include "hub/presence.hpp"

#include <algorithm>
#include <utility>

namespace naru::hub {

std::optional<Presence::Change> Presence::enter(Connection connection, Member member, Instant now) {
  if (connections_.size() >= limits_.connections) return std::nullopt;
  const auto [at, is_new] = clients_.try_emplace(member.client);
  Client& client = at->second;
  connections_.emplace(connection, at);
  if (++client.connections > 1) return std::nullopt;
  if (!is_new) {
    away_.erase(client.away);
    if (client.user == member.user && client.info == member.info) return std::nullopt;
    bytes_ -= client.user.size() + client.info.size();
    bytes_ += member.user.size() + member.info.size();
  } else {
    bytes_ += member.bytes();
  }
  client.user = member.user;
  client.info = member.info;
  return tell(Kind::join, std::move(member), now);
}

void Presence::leave(Connection connection, Instant now) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const auto client = found->second;
  connections_.erase(found);
  if (--client->second.connections > 0) return;
  client->second.away = away_.insert(away_.end(), {now + limits_.linger, client});
}

Instant Presence::deadline() const {
  const Instant next = away_.empty() ? kNever : away_.front().until;
  return count_due_ ? std::min(next, count_at_) : next;
}

std::vector<Presence::Change> Presence::on_deadline(Instant now) {
  std::vector<Change> changes;
  const auto add = [&](std::optional<Change> change) {
    if (change) changes.push_back(*std::move(change));
  };
  while (!away_.empty() && away_.front().until <= now) {
    const auto client = away_.front().client;
    away_.pop_front();
    Member gone = member_of(*client);
    bytes_ -= gone.bytes();
    clients_.erase(client);
    add(tell(Kind::leave, std::move(gone), now));
  }
  if (count_due_ && count_at_ <= now) add(tell(Kind::count, {}, now));
  return changes;
}

std::vector<Member> Presence::members() const {
  std::vector<Member> all;
  if (!listed_) return all;
  all.reserve(clients_.size());
  for (const auto& each : clients_) all.push_back(member_of(each));
  return all;
}

Member Presence::member_of(const Clients::value_type& client) {
  return {.client = client.first, .user = client.second.user, .info = client.second.info};
}

// What subscribers are told of a change: itself, or, while there are too many, a number now and
// then.
std::optional<Presence::Change> Presence::tell(Kind kind, Member member, Instant now) {
  if (listed_ && !too_many()) {
    return Change{.kind = kind, .member = std::move(member), .clients = clients_.size()};
  }
  if (!listed_ && few_again()) {
    listed_ = true;
    count_due_ = false;
    return Change{.kind = Kind::list, .clients = clients_.size()};
  }
  listed_ = false;
  count_due_ = now < count_at_;
  if (count_due_) return std::nullopt;
  count_at_ = now + limits_.count_interval;
  return Change{.kind = Kind::count, .clients = clients_.size()};
}

// Not at the limit itself: who comes and goes there would have all be listed each time.
bool Presence::few_again() const {
  return clients_.size() <= limits_.members - limits_.members / 10 &&
         bytes_ <= limits_.bytes - limits_.bytes / 10;
}

}  // namespace naru::hub
