#pragma once

#include "base/assert.hpp"
#include "http/request_decoder.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::test {

// Everything that a decoder says about a stream of requests, as text: one line per event.
class HttpTranscript {
 public:
  explicit HttpTranscript(const http::Limits& limits = {}) : decoder_(limits) {}

  // Hands over the next piece of the stream, in memory of its own size.
  void feed(std::string_view piece) {
    std::vector<char> bytes(piece.begin(), piece.end());
    Cursor in(bytes);
    while (!failed_) {
      const auto event = decoder_.receive(in);
      if (!event) {
        failed_ = true;
        text_ += "error " + std::to_string(decoder_.error_status()) + "\n";
      } else if (!*event) {
        left_bytes_ = left_bytes_ || !in.empty();
        return;
      } else if (**event == http::RequestDecoder::Event::head) {
        add_head();
      } else {
        // Neither a trailer nor anything else of the body may become a field.
        NARU_ASSERT(decoder_.request().fields.size() == fields_);
        text_ += "complete " + decoder_.request().body + "\n";
        decoder_.next();
      }
    }
  }

  const std::string& text() const { return text_; }
  bool failed() const { return failed_; }
  // Whether the decoder asked for more without taking what there was.
  bool left_bytes() const { return left_bytes_; }
  http::RequestDecoder& decoder() { return decoder_; }

 private:
  void add_head() {
    const http::Request& request = decoder_.request();
    text_ += "head ";
    text_ += std::string(request.method) + ' ' + std::string(request.path);
    text_ += '?' + std::string(request.query) + " 1." + std::to_string(request.minor_version);
    if (request.keep_alive) text_ += " keep";
    if (request.has_body) text_ += " body";
    if (decoder_.expects_continue()) text_ += " continue";
    for (const http::Field& field : request.fields) {
      text_ += " [" + std::string(field.name) + '=' + std::string(field.value) + ']';
    }
    text_ += '\n';
    fields_ = request.fields.size();
  }

  http::RequestDecoder decoder_;
  std::string text_;
  std::size_t fields_ = 0;  // of the current request
  bool failed_ = false;
  bool left_bytes_ = false;
};

inline std::string http_transcript(const std::vector<std::string>& pieces,
                                   const http::Limits& limits = {}) {
  HttpTranscript transcript(limits);
  for (const std::string& piece : pieces) transcript.feed(piece);
  NARU_ASSERT(!transcript.left_bytes());
  return transcript.text();
}

}  // namespace naru::test
