#pragma once

#include "naru/client.hpp"
#include "naru/websocket_client.hpp"
#include "talk.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace naru::app {

// "Name: value" each. Throws std::invalid_argument.
Headers parse_headers(const std::vector<std::string>& lines);

// Calls `send` with the word, or for "-" with each line of standard input. True if it always was.
bool for_each_message(const std::string& word, const std::function<bool(const std::string&)>& send);

// For Socket.IO and WebSocket. They throw std::invalid_argument.
ClientOptions client_options(const TalkArguments& arguments);
WebSocketClientOptions websocket_options(const TalkArguments& arguments);
std::string describe(const ConnectError& error);

// What may wait to leave while standard input is sent faster than the server reads.
inline constexpr std::size_t kPublishLimit = std::size_t{1} << 30U;
inline bool was_taken(SendOutcome outcome) {
  return outcome == SendOutcome::sent || outcome == SendOutcome::blocked;
}

// A line on standard output, at once; one on standard error, escaped.
void print(const std::string& line);
void complain(const std::string& what);

// An event stream, until it is refused or SIGINT; broken, it is opened again where it was.
int listen_to_stream(const TalkArguments& arguments);

int connect_sockjs(const TalkArguments& arguments);
int listen_sockjs(const TalkArguments& arguments);
int publish_sockjs(const TalkArguments& arguments);

int connect_stomp(const TalkArguments& arguments);
int listen_stomp(const TalkArguments& arguments);
int publish_stomp(const TalkArguments& arguments);

// POST /api/publish at the server of the URL (docs/guide/push.md), one message after another.
int publish_by_http(const TalkArguments& arguments);

}  // namespace naru::app
