#pragma once

#include "base/assert.hpp"
#include "http/response_decoder.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace naru::test {

// What a decoder says about an answer that arrives in these pieces and then ends, as text: one line
// per event, and what it left of the stream.
inline std::string response_transcript(
    const std::vector<std::string>& pieces, const http::Limits& limits = {},
    http::ResponseDecoder::Asked asked = http::ResponseDecoder::Asked::upgrade) {
  using Event = http::ResponseDecoder::Event;
  http::ResponseDecoder decoder(limits, asked);
  const http::ReceivedResponse& response = decoder.response();
  std::string text;
  std::string left;
  bool done = false;
  const auto fail = [&](const Error& error) {
    text.append("error ").append(error.text).append("\n");
    done = true;
  };
  const auto complete = [&] {
    NARU_ASSERT(response.body.size() <= limits.body_bytes);
    text += "complete " + response.body + (response.body_cut ? " cut" : "");
    text += decoder.switched() ? " switched\n" : "\n";
    done = true;
  };
  for (const std::string& piece : pieces) {
    std::vector<char> bytes(piece.begin(), piece.end());  // in memory of its own size
    Cursor in(bytes);
    while (!done) {
      const auto event = decoder.receive(in);
      if (!event) {
        fail(event.error());
      } else if (!*event) {
        NARU_ASSERT(in.empty());
        break;
      } else if (**event == Event::head) {
        text += "head " + std::to_string(response.status) + ' ' + std::string(response.reason);
        for (const http::Field& field : response.fields) {
          text += " [" + std::string(field.name) + '=' + std::string(field.value) + ']';
        }
        text += '\n';
      } else {
        complete();
      }
    }
    if (done && decoder.switched()) left += in.view();
  }
  if (!done) {
    if (const auto end = decoder.receive_end(); !end) {
      fail(end.error());
    } else {
      complete();
    }
  }
  return text + left;
}

}  // namespace naru::test
