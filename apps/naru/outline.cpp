#include "outline.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace naru::app {
namespace {

std::vector<std::string> words_of(const std::string& value) {
  std::vector<std::string> words;
  if (value.find('|') == std::string::npos) return words;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find('|', begin), value.size());
    words.push_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

OptionOutline outline(const CLI::Option& option) {
  OptionOutline out;
  out.about = option.get_description();
  out.repeatable = option.get_expected_max() > 1;
  out.required = option.get_required();
  for (const std::string& each : option.get_snames()) out.names.push_back("-" + each);
  for (const std::string& each : option.get_lnames()) out.names.push_back("--" + each);
  if (option.get_positional()) out.names.push_back(option.get_name(true));
  if (option.get_items_expected_max() > 0) out.value = option.get_type_name();
  out.choices = words_of(out.value);
  out.file = out.value == "FILE";
  out.directory = out.value == "DIR";
  return out;
}

bool positional(const CLI::Option& option) {
  return option.get_positional();
}

}  // namespace

Outline outline(const CLI::App& app) {
  Outline out{app.get_name(), app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options()) out.options.push_back(outline(*option));
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); })) {
    CommandOutline one{command->get_name(), command->get_description(), {}, {}};
    for (const CLI::Option* option : command->get_options()) {
      (positional(*option) ? one.positionals : one.options).push_back(outline(*option));
    }
    out.commands.push_back(std::move(one));
  }
  return out;
}

}  // namespace naru::app
