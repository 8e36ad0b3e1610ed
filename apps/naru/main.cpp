// The naru command. Each subcommand is a file beside this one.

#include "command_line.hpp"
#include "completion.hpp"
#include "manual.hpp"
#include "outline.hpp"
#include "serve.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace naru::app;

void say_nearest(const std::string& word, const char* what, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return;
  const std::string meant = nearest(word, known);
  if (meant.empty()) return;
  std::fprintf(stderr, "'%s' is no %s: did you mean %s?\n", word.c_str(), what, meant.c_str());
}

// A word that is no command, or no option of the command, with the one that was meant.
void say_nearest(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> commands;
  for (const CommandOutline& each : outline(app).commands) {
    commands.push_back(each.name);
    if (each.name != argv[1]) continue;
    std::vector<std::string> options;
    for (const OptionOutline& option : each.options) {
      options.insert(options.end(), option.names.begin(), option.names.end());
    }
    for (int i = 2; i < argc; ++i) {
      const std::string word(argv[i]);
      if (word == "--") return;
      if (word.starts_with("--")) say_nearest(word.substr(0, word.find('=')), "option", options);
    }
    return;
  }
  say_nearest(argv[1], "command", commands);
}

// What the library throws says already whose it is.
void complain_of(const std::exception& error) {
  const std::string_view what(error.what());
  std::fprintf(stderr, "%s%s\n", what.starts_with("naru: ") ? "" : "naru: ", error.what());
}

int run(const CLI::App& app, const CommandLine& given) {
  if (app.got_subcommand("connect")) return connect(given.connect);
  if (app.got_subcommand("listen")) return listen(given.listen);
  if (app.got_subcommand("emit")) return emit(given.emit);
  if (app.got_subcommand("publish")) return publish(given.publish);
  if (app.got_subcommand("bench")) return bench(given.bench);
  if (app.got_subcommand("doctor")) return doctor(given.doctor);
  if (app.got_subcommand("serve")) return serve(serve_config(app, given.serve));
  const bool completes = app.got_subcommand("completion");
  const std::string text = completes ? completion(outline(app), given.shell) : manual(outline(app));
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"naru: WebSocket, Socket.IO and HTTP on one port", "naru"};
  CommandLine given;
  declare(app, given);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) say_nearest(app, argc, argv);
    return app.exit(error) == 0 ? 0 : 2;  // help and version, or a wrong call
  }
  try {
    return run(app, given);
  } catch (const std::invalid_argument& error) {
    complain_of(error);
    return 2;  // a wrong call likewise
  } catch (const std::exception& error) {
    complain_of(error);
    return 1;
  }
}
