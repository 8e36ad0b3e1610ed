#include "base/assert.hpp"
#include "websocket/extensions.hpp"
#include "websocket/handshake.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Input: lines "name:value", the fields of a request that is otherwise fine. Whatever they are, the
// answer is a 101 that is one HTTP head, or one of the refusals.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace naru;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  http::Request request;
  request.method = "GET";
  request.fields = {{"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Version", "13"}};
  std::string_view last_name = "X-Application";
  std::string_view last_value;
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    const std::size_t colon = std::min(line.find(':'), line.size());
    last_name = line.substr(0, colon);
    last_value = line.substr(std::min(line.size(), colon + 1));
    request.fields.push_back({last_name, last_value});
    if (const auto extensions = websocket::parse_extensions(last_value)) {
      for (const auto& extension : *extensions) NARU_ASSERT(http::is_token(extension.name));
    }
  }

  websocket::Handshake handshake =
      websocket::accept_handshake(request, {"v12.stomp", "chat", "graphql-ws"});
  const int status = handshake.response.status;
  NARU_ASSERT(handshake.accepted == (status == 101));
  NARU_ASSERT(status == 101 || status == 400 || status == 426);
  if (!handshake.accepted) return 0;

  handshake.response.add(last_name, last_value);  // as if the application echoed it
  ChunkPool pool;
  SendQueue queue(pool);
  websocket::encode_switching_protocols(handshake.response, queue);
  std::string_view head;
  NARU_ASSERT(queue.peek({&head, 1}) == 1 && head.size() == queue.size());
  NARU_ASSERT(head.find("\r\n\r\n") == head.size() - 4);
  const auto newlines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
  NARU_ASSERT(newlines <= handshake.response.fields.size() + 2);
  return 0;
}
