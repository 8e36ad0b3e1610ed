#pragma once

#include "naru/server.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace naru::app {

// "debug", "info", "warning", "error" or "off"; nullopt for off. Throws std::runtime_error for
// another word.
std::optional<LogLevel> parse_log_level(const std::string& word);

// Writes one line per event to standard error: time=... level=... event=...
std::function<void(LogLevel, std::string_view)> stderr_logger();

}  // namespace naru::app
