// What nghttp2 calls while it reads and writes: notes events, and asks for nothing else of ours.
#include "base/assert.hpp"
#include "http2/session_state.hpp"

#include <algorithm>
#include <array>

namespace naru::http2 {
namespace {

constexpr std::size_t kPieces = 16;
constexpr std::size_t kFrameHead = 9;

std::string_view as_view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// What our reset says about the peer: these codes are for its mistakes.
bool is_provoked(std::uint32_t code) {
  switch (static_cast<ErrorCode>(code)) {
    case ErrorCode::no_error:
    case ErrorCode::cancel:
    case ErrorCode::internal_error:
      return false;
    default:
      return true;
  }
}

}  // namespace

void Session::State::configure(nghttp2_session_callbacks* calls) {
  nghttp2_session_callbacks_set_on_begin_frame_callback(calls, on_begin_frame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(calls, on_invalid_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
  nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_closed);
  nghttp2_session_callbacks_set_send_data_callback(calls, send_data);
}

int Session::State::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* self) {
  State& state = *static_cast<State*>(self);
  bool calm = true;
  switch (head->type) {
    case NGHTTP2_RST_STREAM:
      calm = state.spend(state.resets, state.limits.resets, "too many resets");
      break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING:
    case NGHTTP2_PRIORITY:
      calm =
          (head->flags & NGHTTP2_FLAG_ACK) != 0 ||
          state.spend(state.control_frames, state.limits.control_frames, "too many control frames");
      break;
    case NGHTTP2_DATA:
      calm = head->length > 0 || (head->flags & NGHTTP2_FLAG_END_STREAM) != 0 ||
             state.spend(state.empty_frames, state.limits.empty_frames, "too many empty frames");
      break;
    default:
      break;
  }
  return calm ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

int Session::State::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  State& state = *static_cast<State*>(self);
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  state.streams.try_emplace(frame->hd.stream_id, state.chunks);
  ++state.open;
  return 0;
}

int Session::State::on_header(nghttp2_session*, const nghttp2_frame* frame,
                              const std::uint8_t* name, std::size_t name_size,
                              const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                              void* self) {
  State& state = *static_cast<State*>(self);
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers tell us nothing
  if (Stream* stream = state.find(frame->hd.stream_id)) {
    stream->head.add(as_view(name, name_size), as_view(value, value_size), state.limits.message);
  }
  return 0;
}

// RFC 9113 8.2.1: malformed. Without this, nghttp2 would leave the field out and go on.
int Session::State::on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                                      std::size_t, const std::uint8_t*, std::size_t, std::uint8_t,
                                      void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Session::State::on_data(nghttp2_session* session, std::uint8_t, StreamId id,
                            const std::uint8_t* bytes, std::size_t size, void* self) {
  State& state = *static_cast<State*>(self);
  // One slow reader must not hold back the others.
  nghttp2_session_consume_connection(session, size);
  if (state.find_open(id) == nullptr) return 0;
  // They stand in what receive() was given, which is ours to change.
  auto* data = const_cast<char*>(reinterpret_cast<const char*>(bytes));
  state.tell({.type = Event::Type::data, .stream = id, .data = {data, size}});
  return 0;
}

int Session::State::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
  State& state = *static_cast<State*>(self);
  const StreamId id = frame->hd.stream_id;
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    state.finish_head(*frame);
    return 0;
  }
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  Stream* stream = state.find_open(id);
  if (stream == nullptr) return 0;
  if (frame->hd.type == NGHTTP2_HEADERS && (stream->tunnel || !stream->request.protocol.empty())) {
    // RFC 8441 4: nothing but DATA in a tunnel.
    nghttp2_submit_rst_stream(state.session, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  } else if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    state.tell({.type = Event::Type::end, .stream = id});
  }
  return 0;
}

int Session::State::on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame,
                                  void* self) {
  State& state = *static_cast<State*>(self);
  const StreamId id = frame->hd.stream_id;
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) break;
      Stream* stream = state.find(id);
      if (stream == nullptr) break;
      stream->end_sent = true;
      // The rest of a body that nobody wants (RFC 9113 8.1).
      if (!stream->tunnel && nghttp2_session_get_stream_remote_close(session, id) == 0) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
      }
      break;
    }
    case NGHTTP2_RST_STREAM:
      if (!is_provoked(frame->rst_stream.error_code)) break;
      state.tell({.type = Event::Type::refused, .stream = id, .text = "a stream error"});
      if (!state.spend(state.provoked_resets, state.limits.provoked_resets,
                       "too many stream errors")) {
        nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
      }
      break;
    case NGHTTP2_GOAWAY:
      if (frame->goaway.error_code == NGHTTP2_NO_ERROR) break;
      state.tell({.type = Event::Type::refused,
                  .stream = 0,
                  .text = state.broken.empty() ? "a connection error" : state.broken});
      break;
    default:
      break;
  }
  return 0;
}

int Session::State::on_closed(nghttp2_session*, StreamId id, std::uint32_t code, void* self) {
  State& state = *static_cast<State*>(self);
  Stream* stream = state.find(id);
  if (stream == nullptr || stream->closed) return 0;
  stream->closed = true;
  stream->source = nullptr;
  stream->body.clear();
  --state.open;
  state.tell({.type = Event::Type::closed, .stream = id, .code = code});
  return 0;
}

ssize_t Session::State::read_source(nghttp2_session*, StreamId id, std::uint8_t*, std::size_t room,
                                    std::uint32_t* flags, nghttp2_data_source*, void* self) {
  Stream* stream = static_cast<State*>(self)->find(id);
  if (stream == nullptr || stream->source == nullptr) return NGHTTP2_ERR_DEFERRED;
  const std::size_t size = std::min(room, stream->source->size());
  if (size == 0 && !stream->ending) return NGHTTP2_ERR_DEFERRED;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (stream->ending && size == stream->source->size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

// From a stream's queue straight to the connection's.
int Session::State::send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                              std::size_t size, nghttp2_data_source*, void* self) {
  State& state = *static_cast<State*>(self);
  Stream* stream = state.find(frame->hd.stream_id);
  NARU_ASSERT(stream != nullptr && stream->source != nullptr && state.out != nullptr);
  state.out->append(as_view(head, kFrameHead));
  SendQueue& source = *stream->source;
  while (size > 0) {
    std::array<std::string_view, kPieces> pieces;
    const std::size_t count = source.peek(pieces);
    std::size_t moved = 0;
    for (std::size_t i = 0; i < count && moved < size; ++i) {
      const std::string_view part = pieces[i].substr(0, size - moved);
      state.out->append(part);
      moved += part.size();
    }
    source.consume(moved);
    size -= moved;
  }
  if (state.out->size() < state.room) return 0;
  state.paused = true;
  return NGHTTP2_ERR_PAUSE;
}

}  // namespace naru::http2
