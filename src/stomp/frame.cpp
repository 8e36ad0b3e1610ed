#include "stomp/frame.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace naru::stomp {
namespace {

constexpr std::array<std::string_view, 15> kCommands{
    "CONNECT", "STOMP", "SEND",       "SUBSCRIBE", "UNSUBSCRIBE", "ACK",     "NACK", "BEGIN",
    "COMMIT",  "ABORT", "DISCONNECT", "CONNECTED", "MESSAGE",     "RECEIPT", "ERROR"};

bool sayable_as_name(std::string_view name, Version version) {
  if (name.empty()) return false;
  if (version == Version::v12) return true;
  return name.find_first_of(version == Version::v11 ? "\r" : "\r\n:") == std::string_view::npos;
}

}  // namespace

std::string_view to_text(Version version) {
  constexpr std::array<std::string_view, 3> kVersions{"1.0", "1.1", "1.2"};
  return kVersions[static_cast<std::size_t>(version)];
}

std::string_view to_text(Command command) {
  return kCommands[static_cast<std::size_t>(command)];
}

std::optional<Command> parse_command(std::string_view text) {
  const auto found = std::find(kCommands.begin(), kCommands.end(), text);
  if (found == kCommands.end()) return std::nullopt;
  return static_cast<Command>(found - kCommands.begin());
}

std::optional<std::string_view> Frame::find(std::string_view name) const {
  for (const Header& header : headers) {
    if (header.name == name) return header.value;
  }
  return std::nullopt;
}

void append_escaped(std::string_view text, Version version, std::string& out) {
  if (text.find_first_of("\r\n:\\") == std::string_view::npos) {
    out += text;
    return;
  }
  const bool escapes = version != Version::v10;
  for (const char c : text) {
    if (c == '\r') {
      if (version == Version::v12) out += "\\r";
    } else if (c == '\n') {
      out += escapes ? "\\n" : " ";
    } else if (escapes && c == ':') {
      out += "\\c";
    } else if (escapes && c == '\\') {
      out += "\\\\";
    } else {
      out += c;
    }
  }
}

void append_header(std::string_view name, std::string_view value, Version version,
                   std::string& out) {
  if (!sayable_as_name(name, version)) return;
  append_escaped(name, version, out);
  out += ':';
  append_escaped(value, version, out);
  out += '\n';
}

void append_body(std::string_view bytes, std::string& out) {
  if (!bytes.empty()) out.append("content-length:").append(std::to_string(bytes.size())) += '\n';
  out += '\n';
  out += bytes;
  out += '\0';
}

std::vector<Version> offered_versions(const Frame& connect) {
  const auto list = connect.find("accept-version");
  if (!list) return {Version::v10};
  std::vector<Version> offered;
  for (const Version known : {Version::v10, Version::v11, Version::v12}) {
    for (std::string_view rest = *list; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view each = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (each.starts_with(' ')) each.remove_prefix(1);
      while (each.ends_with(' ')) each.remove_suffix(1);
      if (each != to_text(known)) continue;
      offered.push_back(known);
      break;
    }
  }
  return offered;
}

std::string error_frame(const Error& error, Version version, const Frame* about) {
  std::string out;
  FrameWriter writer(Command::error, version, out);
  writer.header("message", error.text);
  const bool opening = about != nullptr && is_opening(about->command);
  if (about != nullptr && !opening) {
    if (const auto receipt = about->find("receipt")) writer.header("receipt-id", *receipt);
  }
  if (error.code == Errc::unsupported && (about == nullptr || opening)) {
    writer.header("version", "1.0,1.1,1.2").header("content-type", "text/plain");
    writer.body("Supported versions are 1.0, 1.1 and 1.2.\n");
  } else {
    writer.end();
  }
  return out;
}

FrameWriter::FrameWriter(Command command, Version version, std::string& out)
    : escaped_(!is_opening(command)), version_(version), out_(out) {
  out_.append(to_text(command)) += '\n';
}

FrameWriter& FrameWriter::header(std::string_view name, std::string_view value) {
  // An opening frame's as in 1.0: what would need an escape is not said.
  append_header(name, value, escaped_ ? version_ : Version::v10, out_);
  return *this;
}

void FrameWriter::body(std::string_view bytes) {
  append_body(bytes, out_);
}

void FrameWriter::end() {
  append_body({}, out_);
}

}  // namespace naru::stomp
