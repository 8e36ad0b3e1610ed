#pragma once

#include "line_editor.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace naru::app {

// The lines of standard input, read on a thread of its own; on a terminal they are edited. What is
// said meanwhile goes by print() and complain(), so that it does not tear the line being typed.
class Keyboard {
 public:
  // Both are called on the keyboard's thread.
  Keyboard(std::function<void(const std::string&)> on_line, std::function<void()> on_end);
  ~Keyboard() { end(); }
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  // Once; later calls do nothing. On the client's loop: there SIGINT is blocked, as it must be on
  // this thread, so that it comes to the client.
  void begin();
  // No line comes any more. What is said still appears.
  void end();

  // Whether a person types, who needs not wait for what is still due.
  bool edited() const { return editor_ != nullptr; }

  // From any thread.
  void print(const std::string& line);
  void complain(const std::string& what);
  void learn(std::string_view name);  // completed from now on

 private:
  void read_edited();
  void read_plain();

  std::function<void(const std::string&)> on_line_;
  std::function<void()> on_end_;
  // Readable once it has to end.
  class Wake {
   public:
    Wake();
    ~Wake();
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;
    void ring() const;
    const int fd;
  };
  const Wake wake_;
  std::unique_ptr<LineEditor> editor_;  // null: not at a terminal
  std::thread thread_;
};

}  // namespace naru::app
