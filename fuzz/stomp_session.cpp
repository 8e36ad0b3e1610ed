// One connection's bytes: the first says in which pieces they come. Everything that a session asks
// for is granted, and whatever is echoed must be decoded to the same again.
#include "stomp/decoder.hpp"
#include "stomp/destination.hpp"
#include "stomp/selector.hpp"
#include "stomp/session.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace naru::stomp;

void require(bool condition) {
  if (!condition) std::abort();
}

// A 1.2 frame says everything that was understood.
void check_echo(const Frame& frame, const Limits& limits) {
  std::string wire;
  FrameWriter writer(Command::message, Version::v12, wire);
  for (const Header& header : frame.headers) {
    if (header.name != "content-length") writer.header(header.name, header.value);
  }
  writer.body(frame.body);
  Frame again;
  Limits roomy = limits;
  roomy.line_bytes *= 4;
  roomy.head_bytes *= 4;
  roomy.headers += 1;
  Decoder decoder(roomy, again);
  decoder.set_version(Version::v12);
  naru::Cursor in(wire);
  const auto result = decoder.receive(in);
  require(result.has_value() && *result != nullptr && in.empty());
  require(again.body == frame.body);
  for (const Header& header : frame.headers) {
    if (header.name.empty() || header.name == "content-length") continue;
    require(again.find(header.name) == frame.find(header.name));
  }
}

void try_words(const Frame& frame) {
  for (const Use use : {Use::send, Use::subscribe}) {
    const auto destination = parse_destination(frame.header("destination"), use);
    if (!destination) continue;
    require(!destination->name.empty() && destination->name.size() <= kDestinationBytes);
    const Pattern pattern(destination->name);
    require(destination->name.starts_with(pattern.prefix()));
    if (pattern.literal()) require(pattern.matches(destination->name));
  }
  if (const auto selector = Selector::parse(frame.header("selector"))) {
    static_cast<void>(selector->matches([&](std::string_view name) { return frame.find(name); }));
  }
}

// False when the connection has ended.
bool handle(Session& session, Decoder& decoder, const Frame& frame) {
  try_words(frame);
  auto request = session.receive(frame);
  if (!request) {
    require(!session.error(request.error(), &frame).empty());
    return false;
  }
  switch (request->asks) {
    case Session::Asks::login:
      session.accept("s", "", naru::Instant{});
      decoder.set_version(session.version());
      return true;
    case Session::Asks::subscribe: {
      std::string head;
      for (std::uint64_t tag = 0; tag < 3 && session.may_await_ack(); ++tag) {
        session.append_head(*request->subscription, tag, head);
      }
      return true;
    }
    case Session::Asks::settle:
      require(!request->settlement.tags.empty());
      return true;
    case Session::Asks::commit:
      for (const OwnedFrame& each : request->committed) {
        if (each.frame().command != Command::send) static_cast<void>(session.settle(each.frame()));
      }
      return true;
    case Session::Asks::disconnect:
      return false;
    default:
      return true;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] + 1U;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Limits limits{.line_bytes = 200, .headers = 8, .head_bytes = 500, .body_bytes = 300};
  const SessionOptions options{
      .subscriptions = 3, .transactions = 2, .transaction_bytes = 1000, .unacknowledged = 5};
  Frame scratch;
  Decoder decoder(limits, scratch);
  Session session(options);
  while (!rest.empty()) {
    // A copy of the exact size, so that a read past the end is seen.
    std::string piece(rest.substr(0, step));
    rest.remove_prefix(piece.size());
    naru::Cursor in(piece);
    for (;;) {
      const auto frame = decoder.receive(in);
      if (!frame) return 0;
      if (*frame == nullptr) break;
      check_echo(**frame, limits);
      if (!handle(session, decoder, **frame)) return 0;
    }
    require(in.empty());
    require(decoder.held_bytes() <= limits.head_bytes + limits.body_bytes + 2);
  }
  return 0;
}
