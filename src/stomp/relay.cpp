#include "stomp/relay.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace naru::stomp {
namespace {

Error protocol(std::string_view text) {
  return {Errc::protocol_error, text};
}

// As the decoder takes it: padded, too.
bool is_length(std::string_view name) {
  const std::size_t first = std::min(name.find_first_not_of(' '), name.size());
  name.remove_prefix(first);
  name = name.substr(0, name.find_last_not_of(' ') + 1);
  return name == "content-length";
}

// With a length of its own where there was one, and wherever the body would end too early without:
// what comes behind its NUL would be another frame to the receiver. (Not everywhere: to some
// brokers a body with a length is binary.)
void append_frame(const Frame& frame, Version version, std::string& out, auto is_left_out) {
  out.append(to_text(frame.command)) += '\n';
  bool counted = frame.body.find('\0') != std::string_view::npos;
  for (const Header& header : frame.headers) {
    if (is_length(header.name)) {
      counted = true;
    } else if (!is_left_out(header)) {
      append_header(header.name, header.value, version, out);
    }
  }
  if (counted) out.append("content-length:").append(std::to_string(frame.body.size())) += '\n';
  (out += '\n').append(frame.body) += '\0';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool is_ambiguous(char c) {
  return c == ',' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

Result<Relay::Asks> Relay::receive(const Frame& frame) {
  if (phase_ == Phase::closing) return Asks::nothing;
  if (frame.command != Command::send && !frame.body.empty()) {
    return protocol("no body is allowed here");
  }
  if (phase_ != Phase::connected) {
    NARU_CHECK(open(frame));
    return Asks::login;
  }
  switch (frame.command) {
    case Command::send:
    case Command::subscribe:
      if (frame.header("destination").empty()) return protocol("missing header: destination");
      return Asks::forward;
    case Command::nack:
      if (version_ == Version::v10) return protocol("unknown command");
      return Asks::forward;
    case Command::unsubscribe:
    case Command::ack:
    case Command::begin:
    case Command::commit:
    case Command::abort:
      return Asks::forward;
    case Command::disconnect:
      phase_ = Phase::closing;
      last_receipt_ = frame.header("receipt");
      return Asks::disconnect;
    case Command::connect:
    case Command::stomp:
      return protocol("connected already");
    default:
      return protocol("unknown command");
  }
}

// CVE-2023-32081, CVE-2025-41254: nothing before a login that was accepted.
Result<void> Relay::open(const Frame& frame) {
  if (phase_ != Phase::opening || !is_opening(frame.command) ||
      frame.command == Command::connected) {
    return protocol("not connected");
  }
  offered_ = offered_versions(frame);
  if (offered_.empty()) return Error{Errc::unsupported, "no common version"};
  version_ = offered_.back();
  if (const auto offer = frame.find("heart-beat")) {
    NARU_TRY(client_offer_, parse_heartbeat(*offer));
  }
  phase_ = Phase::login;
  return {};
}

std::string Relay::connect(const Frame& login, Instant now) {
  phase_ = Phase::connecting;
  connect_by_ = now + options_->connect_timeout;
  std::string versions;
  for (const Version each : offered_) {
    if (!versions.empty()) versions += ',';
    versions += to_text(each);
  }
  const bool own = options_->login.empty();
  std::string out;
  FrameWriter writer(Command::connect, version_, out);
  writer.header("accept-version", versions);
  const auto say = [&writer](std::string_view name, std::string_view value) {
    if (!value.empty()) writer.header(name, value);
  };
  say("host", options_->virtual_host);
  say("login", own ? login.header("login") : options_->login);
  say("passcode", own ? login.header("passcode") : options_->passcode);
  say("heart-beat", to_text(options_->broker));
  for (const std::string& name : options_->connect_headers) say(name, login.header(name));
  writer.end();
  return out;
}

bool Relay::is_withheld(const Frame& frame, const Header& header) const {
  const std::string_view name = header.name;
  // A broker that trims names must not find another header than we did.
  if (name.starts_with(' ') || name.ends_with(' ')) return true;
  if (name == "login" || name == "passcode") return true;
  const auto& withheld = options_->withheld_headers;
  if (std::find(withheld.begin(), withheld.end(), name) != withheld.end()) return true;
  // Nor one that takes the last of several.
  return frame.find(name)->data() != header.value.data();
}

void Relay::to_broker(const Frame& frame, std::string& out) const {
  append_frame(frame, version_, out, [&](const Header& each) { return is_withheld(frame, each); });
}

void Relay::to_client(const Frame& frame, std::string& out) const {
  append_frame(frame, version_, out, [](const Header&) { return false; });
}

Result<Relay::Tells> Relay::receive_from_broker(const Frame& frame, Instant now) {
  if (phase_ == Phase::connecting) {
    if (frame.command == Command::error) return Tells::refused;
    if (frame.command != Command::connected) return protocol("the broker's frame is no CONNECTED");
    NARU_CHECK(connected(frame, now));
    return Tells::connected;
  }
  switch (frame.command) {
    case Command::message:
      return Tells::forward;
    case Command::receipt:
      return closing() && frame.header("receipt-id") == last_receipt_ ? Tells::last
                                                                      : Tells::forward;
    case Command::error:
      return Tells::last;
    default:
      return protocol("the broker's frame is none of a server");
  }
}

Result<void> Relay::connected(const Frame& frame, Instant now) {
  const std::string_view text = frame.find("version").value_or("1.0");
  const auto chosen = std::find_if(offered_.begin(), offered_.end(),
                                   [text](Version each) { return to_text(each) == text; });
  if (chosen == offered_.end()) {
    return Error{Errc::unsupported, "the broker's version was not offered"};
  }
  HeartbeatOffer offer;
  if (const auto header = frame.find("heart-beat")) {
    NARU_TRY(offer, parse_heartbeat(*header));
  }
  version_ = *chosen;
  broker_heartbeat_ = Heartbeat(options_->broker, offer, now);
  connect_by_ = kNever;
  phase_ = Phase::connected;
  return {};
}

std::string Relay::accept(std::string_view session_id, std::string_view user, Instant now) {
  client_heartbeat_ = Heartbeat(options_->client, client_offer_, now);
  return connected_frame({.version = version_,
                          .heartbeat = options_->client,
                          .session = session_id,
                          .server = options_->server,
                          .user = user});
}

std::string Relay::error(const Error& error, const Frame* frame) const {
  return error_frame(error, version_, frame);
}

Instant Relay::deadline() const {
  return std::min({connect_by_, client_heartbeat_.deadline(), broker_heartbeat_.deadline()});
}

Relay::Due Relay::on_deadline(Instant now) const {
  using Beat = Heartbeat::Due;
  const Beat client = client_heartbeat_.on_deadline(now);
  const Beat broker = broker_heartbeat_.on_deadline(now);
  return {.beat_client = client == Beat::send_beat,
          .beat_broker = broker == Beat::send_beat,
          .client_dead = client == Beat::peer_dead,
          .broker_dead = broker == Beat::peer_dead || now >= connect_by_};
}

Result<std::string> relayed_name(std::string_view destination, Use use) {
  using Kind = Destination::Kind;
  NARU_TRY(const Destination parsed, parse_destination(destination, use));
  const std::optional<std::string> name = decode_percent(parsed.name);
  if (!name || std::any_of(name->begin(), name->end(), is_ambiguous)) {
    return protocol("malformed destination");
  }
  switch (parsed.kind) {
    case Kind::topic:
      return "/topic/" + *name;
    case Kind::reply_queue:
      // The broker's own names (RabbitMQ); any other is a queue like those of "/queue".
      if (name->starts_with("amq.gen-")) return std::string();
      [[fallthrough]];
    case Kind::queue:
    case Kind::existing_queue:
      return "/queue/" + *name;
    case Kind::temp_queue:
      return protocol("a temporary queue is for reply-to only");
    case Kind::user:
      break;
  }
  return Error{Errc::unsupported, "unknown destination"};
}

}  // namespace naru::stomp
