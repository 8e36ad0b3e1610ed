#pragma once

#include "naru/tls.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace naru {

// Another broker (RabbitMQ, ActiveMQ, Artemis) that STOMP clients are handed to: a connection of
// its own for each of them, and one of the server's. See docs/guide/stomp-relay.md.
struct StompRelayOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 61613;
  bool tls = false;
  TlsClientOptions tls_options{};

  // What the broker is told, whatever a client has said. Without a login, it gets the client's own
  // login and passcode; without a virtual host, none.
  std::string login = "guest";
  std::string passcode = "guest";
  std::string virtual_host{};
  // The server's own connection; without a login, as the clients.
  std::string system_login{};
  std::string system_passcode{};

  std::chrono::milliseconds connect_timeout{10'000};  // TCP and TLS; then again until CONNECTED
  // How often we can send to the broker, and want to hear of it; 0: not at all.
  std::chrono::milliseconds heartbeat_send{10'000};
  std::chrono::milliseconds heartbeat_receive{10'000};
  // The server's connection is made again after so long, then after twice that, up to the second,
  // each more or less by a random part.
  std::chrono::milliseconds reconnect_delay{1'000};
  std::chrono::milliseconds reconnect_delay_max{5'000};

  // Keys of the broker's topics ("prices", "news.#") that the server's connection subscribes to:
  // what comes is published to the server's topic of that name, for clients of all other protocols.
  std::vector<std::string> topics{};

  // Headers of a client's CONNECT that the broker gets too.
  std::vector<std::string> connect_headers{};
  // Headers of a client's other frames that it never gets: by "x-queue-name" a client could choose
  // whose queue it reads, whatever StompOptions::permit says of the destination.
  std::vector<std::string> withheld_headers{"x-queue-name"};

  std::size_t connections = 10'000;  // of clients to the broker; beyond, ERROR
  // What of a client may wait for the broker, where the client cannot be held back; beyond, ERROR.
  std::size_t pending_bytes = std::size_t{256} << 10U;
  // A side that is behind holds the other one back; for so long. 0: for ever.
  std::chrono::milliseconds stall_timeout{30'000};

  // Whether the broker is there, each time that changes; on one of the server's loops.
  std::function<void(bool available)> on_available{};
};

}  // namespace naru
