#pragma once

#include "support/test_server.hpp"

#include <string>
#include <string_view>

namespace naru::test {

inline const std::string kAuthorization = "Authorization: Bearer s3cret\r\n";

// A stream as HTTP/1.0 gives it, which is without chunks.
class Stream : public Peer {
 public:
  Stream(const TestServer& server, std::string_view target, std::string_view fields = {},
         std::string_view accept = "text/event-stream")
      : Peer(server.port) {
    std::string text = "GET ";
    text.append(target).append(" HTTP/1.0\r\nAccept: ").append(accept).append("\r\n");
    send(text.append(fields).append("\r\n"));
    head = answer();
  }
  // The next event, less the line end behind it.
  std::string event() {
    for (;;) {
      std::string text = read_through("\n\n");
      if (text.starts_with("retry: ") || text.starts_with(":")) continue;
      return text.substr(0, text.empty() ? 0 : text.size() - 2);
    }
  }
  std::string line() { return read_through("\n"); }
  Answer head;
};

// The text of a member of an object.
inline std::string member(const std::string& json, const std::string& name) {
  const auto at = json.find('"' + name + "\":\"");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return json.substr(from, json.find('"', from) - from);
}

inline std::string id_of(const std::string& event) {
  return event.starts_with("id: ") ? event.substr(4, event.find('\n') - 4) : "";
}

}  // namespace naru::test
