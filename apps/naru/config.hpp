#pragma once

#include <string>
#include <vector>

namespace naru::app {

// What `naru serve` is told, by a file, by the command line, or by its defaults.
struct ServeConfig {
  std::vector<std::string> listen;  // "[http://|https://]host:port"; empty: localhost:3000
  std::string tls_cert;             // PEM files
  std::string tls_key;
  unsigned loops = 0;        // 0: one per core
  std::string log = "info";  // debug, info, warning, error, off
  std::string web;           // the directory of the gallery
};

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
