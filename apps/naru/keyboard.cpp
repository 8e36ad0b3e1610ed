#include "keyboard.hpp"

#include "shown.hpp"
#include "talk_parts.hpp"

#include <array>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace naru::app {

Keyboard::Keyboard(std::function<void(const std::string&)> on_line, std::function<void()> on_end)
    : on_line_(std::move(on_line)), on_end_(std::move(on_end)) {
  if (LineEditor::usable()) editor_ = std::make_unique<LineEditor>(wake_.fd);
}

void Keyboard::begin() {
  if (thread_.joinable()) return;
  thread_ = std::thread([this] { editor_ != nullptr ? read_edited() : read_plain(); });
}

void Keyboard::end() {
  wake_.ring();
  if (thread_.joinable()) thread_.join();
}

void Keyboard::print(const std::string& line) {
  editor_ != nullptr ? editor_->print(line) : app::print(line);
}

void Keyboard::complain(const std::string& what) {
  if (editor_ != nullptr && ::isatty(STDERR_FILENO) != 0) {
    editor_->print("naru: " + one_line(what));
  } else {
    app::complain(what);
  }
}

void Keyboard::learn(std::string_view name) {
  if (editor_ != nullptr) editor_->learn(name);
}

void Keyboard::read_edited() {
  while (const auto line = editor_->read()) on_line_(*line);
  on_end_();
}

void Keyboard::read_plain() {
  std::array<pollfd, 2> ready{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{wake_.fd, POLLIN, 0}};
  std::array<char, 4096> bytes{};
  std::string line;
  for (;;) {
    if (::poll(ready.data(), ready.size(), -1) < 0) continue;
    if (ready[1].revents != 0) return;
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got <= 0) break;
    for (const char each : std::string_view(bytes.data(), static_cast<std::size_t>(got))) {
      if (each != '\n') {
        line += each;
      } else {
        on_line_(std::exchange(line, {}));
      }
    }
  }
  if (!line.empty()) on_line_(line);
  on_end_();
}

Keyboard::Wake::Wake() : fd(::eventfd(0, EFD_CLOEXEC)) {}

Keyboard::Wake::~Wake() {
  ::close(fd);
}

void Keyboard::Wake::ring() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd, &one, sizeof(one));
}

}  // namespace naru::app
