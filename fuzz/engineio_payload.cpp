// A polling body taken apart, put together again, and walked through a session.
#include "engineio/packet.hpp"
#include "engineio/session.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace naru::engineio;

void require(bool condition) {
  if (!condition) std::abort();
}

void append(const Packet& packet, std::string& out) {
  if (packet.binary) {
    append_binary_payload(packet.data, out);
  } else {
    append_payload(packet.type, packet.data, out);
  }
}

// Hands the packets of `body` to a session as probes and as packets, as time goes by.
void run_session(std::string_view body) {
  naru::Instant now{};
  Session session({}, Transport::polling, now);
  PayloadReader reader(body, {});
  for (;;) {
    const auto packet = reader.next();
    if (!packet || !*packet) return;
    if (session.may_upgrade()) session.begin_upgrade(now);
    if ((*packet)->data.size() % 2 == 0) {
      static_cast<void>(session.receive_probe(**packet, now));
    } else {
      static_cast<void>(session.receive(**packet, now));
    }
    if ((*packet)->data.size() % 5 == 1) static_cast<void>(session.on_poll());
    if ((*packet)->data.size() % 7 == 3) static_cast<void>(session.take_payload());
    if ((*packet)->data.size() % 11 == 5) static_cast<void>(session.close(now));
    require(session.deadline() != naru::kNever);
    now += std::chrono::milliseconds(50);
    if (now >= session.deadline()) static_cast<void>(session.on_deadline(now));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const PayloadLimits limits{.packets = 64};
  std::string again;
  std::size_t count = 0;
  PayloadReader reader(body, limits);
  for (;;) {
    const auto packet = reader.next();
    if (!packet || !*packet) break;
    require(++count <= limits.packets);
    append(**packet, again);
  }
  // What was read is what the same packets read as.
  std::string twice;
  PayloadReader second(again, limits);
  while (!again.empty()) {
    const auto packet = second.next();
    require(packet.has_value());
    if (!*packet) break;
    append(**packet, twice);
  }
  require(twice == again);
  run_session(body);
  return 0;
}
