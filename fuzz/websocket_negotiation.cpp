#include "base/assert.hpp"
#include "websocket/client_handshake.hpp"
#include "websocket/deflate_negotiation.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Input: one byte of configuration; a line that is taken for an offer and for an answer of
// permessage-deflate; then lines "name:value", the fields of a 101. Whatever they are: what a
// server agrees to is what its answer says, and what a client accepts is within its offer.

namespace {

using namespace naru;
using namespace naru::websocket;

std::string_view next_line(std::string_view& input) {
  const std::string_view line = input.substr(0, input.find('\n'));
  input.remove_prefix(std::min(input.size(), line.size() + 1));
  return line;
}

bool in_range(const DeflateAgreement& agreed) {
  return agreed.own_window_bits >= 8 && agreed.own_window_bits <= 15 &&
         agreed.peer_window_bits >= 8 && agreed.peer_window_bits <= 15;
}

void negotiate(std::string_view line, const DeflateConfig& config) {
  const auto extensions = parse_extensions(line);
  if (!extensions) return;
  if (const auto answer = answer_deflate(*extensions, config)) {
    NARU_ASSERT(config.mode != DeflateConfig::Mode::off && in_range(answer->agreement));
    NARU_ASSERT(answer->agreement.own_window_bits <= config.window_bits);
    const auto said = parse_extensions(answer->answer);
    NARU_ASSERT(said && said->size() == 1);
    // An answer is a legal offer as well, and answering that one again changes nothing.
    const auto again = answer_deflate(*said, config);
    NARU_ASSERT(again && again->agreement.own_context == answer->agreement.own_context);
    NARU_ASSERT(again->agreement.own_window_bits == answer->agreement.own_window_bits);
  }
  if (const auto agreed = judge_deflate(*extensions, config); agreed && *agreed) {
    NARU_ASSERT(config.mode != DeflateConfig::Mode::off && in_range(**agreed));
    NARU_ASSERT((*agreed)->peer_window_bits <= config.window_bits);
    NARU_ASSERT((*agreed)->own_window_bits <= config.window_bits);
    const bool dedicated = config.mode == DeflateConfig::Mode::dedicated;
    NARU_ASSERT(dedicated || (!(*agreed)->own_context && !(*agreed)->peer_context));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const DeflateConfig config{.mode = static_cast<DeflateConfig::Mode>(data[0] % 3),
                             .window_bits = 8 + (data[0] >> 2U) % 8};
  negotiate(next_line(input), config);

  const ClientOffer offer{.subprotocols = {"v12.stomp", "chat"},
                          .require_subprotocol = (data[0] & 128U) != 0,
                          .deflate = config};
  std::vector<http::Field> fields = {{"Upgrade", "websocket"},
                                     {"Connection", "Upgrade"},
                                     {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}};
  while (!input.empty()) {
    const std::string_view line = next_line(input);
    const std::size_t colon = std::min(line.find(':'), line.size());
    fields.push_back({line.substr(0, colon), line.substr(std::min(line.size(), colon + 1))});
  }
  const auto judged = judge_answer(fields, "dGhlIHNhbXBsZSBub25jZQ==", offer);
  if (!judged) return 0;
  const auto& asked = offer.subprotocols;
  NARU_ASSERT(judged->subprotocol.empty() ||
              std::find(asked.begin(), asked.end(), judged->subprotocol) != asked.end());
  return 0;
}
