#pragma once

#include "talk.hpp"

#include <string>

namespace naru::app {

struct BenchArguments {
  static constexpr unsigned kMostConnections = 100'000;
  static constexpr unsigned kMostInFlight = 10'000;
  static constexpr unsigned kMostBytes = 1'000'000;  // what Socket.IO servers take

  TalkArguments talk;                        // where, by which protocol, and the event
  std::string transport;                     // of Socket.IO and SockJS; empty: WebSocket
  std::string destination = "/topic/bench";  // of STOMP
  unsigned connections = 10;
  unsigned in_flight = 1;  // of each connection; of an event stream, publications
  unsigned size = 32;      // bytes of a message's text
  double rate = 0;         // messages per second of all; 0: as fast as answers come
  double seconds = 10;     // of counting
  double warmup = 1;       // seconds
  int pid = 0;             // of a local server; 0: not told
  bool json = false;
};

// Sends messages and measures when their answers come; or publishes to an event stream, and
// measures when its readers have it. 0; or 1 when the server could not be
// reached, lost a connection or did not answer.
int bench(const BenchArguments& arguments);

}  // namespace naru::app
