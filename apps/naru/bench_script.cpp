#include "bench_peer.hpp"
#include "client/websocket_link.hpp"
#include "http/url.hpp"
#include "io/resolver.hpp"
#include "naru/json.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace naru::app {
namespace {

Protocol protocol_of(const BenchArguments& arguments) {
  const Protocol protocol = choose_protocol(arguments.talk, Protocol::socketio);
  if (protocol == Protocol::stomp) {
    throw std::invalid_argument("bench speaks ws, socketio, sockjs and sse");
  }
  return protocol;
}

std::string transport_of(const BenchArguments& arguments) {
  std::vector<std::string> known;
  const Protocol protocol = protocol_of(arguments);
  if (protocol == Protocol::socketio) known = {"websocket", "polling"};
  if (protocol == Protocol::sockjs) known = {"websocket", "xhr-streaming", "xhr-polling"};
  const std::string& given = arguments.transport;
  if (given.empty()) return known.empty() ? "" : known.front();
  if (known.empty()) throw std::invalid_argument("this protocol has no --transport to choose");
  if (std::find(known.begin(), known.end(), given) != known.end()) return given;
  std::string all;
  for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
  throw std::invalid_argument("'" + given + "' is no transport of this protocol: " + all);
}

ClientOptions options_of(const BenchArguments& arguments) {
  ClientOptions options = client_options(arguments.talk);
  options.compression.mode = Compression::Mode::off;  // the text is always the same
  options.transports = {transport_of(arguments) == "polling" ? ClientTransport::polling
                                                             : ClientTransport::websocket};
  options.upgrade = false;
  return options;
}

// The one topic that a stream is of, which is published to.
std::string topic_of(const client::Url& url, const BenchArguments& arguments) {
  const std::size_t push = url.target.find("/push/");
  if (push == std::string::npos || url.target.find_first_of(",?", push) != std::string::npos) {
    throw std::invalid_argument("bench reads the stream of one topic: https://HOST/push/TOPIC");
  }
  if (arguments.size < kBenchStampBytes) {
    throw std::invalid_argument("a published message carries its number: --size " +
                                std::to_string(kBenchStampBytes) + " at least");
  }
  return http::percent_decode(url.target.substr(push + 6)).value_or("");
}

}  // namespace

BenchScript::BenchScript(const BenchArguments& arguments)
    : protocol(protocol_of(arguments)),
      context(arguments.talk.url, options_of(arguments), io::look_up),
      transport(transport_of(arguments)),
      payload(arguments.size, 'x'),
      key(arguments.talk.key),
      slots(arguments.in_flight),
      peers(arguments.connections) {
  if (protocol != Protocol::socketio) {
    url = *client::parse_url(arguments.talk.url);  // the context has parsed it, too
    if (protocol == Protocol::sockjs) {
      WebSocketClientOptions options = client::dial_options(context);
      options.compression.mode = Compression::Mode::off;
      line =
          std::make_unique<client::LineContext>(options, std::vector<std::string>{}, io::look_up);
    }
    if (protocol == Protocol::stream) {
      topic = topic_of(url, arguments);
      ++peers;
    }
    return;
  }
  url = context.target("websocket", {});
  if (context.nsp.size() > 1) nsp = context.nsp + ",";
  join = "0" + nsp + arguments.talk.auth;
  Json::Array event;
  event.push_back(arguments.talk.event.empty() ? "message" : arguments.talk.event);
  event.push_back(payload);
  payload = Json(std::move(event)).dump();
}

}  // namespace naru::app
