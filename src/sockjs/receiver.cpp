#include "sockjs/receiver.hpp"

#include "json/split.hpp"
#include "sockjs/documents.hpp"

#include <utility>

namespace naru::sockjs {
namespace {

constexpr std::size_t kPrelude = 2048;  // what some browsers wait for before they show a byte

// A frame once more as a JSON string, within a script element or a script: "</script>" and "<!--"
// must not end or change it. A frame is escaped already, so that nothing else is special.
void append_script_string(std::string_view frame, std::string& out) {
  std::string literal;
  json::append_string(frame, literal);
  for (const char c : literal) {
    if (c == '<') {
      out.append("\\u003c");
    } else {
      out.push_back(c);
    }
  }
}

// Nothing of what a frame's JSON text can hold: a line's end would end the event, and the client
// decodes percent signs.
void append_event_data(std::string_view frame, std::string& out) {
  for (const char c : frame) {
    switch (c) {
      case '\r':
        out.append("%0D");
        break;
      case '\n':
        out.append("%0A");
        break;
      case '\0':
        out.append("%00");
        break;
      case '%':
        out.append("%25");
        break;
      default:
        out.push_back(c);
    }
  }
}

}  // namespace

std::string_view transport_name(Transport transport) {
  switch (transport) {
    case Transport::websocket:
      return "websocket";
    case Transport::raw_websocket:
      return "websocket-raw";
    case Transport::xhr_polling:
      return "xhr-polling";
    case Transport::xhr_streaming:
      return "xhr-streaming";
    case Transport::eventsource:
      return "eventsource";
    case Transport::htmlfile:
      return "htmlfile";
    case Transport::jsonp_polling:
      return "jsonp-polling";
  }
  return {};
}

Receiver::Receiver(Transport transport, std::string callback, std::size_t response_limit)
    : transport_(transport), callback_(std::move(callback)), response_limit_(response_limit) {}

std::string_view Receiver::content_type() const {
  switch (transport_) {
    case Transport::eventsource:
      return "text/event-stream";
    case Transport::htmlfile:
      return "text/html; charset=UTF-8";
    default:
      return "application/javascript; charset=UTF-8";
  }
}

bool Receiver::streaming() const {
  return transport_ != Transport::xhr_polling && transport_ != Transport::jsonp_polling;
}

std::string Receiver::prelude() const {
  switch (transport_) {
    case Transport::xhr_streaming:
      return std::string(kPrelude, 'h').append("\n");
    case Transport::eventsource:
      return "\r\n";
    case Transport::htmlfile:
      return htmlfile_head(callback_);
    default:
      return {};
  }
}

std::string Receiver::wrap(std::string_view frame) {
  std::string out;
  switch (transport_) {
    case Transport::eventsource:
      out.append("data: ");
      append_event_data(frame, out);
      out.append("\r\n\r\n");
      break;
    case Transport::htmlfile:
      out.append("<script>\np(");
      append_script_string(frame, out);
      out.append(");\n</script>\r\n");
      break;
    case Transport::jsonp_polling:
      // Whatever the callback's name is, it is not what the answer begins with.
      out.append("/**/").append(callback_).append("(");
      append_script_string(frame, out);
      out.append(");\r\n");
      break;
    default:
      out.append(frame).append("\n");
  }
  written_ += out.size();
  return out;
}

}  // namespace naru::sockjs
