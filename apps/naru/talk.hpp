#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace naru::app {

enum class Protocol { websocket, socketio, sockjs, stream, stomp, push };

// What the commands that talk to a server are told: naru connect, listen, emit, publish.
struct TalkArguments {
  std::string url;
  std::string protocol;              // empty: guessed from the URL
  std::string event;                 // emit: its name; listen: only this one, or a destination
  std::vector<std::string> words;    // emit: arguments; publish: [topic] message
  std::vector<std::string> headers;  // "Name: value"
  std::string auth;                  // Socket.IO: a JSON object
  std::string path = "/socket.io/";  // Socket.IO's, beside the namespace in the URL
  std::string key;                   // publish over HTTP
  std::string login;                 // of STOMP
  std::string passcode;
  std::string vhost;
  std::string ca_file;
  unsigned count = 0;     // listen: so many messages, then the end; 0: no end
  unsigned timeout = 10;  // seconds: to connect, and for an answer
  bool json = false;
  bool no_ack = false;
};

// By the word of --protocol, else by the scheme: ws and wss are WebSockets, stomp and stomp+ssl
// STOMP, http and https `of_http`; but a path with a segment "sockjs" is SockJS, and one below
// /push/ an event stream, unless `of_http` is push.
// Throws std::invalid_argument.
Protocol choose_protocol(const TalkArguments& arguments, Protocol of_http);

// They return the exit status: 0, or 1 when the server could not be reached, refused, or did not
// answer. They throw std::invalid_argument for what can never work.
int connect(const TalkArguments& arguments);
int listen(const TalkArguments& arguments);
int emit(const TalkArguments& arguments);
int publish(const TalkArguments& arguments);

}  // namespace naru::app
