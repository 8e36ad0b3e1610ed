#include "server/recovery.hpp"

#include "engineio/handshake.hpp"
#include "server/worker.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naru::server {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
constexpr std::size_t kEpochSize = 4;
constexpr std::size_t kClosedStays = 64;  // of one socket: rooms left whose last events may be lost
constexpr std::size_t kOffsetSize = 20;   // bytes, with its comma and quotes

Instant now_of(const Worker* here) {
  return here != nullptr ? here->loop.now() : std::chrono::steady_clock::now();
}

bool is_for(const Recovery::Entry& entry, std::string_view sid, const Resumable& who) {
  const auto includes = [&](const std::string& topic) {
    return topic == sid || who.was_in(topic, entry.number);
  };
  const hub::Audience& audience = entry.audience;
  if (!audience.topics.empty() &&
      std::none_of(audience.topics.begin(), audience.topics.end(), includes)) {
    return false;
  }
  return std::none_of(audience.except.begin(), audience.except.end(), includes);
}

}  // namespace

// ---- stays

void Resumable::join(std::string_view room, LogNumber now) {
  const bool there = std::any_of(stays.begin(), stays.end(), [&](const Stay& stay) {
    return stay.to == kOpenEnd && stay.room == room;
  });
  if (!there) stays.push_back({std::string(room), now, kOpenEnd});
}

void Resumable::leave(std::string_view room, LogNumber now, LogNumber oldest) {
  const LogNumber needed = std::max(start + 1, oldest);
  std::erase_if(stays, [&](const Stay& stay) { return stay.to < needed; });
  for (Stay& stay : stays) {
    if (stay.to == kOpenEnd && stay.room == room) stay.to = now;
  }
  const auto closed = [](const Stay& stay) { return stay.to != kOpenEnd; };
  if (std::count_if(stays.begin(), stays.end(), closed) > std::ptrdiff_t{kClosedStays}) {
    stays.erase(std::find_if(stays.begin(), stays.end(), closed));
  }
}

bool Resumable::was_in(std::string_view room, LogNumber at) const {
  return std::any_of(stays.begin(), stays.end(), [&](const Stay& stay) {
    return stay.from < at && at <= stay.to && stay.room == room;
  });
}

// ---- the log

Recovery::Recovery(const RecoveryOptions& options, Duration keep, unsigned loops, Random& random)
    : options_(options),
      keep_(keep),
      epoch_(engineio::make_sid(0, random).substr(2, kEpochSize)),
      seen_(loops),
      woken_(loops) {}

LogNumber Recovery::append(std::shared_ptr<EventPublication> event, hub::Audience audience,
                           std::optional<unsigned> only, const Worker* here, const Wake& wake) {
  EventPublication& placed = *event;
  const bool kept = audience.delivery == hub::Delivery::reliable && !event->ack;
  const std::size_t bytes = placed.bytes() + kOffsetSize + sizeof(Entry);
  return add({.event = std::move(event),
              .audience = std::move(audience),
              .only = only,
              .bytes = bytes,
              .kept = kept},
             now_of(here), &placed, here, wake);
}

void Recovery::append(std::function<void(unsigned loop)> task, const Worker* here,
                      const Wake& wake) {
  add({.task = std::move(task)}, now_of(here), nullptr, here, wake);
}

LogNumber Recovery::add(Entry entry, Instant now, EventPublication* event, const Worker* here,
                        const Wake& wake) {
  auto shared = std::make_shared<Entry>(std::move(entry));
  std::vector<unsigned> sleeping;
  LogNumber number = 0;
  Gone gone;
  {
    const std::lock_guard lock(mutex_);
    shared->number = number = ++end_;
    if (event != nullptr) {
      // A client takes any text at the end for an offset: let it be one. Behind an acknowledgement
      // it looks for none.
      const bool shown = shared->kept || (!event->ack && event->ends_with_text());
      event->place(end_, shown ? offset_of(end_) : std::string());
    }
    bytes_ += shared->bytes;
    for (unsigned loop = 0; loop < seen_.size(); ++loop) {
      if ((shared->only && *shared->only != loop) || woken_[loop]) continue;
      if (here != nullptr && here->index() == loop) continue;
      woken_[loop] = true;
      sleeping.push_back(loop);
    }
    log_.push_back({now, std::move(shared)});
    latest_ = now;
    trim(now, gone);
  }
  for (const unsigned loop : sleeping) wake(loop);
  return number;
}

std::shared_ptr<const Recovery::Entry> Recovery::next(unsigned loop) {
  Gone gone;
  const std::lock_guard lock(mutex_);
  LogNumber& seen = seen_[loop];
  while (seen < end_) {
    ++seen;
    const std::shared_ptr<const Entry>& entry =
        log_[static_cast<std::size_t>(seen - (end_ - log_.size()) - 1)].entry;
    if (!entry->only || *entry->only == loop) return entry;
  }
  woken_[loop] = false;
  const bool over = bytes_ > options_.log_bytes || log_.size() > options_.log_packets;
  // A task that is done must not wait for the next entry: it may hold what the user thinks gone.
  if (over || cleared_ < *std::min_element(seen_.begin(), seen_.end())) trim(latest_, gone);
  return nullptr;
}

// What some loop has still to deliver stays, whatever the limits.
void Recovery::trim(Instant now, Gone& gone) {
  const LogNumber seen_by_all = *std::min_element(seen_.begin(), seen_.end());
  LogNumber first = end_ - log_.size() + 1;
  for (cleared_ = std::max(cleared_, first - 1); cleared_ < seen_by_all; ++cleared_) {
    std::shared_ptr<const Entry>& entry =
        log_[static_cast<std::size_t>(cleared_ + 1 - first)].entry;
    if (entry->kept) continue;
    bytes_ -= entry->bytes;
    gone.push_back(std::move(entry));
  }
  while (!log_.empty() && first <= seen_by_all) {
    const Slot& oldest = log_.front();
    if (bytes_ <= options_.log_bytes && log_.size() <= options_.log_packets &&
        oldest.at + keep_ >= now) {
      break;
    }
    if (oldest.entry) {
      bytes_ -= oldest.entry->bytes;
      gone.push_back(oldest.entry);
    }
    log_.pop_front();
    ++first;
  }
  oldest_.store(first, std::memory_order_relaxed);
}

std::string Recovery::offset_of(LogNumber number) const {
  std::array<char, 11> digits{};
  std::size_t at = digits.size();
  do {
    digits[--at] = kDigits[number & 63U];
    number >>= 6U;
  } while (number != 0);
  return epoch_ + std::string(digits.data() + at, digits.size() - at);
}

std::optional<LogNumber> Recovery::parse_offset(std::string_view offset) const {
  if (!offset.starts_with(epoch_)) return std::nullopt;
  offset.remove_prefix(epoch_.size());
  if (offset.empty() || offset.size() > 10) return std::nullopt;
  LogNumber number = 0;
  for (const char c : offset) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 6U | digit;
  }
  return number;
}

// ---- the sessions

Recovery::Claim Recovery::claim(const std::string& pid, std::optional<std::string_view> offset,
                                std::uint64_t ticket, unsigned loop, Instant now) {
  AwaySession away;  // what it holds of the user's goes without the lock
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(pid);
  if (found == sessions_.end()) return {};
  Session& session = found->second;
  if (ticket < session.ticket) return {.outcome = Claim::Outcome::superseded};
  session.ticket = ticket;
  if (!session.away) {
    return {.outcome = Claim::Outcome::live, .loop = session.loop, .sid = session.sid};
  }
  away = std::move(*session.away);
  session.away.reset();
  --away_count_;
  const bool in_time = now - session.since <= options_.max_disconnection_duration;
  // Without an offset the client has seen nothing of this session; with an older one, of another.
  const std::optional<LogNumber> seen = offset ? parse_offset(*offset) : LogNumber{0};
  if (!in_time || !seen || *seen > end_ ||
      std::max(*seen, away.resumable.start) + 1 < end_ - log_.size() + 1) {
    sessions_.erase(found);
    return {};
  }
  away.resumable.start = std::max(*seen, away.resumable.start);
  away.resumable.ticket = ticket;
  away.resumable.resumed = true;
  session.loop = loop;
  return {.outcome = Claim::Outcome::taken, .session = std::move(away)};
}

std::optional<Recovery::Missed> Recovery::missed(std::string_view sid, Resumable& resumable) {
  const std::lock_guard lock(mutex_);
  const LogNumber first = end_ - log_.size() + 1;
  if (resumable.start + 1 < first) return std::nullopt;
  Missed missed;
  for (LogNumber number = resumable.start + 1; number <= end_; ++number) {
    const auto& entry = log_[static_cast<std::size_t>(number - first)].entry;
    if (entry && entry->kept && is_for(*entry, sid, resumable)) missed.push_back(entry->event);
  }
  resumable.skip_until = end_;
  return missed;
}

void Recovery::add_live(const Resumable& resumable, const std::string& sid, unsigned loop) {
  const std::lock_guard lock(mutex_);
  Session& session = sessions_[resumable.pid];
  session.loop = loop;
  session.sid = sid;
}

void Recovery::park(AwaySession away, Instant now) {
  Dropped dropped;
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(away.resumable.pid);
  if (found == sessions_.end()) return;
  away_.emplace_back(now, away.resumable.pid);
  found->second.since = now;
  found->second.away = std::make_unique<AwaySession>(std::move(away));
  ++away_count_;
  expire(now, dropped);
}

void Recovery::forget(const Resumable& resumable) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(resumable.pid);
}

void Recovery::expire(Instant now, Dropped& dropped) {
  while (!away_.empty()) {
    const auto& [since, pid] = away_.front();
    const auto found = sessions_.find(pid);
    // Another stay away of the same session has a place further back.
    const bool stands =
        found != sessions_.end() && found->second.away && found->second.since == since;
    if (stands && away_count_ <= options_.sessions &&
        now - since <= options_.max_disconnection_duration) {
      return;
    }
    if (stands) {
      dropped.push_back(std::move(found->second.away));
      sessions_.erase(found);
      --away_count_;
    }
    away_.pop_front();
  }
}

bool Recovery::sweep(Instant now) {
  Gone gone;
  Dropped dropped;
  const std::lock_guard lock(mutex_);
  trim(now, gone);
  expire(now, dropped);
  return away_count_ != 0;
}

Recovery::Size Recovery::size() const {
  const std::lock_guard lock(mutex_);
  return {.entries = log_.size(), .bytes = bytes_, .away = away_count_};
}

}  // namespace naru::server
