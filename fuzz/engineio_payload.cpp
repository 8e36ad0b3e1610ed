// A polling body of either revision taken apart, put together again, and walked through a session.
#include "base/utf8.hpp"
#include "engineio/jsonp.hpp"
#include "engineio/packet.hpp"
#include "engineio/payload_v3.hpp"
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

// The packets of a payload of revision 3 in the form that a session holds, until an error.
std::string framed(std::string_view body, PayloadForm form, const PayloadLimits& limits) {
  std::string out;
  PayloadReader reader(body, limits, form);
  for (std::size_t count = 0;; ++count) {
    const auto packet = reader.next();
    if (!packet || !*packet) return out;
    require(count < limits.packets);
    if ((*packet)->binary) {
      v3::append_framed_binary((*packet)->data, out);
    } else {
      const char type = type_char((*packet)->type);
      v3::append_framed({&type, 1}, (*packet)->data, out);
    }
  }
}

// What was read is what the same packets read as, framed and counted.
void run_revision_3(std::string_view body, PayloadForm form) {
  const PayloadLimits limits{.packets = 64};
  const std::string held = framed(body, form, limits);
  require(framed(held, PayloadForm::framed, limits) == held);
  const std::string counted = v3::counted_from_framed(held);
  // A framed text may be no UTF-8, which whoever gets it finds out.
  if (naru::is_utf8(counted)) {
    require(framed(counted, PayloadForm::counted, limits) == held);
  }
}

// Hands the packets of `body` to a session as probes and as packets, as time goes by.
void run_session(std::string_view body, Dialect dialect, PayloadForm form) {
  naru::Instant now{};
  const naru::engineio::SessionOptions options;
  Session session(options, Transport::polling, now, dialect);
  PayloadReader reader(body, {}, form);
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
    if ((*packet)->data.size() % 7 == 3) static_cast<void>(session.take_answer());
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
  run_session(body, {}, PayloadForm::separated);
  for (const PayloadForm form : {PayloadForm::counted, PayloadForm::framed}) {
    run_revision_3(body, form);
    run_session(body, {.revision = Revision::v3, .base64 = size % 2 == 0}, form);
  }
  require(from_jsonp_form(body).size() <= size);
  require(to_jsonp(1, body).size() >= size);
  return 0;
}
