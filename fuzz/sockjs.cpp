// What a SockJS peer sends: paths, bodies, callbacks; and what it is sent, wrapped for each
// transport.
#include "json/split.hpp"
#include "json/string.hpp"
#include "sockjs/client_session.hpp"
#include "sockjs/documents.hpp"
#include "sockjs/frame.hpp"
#include "sockjs/messages.hpp"
#include "sockjs/path.hpp"
#include "sockjs/receiver.hpp"
#include "sockjs/session.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace naru::sockjs;

void require(bool condition) {
  if (!condition) std::abort();
}

// What was read is what it reads as when it is written again, on every transport.
void run_messages(std::string_view body, Carrier carrier) {
  const Limits limits{.messages = 64};
  const auto messages = read_messages(body, carrier, limits);
  if (!messages) return;
  require(messages->size() <= limits.messages);
  std::string elements;
  for (const std::string& message : *messages) {
    if (!elements.empty()) elements.push_back(',');
    append_string(message, elements);
  }
  const std::string frame = message_frame(elements);
  const auto again = read_messages(std::string_view(frame).substr(1), Carrier::body, limits);
  require(again.has_value() && *again == *messages);
  require(frame.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);

  const std::string script = Receiver(Transport::jsonp_polling, "f", 1).wrap(frame);
  const std::string_view argument = std::string_view(script).substr(6, script.size() - 10);
  require(argument.find('<') == std::string_view::npos);
  std::string storage;
  const auto carried = naru::json::decode_string(argument, storage);
  require(carried.has_value() && *carried == frame);
  require(Receiver(Transport::eventsource, {}, 1).wrap(frame).find('\n') ==
          Receiver(Transport::eventsource, {}, 1).wrap(frame).size() - 3);
}

// A session that is asked this and that as time goes by.
void run_session(std::string_view steps) {
  naru::Instant now{};
  Session session({}, now);
  for (const char step : steps) {
    now += std::chrono::milliseconds(static_cast<unsigned char>(step) * 10);
    switch (static_cast<unsigned char>(step) % 5) {
      case 0: {
        const bool attached = session.attached();
        require((session.attach(now) == Session::Attach::busy) == attached);
        break;
      }
      case 1:
        session.detach(now);
        break;
      case 2:
        session.on_sent(now);
        break;
      case 3:
        if (steps.size() > 200) session.close(1000, steps.substr(0, 10), now);
        break;
      default:
        if (session.on_deadline(now) == Session::Due::expired) return;
    }
    require(session.deadline() != naru::kNever);
  }
}

// A client reads the same however an answer is cut, and never more than it may.
void run_client(std::string_view body) {
  const auto lived = [](std::string_view text, std::size_t cut) {
    ClientSession session({.limits = {.messages = 64}}, {});
    FrameLines lines(512);
    std::string said;
    for (std::string piece : {std::string(text.substr(0, cut)), std::string(text.substr(cut))}) {
      for (naru::Cursor in(piece);;) {
        const auto frame = lines.receive(in);
        if (!frame || !*frame) {
          if (!frame) return said + "!";
          break;
        }
        require((*frame)->size() <= 512);
        const auto what = session.receive(**frame, {});
        if (!what) return said + "?";
        said.push_back(static_cast<char>('0' + static_cast<int>(*what)));
        if (*what == ClientSession::What::messages) {
          for (const std::string& message : session.messages()) said += message + "\n";
        }
      }
    }
    return said;
  };
  const std::string whole = lived(body, body.size());
  require(lived(body, body.size() / 2) == whole);
  require(lived(body, body.size() / 3) == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  run_messages(input, Carrier::body);
  run_messages(input, Carrier::websocket);
  const std::string rest = "/" + std::string(input.substr(0, 600));
  require(parse_path(rest).session.size() <= kSessionBytes);
  if (is_callback(input)) {
    require(input.find_first_of("<>()'\"\\; \n") == std::string_view::npos);
  }
  std::string literal;
  append_string(input, literal);
  require(naru::json::validate(literal, {}).has_value());
  run_session(input);
  run_client(input);
  run_client("o\n" + std::string(input));
  return 0;
}
