#include "stomp/transaction.hpp"

#include <cstring>
#include <string_view>

namespace naru::stomp {

OwnedFrame::OwnedFrame(const Frame& frame) {
  text_bytes_ = frame.body.size();
  for (const Header& header : frame.headers) {
    text_bytes_ += header.name.size() + header.value.size();
  }
  text_ = std::make_unique<char[]>(text_bytes_);
  char* at = text_.get();
  const auto keep = [&at](std::string_view text) {
    char* const begin = at;
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
    return std::string_view(begin, text.size());
  };
  frame_.command = frame.command;
  frame_.headers.reserve(frame.headers.size());
  for (const Header& header : frame.headers) {
    const std::string_view name = keep(header.name);
    frame_.headers.push_back({name, keep(header.value)});
  }
  frame_.body = keep(frame.body);
}

std::size_t OwnedFrame::bytes() const {
  return sizeof *this + text_bytes_ + frame_.headers.size() * sizeof(Header);
}

}  // namespace naru::stomp
