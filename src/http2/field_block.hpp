#pragma once

#include "http/response.hpp"

#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::http2 {

// The fields of an answer as nghttp2 wants them: in lower case, without those that HTTP/2 does not
// know, and the status in front. A field that would not be one on the wire is left out.
class FieldBlock {
 public:
  FieldBlock(int status, const http::Response& response);
  void add(std::string_view name, std::string_view value);
  // Points into this block.
  std::vector<nghttp2_nv> native();

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace naru::http2
