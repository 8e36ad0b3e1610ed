#pragma once

#include "outline.hpp"

#include <string>

namespace naru::app {

// The manual page naru(1), as man(7) has it. Its date is $SOURCE_DATE_EPOCH, or today.
std::string manual(const Outline& outline);

}  // namespace naru::app
