#pragma once

#include <string>
#include <vector>

// How the profile `websocket-client` talks to a suite's server.
struct ClientSuite {
  std::string url;  // "ws://127.0.0.1:9001"
  std::string agent = "naru";
  std::string ca_file;  // for wss
  std::vector<std::string> subprotocols;
};

// Autobahn's fuzzingserver, or one that behaves so: asks /getCaseCount, echoes each
// /runCase?case=N, and has the report written by /updateReports. One line per case on standard
// output. Returns 0 when every connection could be opened.
int run_websocket_client(const ClientSuite& suite);
