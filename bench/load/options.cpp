#include "options.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace naru::load {
namespace {

template <class Number>
Number number(std::string_view name, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument(std::string(name) + " wants a number, not " + std::string(text));
  }
  return value;
}

Protocol protocol(std::string_view text) {
  if (text == "websocket") return Protocol::websocket;
  if (text == "socketio") return Protocol::socketio;
  if (text == "sockjs") return Protocol::sockjs;
  if (text == "stomp") return Protocol::stomp;
  if (text == "sse") return Protocol::sse;
  throw std::invalid_argument("--protocol is websocket, socketio, sockjs, stomp or sse");
}

void set(Options& options, std::string_view name, std::string_view value) {
  if (name == "--host") {
    options.host = value;
  } else if (name == "--port") {
    options.port = number<std::uint16_t>(name, value);
  } else if (name == "--protocol") {
    options.protocol = protocol(value);
  } else if (name == "--connections") {
    options.connections = number<std::size_t>(name, value);
  } else if (name == "--inflight") {
    options.inflight = number<std::size_t>(name, value);
  } else if (name == "--size") {
    options.size = number<std::size_t>(name, value);
  } else if (name == "--warmup") {
    options.warmup = number<double>(name, value);
  } else if (name == "--seconds") {
    options.seconds = number<double>(name, value);
  } else if (name == "--messages") {
    options.messages = number<std::uint64_t>(name, value);
  } else if (name == "--seed") {
    options.seed = number<unsigned>(name, value);
  } else if (name == "--cpu-of") {
    options.cpu_of.push_back(number<int>(name, value));
  } else {
    throw std::invalid_argument("unknown option " + std::string(name) + "; see --help");
  }
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--wait") {
      options.wait = true;
    } else if (!argument.starts_with("--")) {
      options.mode = argument;
    } else if (i + 1 == argc) {
      throw std::invalid_argument(std::string(argument) + " wants a value");
    } else {
      set(options, argument, argv[++i]);
    }
  }
  if (options.port == 0) throw std::invalid_argument("--port is missing; see --help");
  if (options.connections == 0 || options.inflight == 0) {
    throw std::invalid_argument("--connections and --inflight are at least 1");
  }
  // A broadcast writes the number of the publication into its text.
  if (options.size < 12) throw std::invalid_argument("--size is at least 12");
  return options;
}

}  // namespace naru::load
