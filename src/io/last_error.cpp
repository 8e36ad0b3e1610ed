#include "io/last_error.hpp"

#include <utility>

namespace naru::io {
namespace {

thread_local std::string last_error_text;

}  // namespace

const std::string& last_error() {
  return last_error_text;
}

void set_last_error(std::string text) {
  last_error_text = std::move(text);
}

}  // namespace naru::io
