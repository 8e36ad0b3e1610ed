#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace naru::app {

// Names that were heard or typed, for completion: they come from a peer, so there is a limit.
class KnownNames {
 public:
  static constexpr std::size_t kNames = 256;
  static constexpr std::size_t kNameBytes = 64;

  // Passes over a name that could not be typed as one word, or would give orders to a terminal.
  void learn(std::string_view name);
  // What all names with this prefix go on with, and those names.
  struct Match {
    std::string rest;
    std::set<std::string> names;
  };
  Match complete(std::string_view prefix) const;

 private:
  std::set<std::string> names_;
};

// A line typed at a terminal: arrow keys, history, completion (libedit inside). What is printed
// meanwhile comes above it. One thread reads; any thread may print.
class LineEditor {
 public:
  // Both ends are a terminal that can move its cursor, and we were built with libedit.
  static bool usable();

  // read() ends when `wake` becomes readable.
  explicit LineEditor(int wake);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // nullopt: end of input, or woken.
  std::optional<std::string> read();
  void print(std::string_view line);
  void learn(std::string_view name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace naru::app
