#include "bench_peer.hpp"
#include "client/websocket_link.hpp"
#include "http/url.hpp"
#include "io/resolver.hpp"
#include "naru/json.hpp"
#include "talk_parts.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace naru::app {
namespace {

Protocol protocol_of(const BenchArguments& arguments) {
  return choose_protocol(arguments.talk, Protocol::socketio);
}

bool is_plain_stomp(const std::string& url) {
  return url.starts_with("stomp:") || url.starts_with("stomp+ssl:");
}

std::string transport_of(const BenchArguments& arguments) {
  std::vector<std::string> known;
  const Protocol protocol = protocol_of(arguments);
  if (protocol == Protocol::socketio) known = {"websocket", "polling"};
  if (protocol == Protocol::sockjs) known = {"websocket", "xhr-streaming", "xhr-polling"};
  const std::string& given = arguments.transport;
  if (protocol == Protocol::stomp && given.empty()) {
    return is_plain_stomp(arguments.talk.url) ? "tcp" : "websocket";  // the URL says it
  }
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

client::Url url_of(const BenchArguments& arguments) {
  constexpr std::array<client::Scheme, 2> kPlain{
      {{"stomp", false, 61613}, {"stomp+ssl", true, 61614}}};
  const std::string& text = arguments.talk.url;
  const auto url = is_plain_stomp(text) ? client::parse_url(text, kPlain) : client::parse_url(text);
  if (!url) throw std::invalid_argument(std::string(url.error().text));
  return *url;
}

// What the context takes for a URL: another scheme's has no Socket.IO.
std::string context_url(const BenchArguments& arguments) {
  return is_plain_stomp(arguments.talk.url) ? "http://localhost/" : arguments.talk.url;
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
      context(context_url(arguments), options_of(arguments), io::look_up),
      transport(transport_of(arguments)),
      payload(arguments.size, 'x'),
      key(arguments.talk.key),
      login(arguments.talk.login),
      passcode(arguments.talk.passcode),
      vhost(arguments.talk.vhost),
      slots(arguments.in_flight),
      peers(arguments.connections) {
  if (protocol != Protocol::socketio) {
    url = url_of(arguments);
    if (protocol == Protocol::sockjs || protocol == Protocol::stomp) {
      WebSocketClientOptions options = client::dial_options(context);
      options.compression.mode = Compression::Mode::off;
      line =
          std::make_unique<client::LineContext>(options, std::vector<std::string>{}, io::look_up);
    }
    if (protocol == Protocol::stomp) {
      topic = arguments.destination + "." + std::to_string(context.random.next_u32());
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
