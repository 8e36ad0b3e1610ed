#include "bench_peer.hpp"

#include <charconv>
#include <system_error>

namespace naru::app {

BenchPeer::BenchPeer(io::Loop& loop, client::EngineContext& context, const BenchScript& script,
                     BenchUser& user)
    : script_(script),
      user_(user),
      link_(loop, context, *this),
      due_(script.slots),
      echoes_(script.slots) {
  for (std::size_t slot = script.slots; slot > 0; --slot) free_.push_back(slot - 1);
}

void BenchPeer::send(BenchInstant due) {
  const std::size_t slot = free_.back();
  free_.pop_back();
  due_[slot] = due;
  if (script_.protocol == Protocol::websocket) {
    echoes_[(first_ + under_way_++) % echoes_.size()] = slot;
    link_.send(false, {}, script_.payload);
  } else {
    link_.send(false, "42" + script_.nsp + std::to_string(slot), script_.payload);
  }
}

void BenchPeer::on_link_open() {
  if (script_.protocol == Protocol::websocket) become_ready();
}

void BenchPeer::on_link_message(bool binary, std::span<char> payload) {
  const std::string_view message(payload.data(), payload.size());
  if (script_.protocol == Protocol::socketio) return binary ? user_.on_other() : on_packet(message);
  if (under_way_ == 0 || message != script_.payload) return user_.on_other();
  const std::size_t slot = echoes_[first_];
  first_ = (first_ + 1) % echoes_.size();
  --under_way_;
  settle(slot);
}

void BenchPeer::on_packet(std::string_view packet) {
  if (packet == "2") {
    link_.send(false, {}, "3");
  } else if (packet.starts_with("0{")) {
    link_.send(false, {}, script_.join);
  } else if (packet.starts_with("40")) {
    if (!ready_) become_ready();
  } else if (packet.starts_with("44")) {
    lose("refused: " + std::string(packet.substr(2)));
  } else if (packet.starts_with("41")) {
    lose("the server has disconnected the socket");
  } else if (packet.starts_with("43" + script_.nsp)) {
    on_ack(packet.substr(2 + script_.nsp.size()));
  } else {
    user_.on_other();
  }
}

void BenchPeer::on_ack(std::string_view rest) {
  std::size_t slot = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), slot);
  if (error != std::errc{} || slot >= due_.size() || due_[slot] == BenchInstant{}) {
    return user_.on_other();
  }
  settle(slot);
}

void BenchPeer::settle(std::size_t slot) {
  const BenchInstant due = std::exchange(due_[slot], BenchInstant{});
  free_.push_back(slot);
  user_.on_answer(*this, due);
}

void BenchPeer::become_ready() {
  ready_ = true;
  user_.on_ready(*this);
}

void BenchPeer::on_link_closed(std::uint16_t code, const ConnectFailure* failure) {
  lose(failure != nullptr ? failure->text : "closed: " + std::to_string(code));
}

void BenchPeer::lose(const std::string& why) {
  ready_ = false;
  if (!std::exchange(lost_, true)) user_.on_lost(why);
}

}  // namespace naru::app
