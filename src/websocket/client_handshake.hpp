#pragma once

#include "base/random.hpp"
#include "http/request.hpp"
#include "naru/result.hpp"
#include "websocket/deflate_negotiation.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::websocket {

// A fresh Sec-WebSocket-Key: one per attempt.
std::string make_key(Random& random);

// What a client asks of a server.
struct ClientOffer {
  std::vector<std::string> subprotocols{};
  bool require_subprotocol = true;  // when it asked for any: as browsers do
  DeflateConfig deflate{};
};

// The head of the opening request (RFC 6455 section 4.1), ready to be sent. `target` in
// origin-form, `host` as the Host field wants it; `headers` are the application's. Errors:
// unsupported, when one of these could not stand in a request: a fragment or a space in the target,
// a control character in a value, a name that the handshake itself uses.
Result<std::string> encode_request(
    std::string_view target, std::string_view host, std::string_view key, const ClientOffer& offer,
    std::span<const std::pair<std::string, std::string>> headers = {});

// What a 101 agreed to.
struct ClientHandshake {
  std::string subprotocol;  // one of those asked for, or empty
  std::optional<DeflateAgreement> deflate;
};
// Judges the fields of a 101 (any other status is the caller's). On an error the connection must be
// failed, at once and without a Close.
// Errors: protocol_error.
Result<ClientHandshake> judge_answer(std::span<const http::Field> fields, std::string_view key,
                                     const ClientOffer& offer);

}  // namespace naru::websocket
