#pragma once

#include "naru/push.hpp"
#include "naru/stomp_relay.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::app {

constexpr unsigned kLoopsAtMost = 4096;
constexpr unsigned kSpinAtMost = 1'000'000;

// [[topics]]: how the topics that begin with `prefix` behave.
struct TopicConfig {
  std::string prefix;
  TopicOptions options;
};

// [stomp]: the broker.
struct StompConfig {
  bool on = false;
  std::string path = "/stomp";             // of WebSockets; empty: none
  std::string sockjs;                      // path of SockJS; empty: none
  std::vector<std::string> listen;         // "[stomp://|stomp+ssl://]host:port"
  Access queues = Access::key;             // who may send to them, and take from them
  std::optional<StompRelayOptions> relay;  // the broker whose topics and queues they are
};

// What `naru serve` is told, by a file, by the command line, or by its defaults.
struct ServeConfig {
  std::vector<std::string> listen;    // "[http://|https://]host:port"; empty: localhost:3000
  std::vector<std::string> tls_cert;  // PEM files, the key of each at the same place
  std::vector<std::string> tls_key;
  std::string tls_client = "none";           // none, optional, required
  std::string tls_client_ca;                 // PEM file
  std::string http2 = "auto";                // auto, off
  std::vector<std::string> origins;          // of pages that may connect besides our own
  std::vector<std::string> trusted_proxies;  // "10.0.0.0/8"
  unsigned loops = 0;                        // 0: one per core
  std::string io = "auto";                   // auto, epoll, uring
  unsigned spin = 0;                         // microseconds before a loop sleeps
  std::string log = "info";                  // debug, info, warning, error, off
  std::string push = "on";                   // topics by HTTP: on, off
  std::vector<std::string> api_keys;         // for publishing by HTTP; none: it is off
  std::vector<TopicConfig> topics;
  std::string web;              // the directory of the gallery
  std::string sockjs;           // path of the SockJS services; empty: none
  bool sockjs_publish = false;  // their clients may publish
  StompConfig stomp;
};

// Of the topic of that name, or whose presence has it: those of the longest prefix that fits.
TopicOptions options_of(const std::vector<TopicConfig>& topics, std::string_view name);

// Reads a TOML file over `config`. Throws std::runtime_error with a message for people: the file
// and line of a syntax error, an unknown key with the nearest known one, a value of the wrong type.
void read_config(const std::string& file, ServeConfig& config);

// A listener as it was written, taken apart.
struct ListenAddress {
  bool tls = false;
  std::string host;
  unsigned short port = 0;
};
// Throws std::runtime_error.
ListenAddress parse_listen(const std::string& text);

// The word of `known` that `word` most likely meant, or "".
std::string nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace naru::app
