// The server's side of HTTP/2. However its input is cut, Session must say the same about it; and
// with answers under way, windows that close and small budgets, it must stay in order. Input: a
// count byte, as many sizes of pieces (used in turn), the frames behind the preface.
#include "base/assert.hpp"
#include "http2/session.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace naru;
using http2::Event;
using http2::StreamId;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr Instant kNow{std::chrono::seconds(1000)};

std::vector<std::string> cut(std::string_view stream, std::string_view sizes) {
  std::vector<std::string> pieces;
  for (std::size_t turn = 0; !stream.empty(); ++turn) {
    std::size_t size = stream.size();
    if (!sizes.empty()) size = static_cast<unsigned char>(sizes[turn % sizes.size()]) + 1U;
    size = std::min(size, stream.size());
    pieces.emplace_back(stream.substr(0, size));
    stream.remove_prefix(size);
  }
  return pieces;
}

// What a request says, read to its last byte.
std::string describe(const http::Request& request) {
  std::string text;
  text.append(request.method).append(" ").append(request.target).append(" ");
  text.append(request.protocol).append(request.path).append(request.query);
  for (const http::Field& field : request.fields) {
    NARU_ASSERT(http::is_token(field.name));
    text.append(field.name).append(": ").append(field.value).append("\n");
  }
  NARU_ASSERT(request.count("host") == 1);
  NARU_ASSERT(request.count("transfer-encoding") == 0);
  return text;
}

// The events of each stream as text. Those that were reset are left out: what is asked and taken
// back in one piece is not told, and a body that breaks its length is told as far as it came.
std::map<StreamId, std::string> transcript(const std::vector<std::string>& pieces) {
  http2::Limits limits;
  limits.pending_frames = 1'000'000;  // looked at after each piece
  ChunkPool chunks;
  http2::Session session(limits, chunks);
  std::map<StreamId, std::string> said;
  std::set<StreamId> closed;
  const auto note_events = [&] {
    while (const auto event = session.next_event()) {
      std::string& text = said[event->stream];
      switch (event->type) {
        case Event::Type::request:
          text += describe(session.request(event->stream));
          break;
        case Event::Type::refused:
          text += "refused " + std::to_string(event->code);
          break;
        case Event::Type::data:
          text.append(event->data.data(), event->data.size());
          break;
        case Event::Type::end:
          text += "end";
          break;
        case Event::Type::closed:
          closed.insert(event->stream);
          break;
      }
    }
  };
  for (const std::string& piece : pieces) {
    std::string bytes = piece;
    const bool alive = session.receive(bytes, kNow).has_value();
    note_events();
    if (!alive) break;
  }
  SendQueue out(chunks);
  session.send(out, std::size_t{1} << 30U);  // our resets
  note_events();
  if (session.finished()) return {};  // a connection error leaves resets unsaid
  for (const StreamId id : closed) said.erase(id);
  return said;
}

// Answers what it is asked, echoes in tunnels, and takes its time to read.
class Server {
 public:
  Server() : session_(limits_, chunks_), out_(chunks_) {}

  bool receive(std::string bytes) {
    const bool alive = session_.receive(bytes, kNow).has_value();
    handle_events();
    session_.send(out_, 2000);
    handle_events();
    std::array<std::string_view, 8> pieces;
    const std::size_t count = out_.peek(pieces);
    if (count > 0) out_.consume(pieces[0].size());  // a slow socket
    NARU_ASSERT(session_.streams() <= limits_.streams);
    return alive && !session_.finished();
  }

 private:
  void handle_events() {
    while (const auto event = session_.next_event()) {
      switch (event->type) {
        case Event::Type::request:
          begin(event->stream);
          break;
        case Event::Type::data:
          receive_data(event->stream, {event->data.data(), event->data.size()});
          break;
        case Event::Type::end:
          end(event->stream);
          break;
        case Event::Type::closed:
          tunnels_.erase(event->stream);
          break;
        case Event::Type::refused:
          break;
      }
    }
  }
  void begin(StreamId id) {
    const http::Request& request = session_.request(id);
    describe(request);
    if (request.protocol.empty()) return;
    if (request.path == "/no") return session_.respond(id, http::plain(403));
    session_.accept(id, {}, tunnels_.try_emplace(id, chunks_).first->second);
    session_.forget_request(id);
  }
  void receive_data(StreamId id, std::string_view data) {
    const auto tunnel = tunnels_.find(id);
    if (tunnel == tunnels_.end()) {
      if (data.size() < 50) session_.consume(id, data.size());
      return;
    }
    if (data.starts_with("reset")) {
      session_.reset(id, http2::ErrorCode::cancel);
      tunnels_.erase(tunnel);
      return;
    }
    session_.consume(id, data.size());
    tunnel->second.append(data);
    session_.resume(id);
  }
  void end(StreamId id) {
    if (tunnels_.contains(id)) return session_.end(id);
    session_.respond(id, {.body = std::string(session_.request(id).path.size() * 100, 'x')});
  }

  http2::Limits limits_{.message = {.head_bytes = 1024, .target_bytes = 128, .fields = 8},
                        .streams = 4,
                        .stream_window = 500,
                        .pending_frames = 50,
                        .resets = {10, 1},
                        .provoked_resets = {10, 1},
                        .control_frames = {20, 1},
                        .empty_frames = {5, 1}};
  ChunkPool chunks_;
  std::map<StreamId, SendQueue> tunnels_;  // outlives the session
  http2::Session session_;
  SendQueue out_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::size_t count =
      std::min<std::size_t>(static_cast<unsigned char>(input[0]) % 16, input.size() - 1);
  const std::string_view sizes = input.substr(1, count);
  const std::string stream = std::string(kPreface).append(input.substr(1 + count));
  const auto whole = transcript({stream});
  const auto pieces = cut(stream, sizes);
  for (const auto& [id, text] : transcript(pieces)) {
    const auto found = whole.find(id);
    NARU_ASSERT(found == whole.end() || found->second == text);
  }
  Server server;
  for (const std::string& piece : pieces) {
    if (!server.receive(piece)) break;
  }
  return 0;
}
