#include "http2/session.hpp"

#include "base/assert.hpp"
#include "http2/session_state.hpp"

#include <array>
#include <string>
#include <utility>

namespace naru::http2 {
namespace {

bool has_content(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

bool available() {
  return true;
}

Session::Session(const Limits& limits, ChunkPool& chunks)
    : state_(std::make_unique<State>(limits, chunks)) {
  nghttp2_session_callbacks* calls = nullptr;
  nghttp2_session_callbacks_new(&calls);
  State::configure(calls);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_outbound_ack(options, limits.pending_frames);
  nghttp2_option_set_max_settings(options, limits.settings);
  nghttp2_option_set_max_continuations(options, limits.continuations);
  // nghttp2 counts by a clock of its own; ours, which is told the time, counts first.
  nghttp2_option_set_stream_reset_rate_limit(options, std::uint64_t{limits.resets.burst} * 4,
                                             std::uint64_t{limits.resets.per_second} * 4);
  const int made = nghttp2_session_server_new2(&state_->session, calls, state_.get(), options);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(calls);
  NARU_ASSERT(made == 0);  // out of memory
  const std::array<nghttp2_settings_entry, 5> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(limits.message.head_bytes)},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      // Browsers build trees of exclusive dependencies, in which a busy stream starves the others.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(state_->session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(state_->session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits.connection_window));
}

Session::~Session() {
  nghttp2_session_del(state_->session);
}

Result<void> Session::receive(std::span<char> bytes, Instant now) {
  State& state = *state_;
  state.now = now;
  if (!state.broken.empty()) return Error{Errc::protocol_error, state.broken};
  const ssize_t taken = nghttp2_session_mem_recv(
      state.session, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (state.broken.empty() && taken < 0) state.broken = "not HTTP/2";
  // A peer that asks and never reads would have us collect answers.
  if (nghttp2_session_get_outbound_queue_size(state.session) > state.limits.pending_frames) {
    state.broken = "too many frames that it does not read";
  }
  if (state.broken.empty()) return {};
  nghttp2_session_terminate_session(state.session, taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC
                                                       ? NGHTTP2_PROTOCOL_ERROR
                                                       : NGHTTP2_ENHANCE_YOUR_CALM);
  return Error{Errc::protocol_error, state.broken};
}

std::optional<Event> Session::next_event() {
  State& state = *state_;
  while (state.next < state.events.size()) {
    const Event event = state.events[state.next++];
    if (event.type == Event::Type::refused) return event;
    const auto found = state.streams.find(event.stream);
    if (found == state.streams.end()) continue;
    Stream& stream = found->second;
    const bool told = stream.told && !stream.dropped;
    switch (event.type) {
      case Event::Type::closed:
        state.streams.erase(found);
        if (told) return event;
        continue;
      case Event::Type::request:
        // Asked and taken back in one go: nobody needs to hear of it (CVE-2023-44487).
        if (stream.closed || stream.dropped) continue;
        stream.told = true;
        return event;
      default:
        if (told) return event;
    }
  }
  state.events.clear();
  state.next = 0;
  return std::nullopt;
}

void Session::send(SendQueue& out, std::size_t room) {
  State& state = *state_;
  state.out = &out;
  state.room = room;
  while (out.size() < room) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t count = nghttp2_session_mem_send(state.session, &bytes);
    if (count > 0) {
      out.append(
          std::string_view(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count)));
    } else if (!std::exchange(state.paused, false)) {
      break;
    }
  }
  state.out = nullptr;
}

bool Session::finished() const {
  return nghttp2_session_want_read(state_->session) == 0 &&
         nghttp2_session_want_write(state_->session) == 0;
}

std::size_t Session::streams() const {
  return state_->open;
}

http::Request& Session::request(StreamId id) {
  Stream* stream = state_->find(id);
  NARU_ASSERT(stream != nullptr);
  return stream->request;
}

void Session::forget_request(StreamId id) {
  if (Stream* stream = state_->find(id)) {
    stream->request = {};
    stream->head = {};
  }
}

void Session::send_continue(StreamId id) {
  if (state_->find_open(id) == nullptr) return;
  FieldBlock block(100, {});
  const auto fields = block.native();
  nghttp2_submit_headers(state_->session, NGHTTP2_FLAG_NONE, id, nullptr, fields.data(),
                         fields.size(), nullptr);
}

void Session::respond(StreamId id, const http::Response& response) {
  if (Stream* stream = state_->find_open(id)) state_->answer(id, *stream, response);
}

void Session::respond_open(StreamId id, const http::Response& response) {
  Stream* stream = state_->find_open(id);
  if (stream == nullptr) return;
  if (stream->request.method == "HEAD") {
    stream->ending = true;
  } else {
    stream->source = &stream->body;
  }
  FieldBlock block(response.status, response);
  state_->submit(id, *stream, block);
}

void Session::append(StreamId id, std::string_view bytes) {
  Stream* stream = state_->find_open(id);
  if (stream == nullptr || stream->source == nullptr || stream->ending) return;
  stream->source->append(bytes);
  nghttp2_session_resume_data(state_->session, id);
}

void Session::append(StreamId id, const SharedBytes& bytes) {
  Stream* stream = state_->find_open(id);
  if (stream == nullptr || stream->source == nullptr || stream->ending) return;
  stream->source->append(bytes);
  nghttp2_session_resume_data(state_->session, id);
}

void Session::accept(StreamId id, const http::Response& response, SendQueue& source) {
  Stream* stream = state_->find_open(id);
  if (stream == nullptr) return;
  stream->tunnel = true;
  stream->source = &source;
  FieldBlock block(200, response);
  state_->submit(id, *stream, block);
}

void Session::resume(StreamId id) {
  if (state_->find_open(id) != nullptr) nghttp2_session_resume_data(state_->session, id);
}

void Session::end(StreamId id) {
  Stream* stream = state_->find_open(id);
  if (stream == nullptr) return;
  stream->ending = true;
  nghttp2_session_resume_data(state_->session, id);
}

bool Session::ended(StreamId id) const {
  const Stream* stream = state_->find(id);
  return stream == nullptr || stream->end_sent;
}

std::size_t Session::unsent(StreamId id) const {
  const Stream* stream = state_->find(id);
  return stream == nullptr || stream->source == nullptr ? 0 : stream->source->size();
}

void Session::reset(StreamId id, ErrorCode code) {
  if (Stream* stream = state_->find(id)) state_->reset(id, *stream, code);
}

void Session::consume(StreamId id, std::size_t bytes) {
  if (state_->find_open(id) != nullptr) {
    nghttp2_session_consume_stream(state_->session, id, bytes);
  }
}

void Session::shut_down() {
  nghttp2_submit_goaway(state_->session, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(state_->session), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

void Session::terminate(ErrorCode code) {
  nghttp2_session_terminate_session(state_->session, static_cast<std::uint32_t>(code));
}

// ---- streams

void Session::State::reset(StreamId id, Stream& stream, ErrorCode code) {
  stream.source = nullptr;
  stream.dropped = true;
  if (stream.closed) return;
  nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, static_cast<std::uint32_t>(code));
}

void Session::State::submit(StreamId id, Stream& stream, FieldBlock& block) {
  const auto fields = block.native();
  nghttp2_data_provider provider{};
  provider.read_callback = read_source;
  nghttp2_submit_response(session, id, fields.data(), fields.size(),
                          stream.source == nullptr ? nullptr : &provider);
  // Incremental: streams take turns. Otherwise each would be sent to its end before the next,
  // and a tunnel has none.
  nghttp2_extpri priority{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
  nghttp2_session_change_extpri_stream_priority(session, id, &priority, 1);
}

void Session::State::answer(StreamId id, Stream& stream, const http::Response& response) {
  FieldBlock block(response.status, response);
  const std::string_view body =
      response.shared_body ? std::string_view(*response.shared_body) : response.body;
  if (has_content(response.status)) {
    block.add("content-length", std::to_string(body.size()));
    if (stream.request.method != "HEAD" && !body.empty()) {
      if (response.shared_body) {
        stream.body.append(response.shared_body);
      } else {
        stream.body.append(body);
      }
      stream.source = &stream.body;
    }
  }
  stream.ending = true;
  submit(id, stream, block);
}

// The body of a stream is limited here only by its window: whoever takes the request limits it.
void Session::State::finish_head(const nghttp2_frame& frame) {
  const StreamId id = frame.hd.stream_id;
  Stream* stream = find(id);
  if (stream == nullptr || stream->dropped) return;
  const bool end = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  const auto refusal = stream->head.finish(
      end ? RequestHead::Body::none : RequestHead::Body::follows, stream->request);
  if (refusal) return refuse(id, *stream, *refusal);
  tell({.type = Event::Type::request, .stream = id});
  if (end) tell({.type = Event::Type::end, .stream = id});
}

void Session::State::refuse(StreamId id, Stream& stream, const http::Refusal& refusal) {
  tell({.type = Event::Type::refused,
        .stream = id,
        .code = static_cast<std::uint32_t>(refusal.status),
        .text = refusal.text});
  if (refusal.status == 0) return reset(id, stream, ErrorCode::protocol_error);
  answer(id, stream, http::plain(refusal.status));
  stream.dropped = true;
}

bool Session::State::spend(RateLimit& limit, const Budget& budget, std::string_view text) {
  if (limit.spend(budget, now)) return true;
  if (broken.empty()) broken = text;
  return false;
}

}  // namespace naru::http2
