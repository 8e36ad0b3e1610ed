// Without libedit: a terminal is read as any other input.
#include "line_editor.hpp"

namespace naru::app {

struct LineEditor::State {};

bool LineEditor::usable() {
  return false;
}
LineEditor::LineEditor(int) {}
LineEditor::~LineEditor() = default;
std::optional<std::string> LineEditor::read() {
  return std::nullopt;
}
void LineEditor::print(std::string_view) {}
void LineEditor::learn(std::string_view) {}

}  // namespace naru::app
