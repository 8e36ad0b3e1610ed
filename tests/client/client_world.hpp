#pragma once

#include "client/raw_server.hpp"
#include "naru/websocket_client.hpp"
#include "support/journal.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace naru::test {

using namespace std::chrono_literals;

// Options whose handlers note what they are told:
// "open", "hello", "binary:...", "pong:...", "close 1000 reason", "failure phase 403".
inline WebSocketClientOptions noting(Journal& journal) {
  WebSocketClientOptions options;
  options.on_open = [&](WebSocketClient& client) {
    std::string line = "open";
    if (!client.subprotocol().empty()) line.append(" ").append(client.subprotocol());
    journal.note(line);
  };
  options.on_message = [&](WebSocketClient&, Message message) {
    journal.note((message.binary ? "binary:" : "") + std::string(message.data));
  };
  options.on_pong = [&](WebSocketClient&, std::string_view payload) {
    journal.note("pong:" + std::string(payload));
  };
  options.on_close = [&](WebSocketClient&, std::uint16_t code, std::string_view reason) {
    std::string line = "close " + std::to_string(code);
    if (!reason.empty()) line.append(" ").append(reason);
    journal.note(line);
  };
  options.on_failure = [&](WebSocketClient&, const ConnectFailure& failure) {
    std::string line = "failure ";
    line += to_string(failure.phase);
    if (failure.status != 0) line += " " + std::to_string(failure.status);
    journal.note(line);
  };
  options.on_reconnecting = [&](WebSocketClient&, unsigned attempt, std::chrono::milliseconds) {
    journal.note("reconnecting " + std::to_string(attempt));
  };
  return options;
}

// What a client that is opened once and for all lives through, a line each.
inline std::string lifetime(std::string_view url, WebSocketClientOptions options,
                            Journal& journal) {
  WebSocketClient client(url, std::move(options));
  client.start();
  client.wait();
  std::string lines;
  while (!journal.empty()) lines += journal.next() + "\n";
  return lines;
}

}  // namespace naru::test
