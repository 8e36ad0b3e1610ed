#include "event_stream.hpp"

#include <charconv>
#include <stdexcept>

namespace naru::load {

void EventStream::on_connected() {
  open_ = false;
  send("GET " + path_ + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n");
}

std::size_t EventStream::on_bytes(std::span<char> bytes) {
  std::string_view rest(bytes.data(), bytes.size());
  if (!open_) {
    const std::size_t end = rest.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    if (!rest.starts_with("HTTP/1.1 200")) {
      throw std::runtime_error("no stream: " + std::string(rest.substr(0, end)));
    }
    rest.remove_prefix(end + 4);
    open_ = true;
  }
  for (;;) {
    const std::size_t line = rest.find("\r\n");
    if (line == std::string_view::npos) break;
    std::size_t size = 0;
    const auto [last, error] = std::from_chars(rest.data(), rest.data() + line, size, 16);
    if (error != std::errc{} || last != rest.data() + line || size == 0) {
      throw std::runtime_error("no chunk: " + std::string(rest.substr(0, 80)));
    }
    if (rest.size() < line + 2 + size + 2) break;
    on_text(rest.substr(line + 2, size));
    rest.remove_prefix(line + 2 + size + 2);
  }
  return bytes.size() - rest.size();
}

// A chunk holds whole events, each with one line of data. The first one is the stream's own.
void EventStream::on_text(std::string_view text) {
  constexpr std::string_view data = "data: ";
  bool own = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("a chunk ends inside a line");
    const std::string_view line = text.substr(0, end);
    if (line == "event: subscribed") own = true;
    if (line.starts_with(data)) own ? on_open() : on_data(line.substr(data.size()));
    if (line.empty()) own = false;
    text.remove_prefix(end + 1);
  }
}

}  // namespace naru::load
