// An event stream, cut where the input says; its events written again, which must read the same.
#include "sse/decoder.hpp"
#include "sse/event.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace naru;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<sse::Event> decode(std::string text, std::size_t step) {
  sse::Decoder decoder({.line_bytes = 4096, .event_bytes = 16384});
  std::vector<sse::Event> events;
  for (std::size_t at = 0; at < text.size(); at += step) {
    Cursor in(std::span<char>(text).subspan(at, std::min(step, text.size() - at)));
    for (;;) {
      auto event = decoder.receive(in);
      if (!event || !*event) break;
      require((*event)->data.size() <= 16384);
      events.push_back(**std::move(event));
    }
  }
  return events;
}

bool same(const std::vector<sse::Event>& a, const std::vector<sse::Event>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.type == y.type && x.data == y.data && x.last_id == y.last_id;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto events = decode(text, std::max<std::size_t>(text.size(), 1));
  require(same(events, decode(text, 1 + data[0] % 16U)));
  std::string again;
  for (const sse::Event& event : events) {
    // An empty id is said by a line of its own.
    if (event.last_id.empty()) again += "id\n";
    sse::append_event({.id = event.last_id, .type = event.type, .data = event.data}, again);
  }
  require(same(events, decode(again, 7)));
  return 0;
}
