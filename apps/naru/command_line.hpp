#pragma once

#include "bench.hpp"
#include "config.hpp"
#include "doctor.hpp"
#include "talk.hpp"

#include <string>

namespace CLI {
class App;
}

namespace naru::app {

struct ServeArguments {
  ServeConfig config;
  std::string file;
};

// What was typed, of whichever command it was.
struct CommandLine {
  ServeArguments serve;
  TalkArguments connect;
  TalkArguments listen;
  TalkArguments emit;
  TalkArguments publish;
  BenchArguments bench;
  DoctorArguments doctor;
  std::string shell;  // of completion
};

// All commands and their options. The names of values say what they are: a|b|c is one of these,
// FILE and DIR are paths.
void declare(CLI::App& app, CommandLine& given);

// What the command line sets wins over the file, and the file over the defaults.
ServeConfig serve_config(const CLI::App& app, const ServeArguments& given);

}  // namespace naru::app
