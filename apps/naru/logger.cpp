#include "logger.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>

namespace naru::app {

std::optional<LogLevel> parse_log_level(const std::string& word) {
  if (word == "debug") return LogLevel::debug;
  if (word == "info") return LogLevel::info;
  if (word == "warning") return LogLevel::warning;
  if (word == "error") return LogLevel::error;
  if (word == "off") return std::nullopt;
  throw std::runtime_error("'" + word + "' is no log level: debug, info, warning, error or off");
}

std::function<void(LogLevel, std::string_view)> stderr_logger() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("naru", std::move(sink));
  logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::debug);  // the server filters
  return [logger](LogLevel level, std::string_view line) {
    switch (level) {
      case LogLevel::debug:
        return logger->debug(line);
      case LogLevel::info:
        return logger->info(line);
      case LogLevel::warning:
        return logger->warn(line);
      case LogLevel::error:
        return logger->error(line);
    }
  };
}

}  // namespace naru::app
