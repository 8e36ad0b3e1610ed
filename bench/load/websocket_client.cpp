#include "websocket_client.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace naru::load {
namespace {

constexpr unsigned kContinuation = 0;
constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;

constexpr unsigned kFin = 0x80;

std::string frame(unsigned opcode, std::string_view payload, unsigned fin = kFin) {
  constexpr std::array<char, 4> kMask{'\x37', '\x6a', '\x21', '\x5d'};
  std::string out(1, static_cast<char>(fin | opcode));
  const std::size_t size = payload.size();
  const std::size_t length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const std::size_t short_length = length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127;
  out.push_back(static_cast<char>(0x80U | short_length));
  for (std::size_t i = length_bytes; i-- > 0;) {
    out.push_back(static_cast<char>((size >> (8 * i)) & 0xffU));
  }
  out.append(kMask.data(), kMask.size());
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
  }
  return out;
}

struct ServerFrame {
  unsigned opcode = 0;
  std::string_view payload;
  std::size_t size = 0;  // all of it; 0 when `bytes` ends inside
};

ServerFrame parse_frame(std::string_view bytes) {
  if (bytes.size() < 2) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if ((byte(0) & 0xf0U) != 0x80U || (byte(1) & 0x80U) != 0) {
    throw std::runtime_error("the server sent a fragment, a reserved bit or a masked frame");
  }
  std::size_t length = byte(1);
  const std::size_t head = length < 126 ? 2 : length == 126 ? 4 : 10;
  if (bytes.size() < head) return {};
  if (head > 2) length = 0;
  for (std::size_t i = 2; i < head; ++i) length = length << 8U | byte(i);
  if (bytes.size() - head < length) return {};
  return {byte(0) & 0x0fU, bytes.substr(head, length), head + length};
}

}  // namespace

std::string text_frame(std::string_view text) {
  return frame(kText, text);
}

std::string fragment(std::string_view text, Fragment which) {
  return which == Fragment::first ? frame(kText, text, 0) : frame(kContinuation, text);
}

std::string ping_frame() {
  return frame(kPing, "?");
}

std::string close_frame(std::uint16_t code) {
  return frame(kClose, std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)});
}

std::string message_text(Protocol protocol, std::string_view name, std::string_view text) {
  if (protocol != Protocol::socketio) return std::string(text);
  return "42[\"" + std::string(name) + "\",\"" + std::string(text) + "\"]";
}

void WebSocketClient::on_connected() {
  state_ = State::http_upgrade;
  const std::string target =
      protocol_ == Protocol::socketio ? "/socket.io/?EIO=4&transport=websocket" : path_;
  send("GET " + target +
       " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
}

std::size_t WebSocketClient::on_bytes(std::span<char> bytes) {
  std::string_view rest(bytes.data(), bytes.size());
  if (state_ == State::http_upgrade) rest.remove_prefix(on_http(rest));
  while (state_ != State::http_upgrade && !dropped()) {
    const ServerFrame found = parse_frame(rest);
    if (found.size == 0) break;
    on_frame(found.opcode, found.payload);
    rest.remove_prefix(found.size);
  }
  if (state_ == State::ready && !dropped()) on_read_end();
  return bytes.size() - rest.size();
}

std::size_t WebSocketClient::on_http(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  // The answer to the key above, from RFC 6455 section 1.3.
  if (!bytes.starts_with("HTTP/1.1 101") ||
      bytes.substr(0, end).find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == std::string_view::npos) {
    throw std::runtime_error("upgrade refused: " + std::string(bytes.substr(0, end)));
  }
  state_ = protocol_ == Protocol::socketio ? State::engineio_open : State::ready;
  if (state_ == State::ready) on_ready();
  return end + 4;
}

void WebSocketClient::on_frame(unsigned opcode, std::string_view payload) {
  if (opcode == kText || opcode == kBinary) return on_text(payload);
  if (opcode == kPing) return send(frame(kPong, payload));
  if (opcode == kPong) return;
  if (opcode == kClose && payload.size() >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(payload[i]); };
    return on_close(static_cast<std::uint16_t>(byte(0) << 8U | byte(1)));
  }
  throw std::runtime_error("the server sent frame type " + std::to_string(opcode));
}

void WebSocketClient::on_close(std::uint16_t code) {
  throw std::runtime_error("the server closed with " + std::to_string(code));
}

void WebSocketClient::on_text(std::string_view text) {
  if (protocol_ != Protocol::socketio) return on_message(text);
  if (text == "2") return send(text_frame("3"));
  if (state_ == State::ready) return on_message(text);
  if (state_ == State::engineio_open && text.starts_with("0{")) {
    state_ = State::socketio_connect;
    return send(text_frame("40"));
  }
  if (state_ != State::socketio_connect || !text.starts_with("40{")) {
    throw std::runtime_error("unexpected in the handshake: " + std::string(text.substr(0, 80)));
  }
  state_ = State::ready;
  on_ready();
}

}  // namespace naru::load
