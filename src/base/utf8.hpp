#pragma once

#include <cstdint>
#include <string_view>

namespace naru {

// Whether the whole of `text` is well-formed UTF-8 (Unicode table 3-7).
bool is_utf8(std::string_view text);

// Validates text that arrives in pieces and fails at the first octet that cannot be right, even
// where it starts a piece (RFC 6455 section 8.1; Autobahn 6.4).
class Utf8Validator {
 public:
  // Takes the next piece. False once the text cannot become valid any more.
  [[nodiscard]] bool receive(std::string_view piece);
  // True at a boundary of code points: the text may end here.
  [[nodiscard]] bool complete() const { return missing_ == 0; }
  void reset() { *this = {}; }

 private:
  [[nodiscard]] bool step(unsigned char byte);

  std::uint8_t missing_ = 0;  // continuation octets still to come
  std::uint8_t low_ = 0x80;   // bounds of the next one
  std::uint8_t high_ = 0xbf;
};

}  // namespace naru
