#pragma once

#include "http/request.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace naru::http {

enum class ContentCoding : std::uint8_t { identity, gzip, deflate };

// The one of an answer (RFC 9110 section 12.5.3): what the client prefers by its q-values, and what
// it names first of equals.
ContentCoding choose_coding(const Request& request);
std::string_view coding_name(ContentCoding coding);

// Compresses bodies, one after the other, with the same memory. Not for several threads.
class ContentCoder {
 public:
  ContentCoder();
  ~ContentCoder();
  // The body in that coding, which is not identity; "" when there was no memory.
  std::string encode(ContentCoding coding, std::string_view body);

 private:
  class Stream;
  std::unique_ptr<Stream> gzip_;  // made when first used
  std::unique_ptr<Stream> deflate_;
};

}  // namespace naru::http
