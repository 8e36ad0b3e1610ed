#include "naru/arguments.hpp"

#include <cstddef>
#include <string>

namespace naru {
namespace {

constexpr std::size_t kKeptBuffer = 65536;  // a larger one is freed
thread_local std::string argument_buffer;

}  // namespace

void detail::ArgumentWriter::take_buffer() {
  text_.swap(argument_buffer);
  text_.clear();
}

void detail::ArgumentWriter::give_back_buffer() {
  if (text_.capacity() <= kKeptBuffer) argument_buffer.swap(text_);
}

}  // namespace naru
