// A client of a relay, by its bytes: the first says in which pieces they come, the second which
// version the broker has chosen. What the broker is told must be one frame for it too, and mean
// what we have understood; likewise what a client would be told if the bytes were the broker's.
#include "stomp/decoder.hpp"
#include "stomp/relay.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace naru::stomp;

void require_relayed(bool condition) {
  if (!condition) std::abort();
}

constexpr Limits kRoomy{
    .line_bytes = 4000, .headers = 100, .head_bytes = 10'000, .body_bytes = 10'000};

// The one frame that these bytes are.
const Frame& only_frame(std::string& wire, Version version, Frame& frame) {
  Decoder decoder(kRoomy, frame);
  decoder.set_version(version);
  naru::Cursor in(wire);
  const auto read = decoder.receive(in);
  require_relayed(read.has_value() && *read != nullptr && in.empty());
  return frame;
}

void check_to_broker(const Relay& relay, const Frame& frame) {
  std::string wire;
  relay.to_broker(frame, wire);
  Frame scratch;
  const Frame& again = only_frame(wire, relay.version(), scratch);
  require_relayed(again.command == frame.command && again.body == frame.body);
  for (const Header& header : again.headers) {
    require_relayed(header.name != "x-queue-name" && header.name != "passcode");
    require_relayed(again.find(header.name)->data() == header.value.data());  // it is not repeated
  }
  const std::string_view destination = frame.header("destination");
  const Use use = frame.command == Command::send ? Use::send : Use::subscribe;
  if (relayed_name(destination, use)) require_relayed(again.header("destination") == destination);
}

void check_to_client(const Relay& relay, const Frame& frame) {
  if (is_opening(frame.command)) return;
  std::string wire;
  relay.to_client(frame, wire);
  Frame scratch;
  const Frame& again = only_frame(wire, relay.version(), scratch);
  require_relayed(again.command == frame.command && again.body == frame.body);
}

bool welcome(Relay& relay, Decoder& decoder, const Frame& login, Version version) {
  std::string wire = relay.connect(login, naru::Instant{});
  Frame scratch;
  const Frame& connect = only_frame(wire, Version::v10, scratch);
  require_relayed(connect.header("login") == "naru" && connect.header("passcode") == "p");
  std::string text(to_text(version));
  const Frame connected{.command = Command::connected, .headers = {{"version", text}}, .body = {}};
  if (!relay.receive_from_broker(connected, naru::Instant{})) return false;
  decoder.set_version(relay.version());
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = data[0] + 1U;
  const auto version = static_cast<Version>(data[1] % 3);
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Limits limits{.line_bytes = 200, .headers = 8, .head_bytes = 500, .body_bytes = 300};
  RelayOptions options;
  options.login = "naru";
  options.passcode = "p";
  options.withheld_headers = {"x-queue-name"};
  Frame scratch;
  Decoder decoder(limits, scratch);
  Relay relay(options);
  while (!rest.empty()) {
    std::string piece(rest.substr(0, step));
    rest.remove_prefix(piece.size());
    naru::Cursor in(piece);
    for (;;) {
      const auto frame = decoder.receive(in);
      if (!frame) return 0;
      if (*frame == nullptr) break;
      check_to_client(relay, **frame);
      const auto asks = relay.receive(**frame);
      if (!asks) {
        require_relayed(!relay.error(asks.error(), *frame).empty());
        return 0;
      }
      if (*asks == Relay::Asks::login && !welcome(relay, decoder, **frame, version)) return 0;
      if (*asks == Relay::Asks::forward) check_to_broker(relay, **frame);
    }
  }
  return 0;
}
