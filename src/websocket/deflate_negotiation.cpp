#include "websocket/deflate_negotiation.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace naru::websocket {
namespace {

constexpr std::string_view kName = "permessage-deflate";
constexpr std::string_view kServerNoContext = "server_no_context_takeover";
constexpr std::string_view kClientNoContext = "client_no_context_takeover";
constexpr std::string_view kServerBits = "server_max_window_bits";
constexpr std::string_view kClientBits = "client_max_window_bits";

// The parameters of one offer or answer (RFC 7692 section 7.1).
struct Parameters {
  bool server_no_context = false;
  bool client_no_context = false;
  bool client_bits_given = false;
  std::optional<int> server_bits;
  std::optional<int> client_bits;
};

// 8 to 15 in decimal, without a leading zero.
std::optional<int> window_bits(std::string_view value) {
  if (value == "8" || value == "9") return value[0] - '0';
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') {
    return 10 + (value[1] - '0');
  }
  return std::nullopt;
}

bool flag(const ExtensionParameter& parameter, bool& seen) {
  return parameter.value.empty() && !std::exchange(seen, true);
}

bool bits(const ExtensionParameter& parameter, std::optional<int>& seen) {
  if (seen) return false;
  seen = window_bits(parameter.value);
  return seen.has_value();
}

// nullopt: a parameter is unknown, comes twice, or has a value that it must not have. Only an offer
// may say client_max_window_bits without a value: that the client understands it.
std::optional<Parameters> read(const Extension& extension, bool is_offer) {
  Parameters all;
  for (const ExtensionParameter& parameter : extension.parameters) {
    bool good = false;
    if (parameter.name == kServerNoContext) {
      good = flag(parameter, all.server_no_context);
    } else if (parameter.name == kClientNoContext) {
      good = flag(parameter, all.client_no_context);
    } else if (parameter.name == kServerBits) {
      good = bits(parameter, all.server_bits);
    } else if (parameter.name == kClientBits && !std::exchange(all.client_bits_given, true)) {
      good = (is_offer && parameter.value.empty()) || bits(parameter, all.client_bits);
    }
    if (!good) return std::nullopt;
  }
  return all;
}

void append_parameter(std::string_view name, std::string& out) {
  out.append("; ").append(name);
}
void append_parameter(std::string_view name, int value, std::string& out) {
  out.append("; ").append(name).append("=").append(std::to_string(value));
}

DeflateAnswer answer(const Parameters& offer, const DeflateConfig& config) {
  const bool dedicated = config.mode == DeflateConfig::Mode::dedicated;
  const bool limited = config.window_bits < 15;
  // A client that does not understand client_max_window_bits will use 32 KiB: then at least not
  // between messages.
  const bool unlimited_client = limited && !offer.client_bits_given;
  DeflateAnswer out;
  out.answer = kName;
  DeflateAgreement& agreed = out.agreement;

  agreed.own_context = dedicated && !offer.server_no_context;
  if (!agreed.own_context) append_parameter(kServerNoContext, out.answer);
  agreed.peer_context = dedicated && !offer.client_no_context && !unlimited_client;
  if (!agreed.peer_context) append_parameter(kClientNoContext, out.answer);

  agreed.own_window_bits = std::min(config.window_bits, offer.server_bits.value_or(15));
  if (offer.server_bits || limited) {
    append_parameter(kServerBits, agreed.own_window_bits, out.answer);
  }
  if (offer.client_bits || (offer.client_bits_given && limited)) {
    agreed.peer_window_bits = std::min(config.window_bits, offer.client_bits.value_or(15));
    append_parameter(kClientBits, agreed.peer_window_bits, out.answer);
  }
  return out;
}

}  // namespace

DeflateConfig deflate_config(const Compression& compression) {
  const auto require = [](int value, int least, int most, const char* what) {
    if (value < least || value > most) throw std::invalid_argument(what);
  };
  require(compression.window_bits, 8, 15, "naru: Compression: window_bits");
  require(compression.memory_level, 1, 9, "naru: Compression: memory_level");
  require(compression.level, 1, 9, "naru: Compression: level");
  using Mode = DeflateConfig::Mode;
  const Mode mode = compression.mode == Compression::Mode::off      ? Mode::off
                    : compression.mode == Compression::Mode::shared ? Mode::shared
                                                                    : Mode::dedicated;
  return {.mode = mode,
          .threshold = compression.threshold,
          .window_bits = compression.window_bits,
          .memory_level = compression.memory_level,
          .level = compression.level};
}

std::optional<DeflateAnswer> answer_deflate(std::span<const Extension> offers,
                                            const DeflateConfig& config) {
  if (config.mode == DeflateConfig::Mode::off) return std::nullopt;
  for (const Extension& offer : offers) {
    if (offer.name != kName) continue;
    if (const auto parameters = read(offer, true)) return answer(*parameters, config);
  }
  return std::nullopt;
}

std::string offer_deflate(const DeflateConfig& config) {
  if (config.mode == DeflateConfig::Mode::off) return {};
  std::string offer(kName);
  if (config.mode == DeflateConfig::Mode::shared) {
    append_parameter(kServerNoContext, offer);
    append_parameter(kClientNoContext, offer);
  }
  // Not unless needed: there are gateways that break on window parameters.
  if (config.window_bits < 15) {
    append_parameter(kServerBits, config.window_bits, offer);
    append_parameter(kClientBits, config.window_bits, offer);
  } else if (config.offer_window) {
    append_parameter(kClientBits, offer);
  }
  return offer;
}

Result<std::optional<DeflateAgreement>> judge_deflate(std::span<const Extension> answer,
                                                      const DeflateConfig& config) {
  if (answer.empty()) return std::optional<DeflateAgreement>();
  const bool offered = config.mode != DeflateConfig::Mode::off;
  if (!offered || answer[0].name != kName) {
    return Error{Errc::protocol_error, "an extension that was not offered"};
  }
  if (answer.size() > 1) return Error{Errc::protocol_error, "more extensions than offered"};
  const auto said = read(answer[0], false);
  if (!said) return Error{Errc::protocol_error, "permessage-deflate: invalid parameter"};

  const bool dedicated = config.mode == DeflateConfig::Mode::dedicated;
  if (!dedicated && !said->server_no_context) {
    return Error{Errc::protocol_error, "permessage-deflate: server_no_context_takeover refused"};
  }
  const bool limited = config.window_bits < 15;
  if (limited && (!said->server_bits || *said->server_bits > config.window_bits)) {
    return Error{Errc::protocol_error, "permessage-deflate: server_max_window_bits not kept"};
  }
  const bool bits_offered = limited || config.offer_window;
  if (said->client_bits && (!bits_offered || *said->client_bits > config.window_bits)) {
    return Error{Errc::protocol_error, "permessage-deflate: client_max_window_bits not offered"};
  }
  return std::optional<DeflateAgreement>(
      DeflateAgreement{.own_window_bits = said->client_bits.value_or(config.window_bits),
                       .peer_window_bits = said->server_bits.value_or(15),
                       .own_context = dedicated && !said->client_no_context,
                       .peer_context = !said->server_no_context});
}

}  // namespace naru::websocket
