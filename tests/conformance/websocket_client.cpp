#include "websocket_client.hpp"

#include "naru/websocket_client.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace std::chrono_literals;

// What the end of a connection was like.
struct Outcome {
  bool opened = false;
  std::string line;
};

naru::WebSocketClientOptions options_of(const ClientSuite& suite, Outcome& outcome) {
  constexpr std::size_t largest = std::size_t{32} << 20U;
  naru::WebSocketClientOptions options;
  options.tls.ca_file = suite.ca_file;
  options.offer_window_bits = true;  // cases 13.3 to 13.6 ask for smaller ones
  options.message_bytes = largest;
  options.fragments = 1'000'000;
  options.limit = 4 * largest;
  options.idle_timeout = 0ms;
  // The suite is one thread, deaf while it writes 65,536 fragments.
  options.timeouts.tls = options.timeouts.handshake = 10min;
  options.on_open = [&outcome](naru::WebSocketClient& client) {
    outcome.opened = true;
    outcome.line = "open";
    if (!client.subprotocol().empty()) outcome.line.append(" ").append(client.subprotocol());
  };
  options.on_close = [&outcome](naru::WebSocketClient&, std::uint16_t code, std::string_view why) {
    outcome.line += " close " + std::to_string(code);
    if (!why.empty()) outcome.line.append(" ").append(why);
  };
  options.on_failure = [&outcome](naru::WebSocketClient&, const naru::ConnectFailure& failure) {
    outcome.line = failure.text;
  };
  return options;
}

Outcome connect(const ClientSuite& suite, const std::string& target,
                const std::vector<std::string>& subprotocols,
                std::function<void(naru::WebSocketClient&, naru::Message)> on_message) {
  Outcome outcome;
  naru::WebSocketClientOptions options = options_of(suite, outcome);
  options.subprotocols = subprotocols;
  options.on_message = std::move(on_message);
  naru::WebSocketClient client(suite.url + target, std::move(options));
  client.start();
  client.wait();
  return outcome;
}

}  // namespace

int run_websocket_client(const ClientSuite& suite) {
  int cases = 0;
  const Outcome asked =
      connect(suite, "/getCaseCount", {}, [&cases](naru::WebSocketClient&, naru::Message message) {
        cases = std::atoi(std::string(message.text()).c_str());
      });
  if (!asked.opened) {
    std::fprintf(stderr, "naru-conformance: %s\n", asked.line.c_str());
    return 1;
  }
  bool good = true;
  for (int i = 1; i <= cases; ++i) {
    const Outcome outcome = connect(
        suite, "/runCase?case=" + std::to_string(i) + "&agent=" + suite.agent, suite.subprotocols,
        [](naru::WebSocketClient& client, naru::Message message) { client.send(message); });
    std::printf("case %d of %d: %s\n", i, cases, outcome.line.c_str());
    std::fflush(stdout);
    good = good && outcome.opened;
  }
  const Outcome reported = connect(suite, "/updateReports?agent=" + suite.agent, {}, nullptr);
  return good && reported.opened ? 0 : 1;
}
