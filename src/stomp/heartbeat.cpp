#include "stomp/heartbeat.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace naru::stomp {
namespace {

constexpr Duration kMargin = std::chrono::seconds(1);

std::optional<std::chrono::milliseconds> parse_interval(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::milliseconds(value);
}

Duration agreed(std::chrono::milliseconds sends, std::chrono::milliseconds wants) {
  if (sends.count() == 0 || wants.count() == 0) return {};
  return std::max(sends, wants);
}

}  // namespace

Result<HeartbeatOffer> parse_heartbeat(std::string_view text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  const auto sends = parse_interval(text.substr(0, comma));
  const auto wants = parse_interval(text.substr(std::min(comma + 1, text.size())));
  if (!sends || !wants) return Error{Errc::protocol_error, "malformed heart-beat"};
  return HeartbeatOffer{*sends, *wants};
}

std::string to_text(const HeartbeatOffer& offer) {
  return std::to_string(offer.sends.count()) + "," + std::to_string(offer.wants.count());
}

std::string connected_frame(const Accepted& accepted) {
  std::string out;
  FrameWriter writer(Command::connected, accepted.version, out);
  if (accepted.version != Version::v10) writer.header("version", to_text(accepted.version));
  writer.header("heart-beat", to_text(accepted.heartbeat)).header("session", accepted.session);
  if (!accepted.server.empty()) writer.header("server", accepted.server);
  if (!accepted.user.empty()) writer.header("user-name", accepted.user);
  writer.end();
  return out;
}

Heartbeat::Heartbeat(const HeartbeatOffer& ours, const HeartbeatOffer& peers, Instant now)
    : send_interval_(agreed(ours.sends, peers.wants)),
      receive_interval_(agreed(peers.sends, ours.wants)),
      sent_(now),
      received_(now) {}

Instant Heartbeat::next_beat() const {
  return send_interval_ == Duration::zero() ? kNever : sent_ + send_interval_ * 3 / 4;
}

Instant Heartbeat::death() const {
  return receive_interval_ == Duration::zero() ? kNever
                                               : received_ + 2 * receive_interval_ + kMargin;
}

Instant Heartbeat::deadline() const {
  return std::min(next_beat(), death());
}

Heartbeat::Due Heartbeat::on_deadline(Instant now) const {
  if (now >= death()) return Due::peer_dead;
  return now >= next_beat() ? Due::send_beat : Due::nothing;
}

}  // namespace naru::stomp
