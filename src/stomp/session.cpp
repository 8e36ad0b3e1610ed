#include "stomp/session.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace naru::stomp {
namespace {

Error protocol(std::string_view text) {
  return {Errc::protocol_error, text};
}

std::optional<AckMode> parse_ack_mode(const Frame& frame) {
  const std::string_view text = frame.find("ack").value_or("auto");
  if (text == "auto") return AckMode::automatic;
  if (text == "client") return AckMode::client;
  if (text == "client-individual") return AckMode::client_individual;
  return std::nullopt;
}

// "3-17": the subscription's handle, and the message's number.
bool parse_message_id(std::string_view text, std::uint32_t& handle, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, handle);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, number);
  return second.ec == std::errc() && second.ptr == end;
}

}  // namespace

Result<Session::Request> Session::receive(const Frame& frame) {
  Request request;
  if (frame.command != Command::send && !frame.body.empty()) {
    return protocol("no body is allowed here");
  }
  if (phase_ != Phase::connected) {
    NARU_CHECK(open(frame));
    request.asks = Asks::login;
    return request;
  }
  switch (frame.command) {
    case Command::send:
      if (frame.header("destination").empty()) return protocol("missing header: destination");
      if (frame.find("transaction")) {
        NARU_CHECK(keep(frame));
      } else {
        request.asks = Asks::send;
      }
      return request;
    case Command::subscribe: {
      NARU_TRY(request.subscription, subscribe(frame));
      request.asks = Asks::subscribe;
      return request;
    }
    case Command::unsubscribe: {
      NARU_TRY(request.ended, unsubscribe(frame));
      request.asks = Asks::unsubscribe;
      return request;
    }
    case Command::nack:
      if (version_ == Version::v10) return protocol("unknown command");
      [[fallthrough]];
    case Command::ack:
      if (frame.find("transaction")) {
        NARU_CHECK(keep(frame));
      } else {
        NARU_TRY(request.settlement, settle(frame));
        request.asks = Asks::settle;
      }
      return request;
    case Command::begin: {
      const std::string_view name = frame.header("transaction");
      if (name.empty()) return protocol("missing header: transaction");
      if (transactions_.contains(name)) return protocol("transaction exists already");
      if (transactions_.size() >= options_->transactions) {
        return Error{Errc::too_many, "too many transactions"};
      }
      transactions_.emplace(name, Transaction());
      return request;
    }
    case Command::commit:
    case Command::abort: {
      NARU_TRY(Transaction* const transaction, find_transaction(frame));
      for (const OwnedFrame& each : *transaction) transaction_bytes_ -= each.bytes();
      if (frame.command == Command::commit) {
        request.asks = Asks::commit;
        request.committed = std::move(*transaction);
      }
      transactions_.erase(transactions_.find(frame.header("transaction")));
      return request;
    }
    case Command::disconnect:
      phase_ = Phase::closing;
      request.asks = Asks::disconnect;
      return request;
    case Command::connect:
    case Command::stomp:
      return protocol("connected already");
    default:
      return protocol("unknown command");
  }
}

// CVE-2023-32081, CVE-2025-41254: nothing before a login that was accepted.
Result<void> Session::open(const Frame& frame) {
  if (phase_ != Phase::opening || !is_opening(frame.command) ||
      frame.command == Command::connected) {
    return protocol("not connected");
  }
  const std::vector<Version> versions = offered_versions(frame);
  if (versions.empty()) return Error{Errc::unsupported, "no common version"};
  if (const auto offer = frame.find("heart-beat")) {
    NARU_TRY(peer_heartbeat_, parse_heartbeat(*offer));
  }
  version_ = versions.back();
  phase_ = Phase::login;
  return {};
}

std::string Session::accept(std::string_view session_id, std::string_view user, Instant now) {
  phase_ = Phase::connected;
  heartbeat_ = Heartbeat(options_->heartbeat, peer_heartbeat_, now);
  return connected_frame({.version = version_,
                          .heartbeat = options_->heartbeat,
                          .session = session_id,
                          .server = options_->server,
                          .user = user});
}

std::string Session::receipt(std::string_view id, const Headers& more) const {
  std::string out;
  FrameWriter writer(Command::receipt, version_, out);
  writer.header("receipt-id", id);
  for (const auto& [name, value] : more) writer.header(name, value);
  writer.end();
  return out;
}

std::string Session::error(const Error& error, const Frame* frame) const {
  return error_frame(error, version_, frame);
}

Result<Subscription*> Session::subscribe(const Frame& frame) {
  const std::string_view destination = frame.header("destination");
  const std::string_view id = frame.header("id");
  if (destination.empty()) return protocol("missing header: destination");
  if (id.empty() && version_ != Version::v10) return protocol("missing header: id");
  if (find(id, destination) != nullptr) return protocol("subscription exists already");
  const auto ack = parse_ack_mode(frame);
  if (!ack) return protocol("unknown ack mode");
  return add(id, destination, *ack);
}

Result<Subscription*> Session::add(std::string_view id, std::string_view destination, AckMode ack) {
  if (subscriptions_.size() >= options_->subscriptions) {
    return Error{Errc::too_many, "too many subscriptions"};
  }
  auto made = std::make_unique<Subscription>();
  made->handle = next_handle_++;
  made->id = id;
  made->destination = destination;
  made->ack = ack;
  made->head = "MESSAGE\n";
  if (!id.empty()) append_header("subscription", id, version_, made->head);
  Subscription* const added = made.get();
  subscriptions_.emplace(added->handle, std::move(made));
  return added;
}

Result<std::unique_ptr<Subscription>> Session::unsubscribe(const Frame& frame) {
  const std::string_view id = frame.header("id");
  const std::string_view destination = frame.header("destination");
  if (id.empty() && (version_ != Version::v10 || destination.empty())) {
    return protocol("missing header: id");
  }
  Subscription* const found = find(id, destination);
  if (found == nullptr) return protocol("no such subscription");
  unacknowledged_ -= found->unacknowledged.size();
  auto node = subscriptions_.extract(found->handle);
  return std::move(node.mapped());
}

Subscription* Session::find(std::string_view id, std::string_view destination) const {
  for (const auto& [handle, each] : subscriptions_) {
    if (each->id == id && (!id.empty() || each->destination == destination)) return each.get();
  }
  return nullptr;
}

Subscription* Session::find(std::uint32_t handle) const {
  const auto found = subscriptions_.find(handle);
  return found == subscriptions_.end() ? nullptr : found->second.get();
}

void Session::append_head(Subscription& subscription, std::uint64_t tag, std::string& out) {
  const std::uint64_t number = next_number_++;
  const std::string id = std::to_string(subscription.handle) + '-' + std::to_string(number);
  out.append(subscription.head).append("message-id:").append(id) += '\n';
  if (subscription.ack == AckMode::automatic) return;
  if (version_ == Version::v12) out.append("ack:").append(id) += '\n';
  subscription.unacknowledged.emplace_hint(subscription.unacknowledged.end(), number, tag);
  ++unacknowledged_;
}

// Headers of the other versions' kind may be there too, and mean nothing.
Subscription* Session::find_acknowledged(const Frame& frame, std::uint64_t& number) const {
  std::uint32_t handle = 0;
  const std::string_view name = version_ == Version::v12 ? "id" : "message-id";
  if (!parse_message_id(frame.header(name), handle, number)) return nullptr;
  Subscription* const found = find(handle);
  if (found == nullptr || !found->unacknowledged.contains(number)) return nullptr;
  if (version_ == Version::v11 && frame.header("subscription") != found->id) return nullptr;
  return found;
}

Result<Settlement> Session::settle(const Frame& frame) {
  std::uint64_t number = 0;
  Subscription* const subscription = find_acknowledged(frame, number);
  if (subscription == nullptr) return protocol("no such message to acknowledge");
  Settlement settlement{.subscription = subscription->handle,
                        .tags = {},
                        .accepted = frame.command == Command::ack,
                        .requeue = frame.header("requeue") != "false"};
  auto& waiting = subscription->unacknowledged;
  const auto last = waiting.find(number);
  const auto first = subscription->ack == AckMode::client ? waiting.begin() : last;
  for (auto each = first;; ++each) {
    settlement.tags.push_back(each->second);
    if (each == last) break;
  }
  waiting.erase(first, std::next(last));
  unacknowledged_ -= settlement.tags.size();
  return settlement;
}

Result<Transaction*> Session::find_transaction(const Frame& frame) {
  const std::string_view name = frame.header("transaction");
  if (name.empty()) return protocol("missing header: transaction");
  const auto found = transactions_.find(name);
  if (found == transactions_.end()) return protocol("no such transaction");
  return &found->second;
}

Result<void> Session::keep(const Frame& frame) {
  NARU_TRY(Transaction* const transaction, find_transaction(frame));
  std::uint64_t number = 0;
  if (frame.command != Command::send && find_acknowledged(frame, number) == nullptr) {
    return protocol("no such message to acknowledge");
  }
  OwnedFrame kept(frame);
  if (kept.bytes() > options_->transaction_bytes - transaction_bytes_) {
    return Error{Errc::message_too_big, "transactions too large"};
  }
  transaction_bytes_ += kept.bytes();
  transaction->push_back(std::move(kept));
  return {};
}

}  // namespace naru::stomp
