// The naru command. Each subcommand is a file beside this one.

#include "command_line.hpp"
#include "completion.hpp"
#include "manual.hpp"
#include "outline.hpp"
#include "serve.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace naru::app;

// A word that is no command, with the one that was meant.
void say_nearest(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const std::string word(argv[1]);
  std::vector<std::string> known;
  for (const CommandOutline& each : outline(app).commands) {
    if (each.name == word) return;
    known.push_back(each.name);
  }
  const std::string meant = nearest(word, known);
  if (meant.empty()) return;
  std::fprintf(stderr, "'%s' is no command: did you mean %s?\n", word.c_str(), meant.c_str());
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
    std::fprintf(stderr, "naru: %s\n", error.what());
    return 2;  // a wrong call likewise
  } catch (const std::exception& error) {
    std::fprintf(stderr, "naru: %s\n", error.what());
    return 1;
  }
}
