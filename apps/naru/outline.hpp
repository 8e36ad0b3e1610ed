#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace naru::app {

// What there is on the command line, as the parser has it: help, completion and the manual page
// cannot differ.
struct OptionOutline {
  std::vector<std::string> names;  // with their dashes; of a positional one: its name
  std::string value;               // what --help calls it; empty: a flag
  std::string about;
  std::vector<std::string> choices{};
  bool file = false;
  bool directory = false;
  bool repeatable = false;
  bool required = false;
};

struct CommandOutline {
  std::string name;
  std::string about;
  std::vector<OptionOutline> options;
  std::vector<OptionOutline> positionals;
};

struct Outline {
  std::string name;
  std::string about;
  std::vector<OptionOutline> options;
  std::vector<CommandOutline> commands;  // but hidden ones
};

Outline outline(const CLI::App& app);

}  // namespace naru::app
