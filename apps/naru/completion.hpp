#pragma once

#include "outline.hpp"

#include <string>

namespace naru::app {

// What bash, zsh or fish reads to complete the command line. Throws std::invalid_argument for
// another shell.
std::string completion(const Outline& outline, const std::string& shell);

}  // namespace naru::app
