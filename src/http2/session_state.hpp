#pragma once

#include "http2/field_block.hpp"
#include "http2/request_head.hpp"
#include "http2/session.hpp"

#include <cstddef>
#include <cstdint>
#include <nghttp2/nghttp2.h>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace naru::http2 {

// One stream of a Session.
struct Stream {
  explicit Stream(ChunkPool& chunks) : body(chunks) {}

  RequestHead head;
  http::Request request;
  SendQueue body;               // of an answer
  SendQueue* source = nullptr;  // what leaves: `body`, or what a tunnel was given
  bool told = false;            // its request event was taken
  bool dropped = false;         // answered or reset by us: no more events
  bool closed = false;
  bool tunnel = false;
  bool ending = false;  // behind what is in the source
  bool end_sent = false;
};

// What is behind a Session. Seen by session.cpp and session_callbacks.cpp alone.
struct Session::State {
  State(const Limits& given, ChunkPool& pool) : limits(given), chunks(pool) {}

  Stream* find(StreamId id) {
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : &found->second;
  }
  Stream* find_open(StreamId id) {
    Stream* stream = find(id);
    return stream == nullptr || stream->closed || stream->dropped ? nullptr : stream;
  }
  void tell(Event event) { events.push_back(event); }
  void reset(StreamId id, Stream& stream, ErrorCode code);
  void submit(StreamId id, Stream& stream, FieldBlock& block);
  void answer(StreamId id, Stream& stream, const http::Response& response);
  void finish_head(const nghttp2_frame& frame);
  void refuse(StreamId id, Stream& stream, const http::Refusal& refusal);
  // Counts against a budget; false ends the connection.
  bool spend(RateLimit& limit, const Budget& budget, std::string_view text);

  static void configure(nghttp2_session_callbacks* calls);
  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* self);
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t flags, void* self);
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame* frame,
                               const std::uint8_t* name, std::size_t name_size,
                               const std::uint8_t* value, std::size_t value_size,
                               std::uint8_t flags, void* self);
  static int on_data(nghttp2_session*, std::uint8_t flags, StreamId id, const std::uint8_t* bytes,
                     std::size_t size, void* self);
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int on_closed(nghttp2_session*, StreamId id, std::uint32_t code, void* self);
  static ssize_t read_source(nghttp2_session*, StreamId id, std::uint8_t* buffer, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source*, void* self);
  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                       std::size_t size, nghttp2_data_source*, void* self);

  const Limits& limits;
  ChunkPool& chunks;
  nghttp2_session* session = nullptr;
  std::unordered_map<StreamId, Stream> streams;  // whose Streams stay where they are
  std::size_t open = 0;
  std::vector<Event> events;
  std::size_t next = 0;
  Instant now{};
  RateLimit resets;
  RateLimit provoked_resets;
  RateLimit control_frames;
  RateLimit empty_frames;
  std::string_view broken;   // why the connection ends; a literal
  SendQueue* out = nullptr;  // within send()
  std::size_t room = 0;
  bool paused = false;  // by `room`
};

}  // namespace naru::http2
