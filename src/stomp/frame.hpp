#pragma once

#include "naru/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::stomp {

enum class Version : std::uint8_t { v10, v11, v12 };
std::string_view to_text(Version version);  // "1.0"

enum class Command : std::uint8_t {
  connect,
  stomp,
  send,
  subscribe,
  unsubscribe,
  ack,
  nack,
  begin,
  commit,
  abort,
  disconnect,
  connected,  // from here on a server's
  message,
  receipt,
  error,
};
std::string_view to_text(Command command);  // "CONNECT"
std::optional<Command> parse_command(std::string_view text);

// Their heads are never escaped, in any version (STOMP 1.2, "Value Encoding").
constexpr bool is_opening(Command command) {
  return command == Command::connect || command == Command::stomp || command == Command::connected;
}

struct Header {
  std::string_view name;
  std::string_view value;
};

// One frame as it was received: decoded, and borrowed from the decoder.
struct Frame {
  Command command = Command::connect;
  std::vector<Header> headers{};  // in order, repeated ones too
  std::string_view body{};

  // Of repeated headers the first counts (STOMP 1.2, "Repeated Header Entries").
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view header(std::string_view name) const { return find(name).value_or(""); }
};

// Headers that their holder owns.
using Headers = std::vector<std::pair<std::string, std::string>>;

// Appends `text` as a header's name or value in that version. What cannot be said there is not
// said: without escapes, a line feed becomes a space, and a carriage return goes (so it does in
// 1.1, which has no escape for it).
void append_escaped(std::string_view text, Version version, std::string& out);

// Of those in a CONNECT's "accept-version" the ones that we speak, ascending; without a list, 1.0.
std::vector<Version> offered_versions(const Frame& connect);
// ERROR as a server says it, and about which frame of its peer, if it was about one.
std::string error_frame(const Error& error, Version version, const Frame* about);

// Writes one frame to the end of a string: headers, then body() or end().
class FrameWriter {
 public:
  FrameWriter(Command command, Version version, std::string& out);
  FrameWriter& header(std::string_view name, std::string_view value);
  void body(std::string_view bytes);  // with its content-length
  void end();                         // without a body

 private:
  bool escaped_;
  Version version_;
  std::string& out_;
};

// One header line, escaped. A name that the version cannot say is left out, with its value.
void append_header(std::string_view name, std::string_view value, Version version,
                   std::string& out);
// From "content-length" to the NUL: how every frame with a body ends.
void append_body(std::string_view bytes, std::string& out);

}  // namespace naru::stomp
