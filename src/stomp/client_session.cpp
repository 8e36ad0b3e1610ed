#include "stomp/client_session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace naru::stomp {
namespace {

// What a frame of ours says by itself; an application's header of that name is left out, since of
// two the first would count.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 11> names{
      "destination", "content-length", "receipt", "transaction",    "id",        "ack",
      "login",       "passcode",       "host",    "accept-version", "heart-beat"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::uint64_t parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

void add_headers(FrameWriter& writer, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!is_ours(name)) writer.header(name, value);
  }
}

void add_common(FrameWriter& writer, std::string_view transaction, std::uint64_t receipt) {
  if (!transaction.empty()) writer.header("transaction", transaction);
  if (receipt != 0) writer.header("receipt", std::to_string(receipt));
}

std::string_view to_text(AckMode mode) {
  switch (mode) {
    case AckMode::automatic:
      return "auto";
    case AckMode::client:
      return "client";
    case AckMode::client_individual:
      break;
  }
  return "client-individual";
}

}  // namespace

std::string ClientSession::open(Instant now) {
  version_ = Version::v10;
  connected_ = false;
  heartbeat_ = {};
  receipts_.clear();
  connect_by_ = now + options_->connect_timeout;
  std::string out;
  FrameWriter writer(Command::connect, version_, out);
  writer.header("accept-version", "1.0,1.1,1.2");
  if (!options_->host.empty()) writer.header("host", options_->host);
  if (!options_->login.empty()) writer.header("login", options_->login);
  if (!options_->passcode.empty()) writer.header("passcode", options_->passcode);
  writer.header("heart-beat", stomp::to_text(options_->heartbeat));
  add_headers(writer, options_->headers);
  writer.end();
  return out;
}

Result<ClientSession::Event> ClientSession::receive(const Frame& frame, Instant now) {
  if (frame.command == Command::error) return Event{What::error};
  if (!connected_) {
    if (frame.command != Command::connected) {
      return Error{Errc::protocol_error, "a frame before CONNECTED"};
    }
    NARU_CHECK(accept(frame, now));
    return Event{What::connected};
  }
  if (frame.command == Command::message) {
    const std::uint64_t subscription = subscription_of(frame);
    // One that crossed with our UNSUBSCRIBE is nobody's.
    return subscription == 0 ? Event{} : Event{What::message, subscription};
  }
  if (frame.command == Command::receipt) {
    const std::uint64_t number = parse_number(frame.header("receipt-id"));
    // One that came too late has been told of.
    return receipts_.erase(number) == 0 ? Event{} : Event{What::receipt, number};
  }
  return Error{Errc::protocol_error, "no frame of a server, or not now"};
}

// Without a version the server speaks 1.0; without "heart-beat" it has none.
Result<void> ClientSession::accept(const Frame& frame, Instant now) {
  const std::string_view version = frame.find("version").value_or("1.0");
  const std::array<Version, 3> ours{Version::v10, Version::v11, Version::v12};
  const auto chosen = std::find_if(ours.begin(), ours.end(), [version](Version each) {
    return stomp::to_text(each) == version;
  });
  if (chosen == ours.end()) return Error{Errc::unsupported, "a version that was not offered"};
  HeartbeatOffer theirs;
  if (const auto beats = frame.find("heart-beat")) {
    NARU_TRY(theirs, parse_heartbeat(*beats));
  }
  version_ = *chosen;
  heartbeat_ = Heartbeat(options_->heartbeat, theirs, now);
  connected_ = true;
  connect_by_ = kNever;
  return {};
}

// Brokers of 1.0 may leave "subscription" out.
std::uint64_t ClientSession::subscription_of(const Frame& frame) const {
  if (const auto id = frame.find("subscription")) {
    const std::uint64_t number = parse_number(*id);
    return subscriptions_.contains(number) ? number : 0;
  }
  for (const auto& [number, wish] : subscriptions_) {
    if (version_ == Version::v10 && wish.destination == frame.header("destination")) return number;
  }
  return 0;
}

Result<std::uint64_t> ClientSession::expect_receipt(Instant now) {
  if (receipts_.size() >= options_->receipts) return Error{Errc::too_many, "too many receipts due"};
  receipts_.emplace(next_receipt_, now + options_->receipt_timeout);
  return next_receipt_++;
}

std::vector<std::uint64_t> ClientSession::close() {
  std::vector<std::uint64_t> lost;
  for (const auto& [number, deadline] : receipts_) lost.push_back(number);
  receipts_.clear();
  connected_ = false;
  connect_by_ = kNever;
  heartbeat_ = {};
  return lost;
}

std::uint64_t ClientSession::remember(std::string_view destination, AckMode ack, Headers headers) {
  subscriptions_.emplace(next_subscription_,
                         Wish{std::string(destination), ack, std::move(headers)});
  return next_subscription_++;
}

std::string ClientSession::subscriptions() const {
  std::string out;
  for (const auto& [number, wish] : subscriptions_) out += subscribe(number);
  return out;
}

std::string ClientSession::subscribe(std::uint64_t subscription, std::uint64_t receipt) const {
  std::string out;
  const auto found = subscriptions_.find(subscription);
  if (found == subscriptions_.end()) return out;
  const Wish& wish = found->second;
  FrameWriter writer(Command::subscribe, version_, out);
  writer.header("id", std::to_string(subscription)).header("destination", wish.destination);
  // 1.0 has no third mode: the nearest that loses nothing.
  const bool individual = wish.ack == AckMode::client_individual;
  writer.header("ack",
                to_text(individual && version_ == Version::v10 ? AckMode::client : wish.ack));
  add_common(writer, {}, receipt);
  add_headers(writer, wish.headers);
  writer.end();
  return out;
}

std::string ClientSession::unsubscribe(std::uint64_t subscription, std::uint64_t receipt) const {
  std::string out;
  FrameWriter writer(Command::unsubscribe, version_, out);
  writer.header("id", std::to_string(subscription));
  add_common(writer, {}, receipt);
  writer.end();
  return out;
}

std::string ClientSession::send(std::string_view destination, std::string_view body,
                                const Headers& headers, std::string_view transaction,
                                std::uint64_t receipt) const {
  std::string out;
  FrameWriter writer(Command::send, version_, out);
  writer.header("destination", destination);
  add_common(writer, transaction, receipt);
  add_headers(writer, headers);
  writer.body(body);
  return out;
}

Result<std::string> ClientSession::settle(Command ack_or_nack, const Delivery& delivery,
                                          std::string_view transaction,
                                          std::uint64_t receipt) const {
  if (ack_or_nack == Command::nack && version_ == Version::v10) {
    return Error{Errc::unsupported, "STOMP 1.0 has no NACK"};
  }
  std::string out;
  FrameWriter writer(ack_or_nack, version_, out);
  if (version_ == Version::v12) {
    writer.header("id", delivery.ack);
  } else {
    writer.header("message-id", delivery.message_id);
    if (version_ == Version::v11) writer.header("subscription", delivery.subscription);
  }
  add_common(writer, transaction, receipt);
  writer.end();
  return out;
}

std::string ClientSession::transaction(Command begin_commit_or_abort, std::string_view name,
                                       std::uint64_t receipt) const {
  std::string out;
  FrameWriter writer(begin_commit_or_abort, version_, out);
  add_common(writer, name, receipt);
  writer.end();
  return out;
}

std::string ClientSession::disconnect(std::uint64_t receipt) const {
  std::string out;
  FrameWriter writer(Command::disconnect, version_, out);
  add_common(writer, {}, receipt);
  writer.end();
  return out;
}

Instant ClientSession::deadline() const {
  const Instant receipt = receipts_.empty() ? kNever : receipts_.begin()->second;
  return std::min({connect_by_, heartbeat_.deadline(), receipt});
}

ClientSession::Due ClientSession::on_deadline(Instant now) {
  Due due;
  const Heartbeat::Due beat = heartbeat_.on_deadline(now);
  due.send_beat = beat == Heartbeat::Due::send_beat;
  due.dead = beat == Heartbeat::Due::peer_dead || now >= connect_by_;
  while (!receipts_.empty() && receipts_.begin()->second <= now) {
    due.receipts.push_back(receipts_.begin()->first);
    receipts_.erase(receipts_.begin());
  }
  return due;
}

}  // namespace naru::stomp
