#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <nghttp2/nghttp2.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::http2::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline Fields get(std::string path, Fields more = {}) {
  Fields fields = {{":method", "GET"},
                   {":scheme", "https"},
                   {":path", std::move(path)},
                   {":authority", "example.org"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

inline Fields post(std::string path, Fields more = {}) {
  Fields fields = get(std::move(path), std::move(more));
  fields[0].second = "POST";
  return fields;
}

// RFC 8441 section 5.1.
inline Fields extended_connect(std::string path, Fields more = {{"sec-websocket-version", "13"}}) {
  Fields fields = get(std::move(path), std::move(more));
  fields[0].second = "CONNECT";
  fields.insert(fields.begin() + 1, {":protocol", "websocket"});
  return fields;
}

// One frame, whatever it says (RFC 9113 4.1).
inline std::string raw_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                             std::string_view payload) {
  std::string frame;
  const auto size = static_cast<std::uint32_t>(payload.size());
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(size >> shift & 0xffU);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift & 0xffU);
  return frame.append(payload);
}

inline const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + raw_frame(4, 0, 0, {});

// nghttp2's client as the peer. What it hears is noted: "1 status 200", "1 data hello", "1 end",
// "1 reset 8", "goaway 11".
class Http2Peer {
 public:
  struct Options {
    bool consumes = true;          // gives back windows as data comes
    std::uint32_t window = 65535;  // of each stream
  };
  Http2Peer() : Http2Peer(Options{}) {}
  explicit Http2Peer(Options given) : options(given) {
    nghttp2_session_callbacks* calls = nullptr;
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_session_client_new2(&session, calls, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    settings(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.window);
  }
  ~Http2Peer() { nghttp2_session_del(session); }
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  void settings(int id, std::uint32_t value) {
    const nghttp2_settings_entry entry{id, value};
    nghttp2_submit_settings(session, 0, &entry, 1);
  }
  // A whole request, or one whose body follows by send().
  std::int32_t ask(const Fields& fields) { return submit(fields, nullptr); }
  std::int32_t open(const Fields& fields) {
    nghttp2_data_provider provider{};
    provider.read_callback = read_body;
    return submit(fields, &provider);
  }
  void send(std::int32_t stream, std::string_view bytes) {
    bodies[stream].bytes.append(bytes);
    nghttp2_session_resume_data(session, stream);
  }
  void end(std::int32_t stream) {
    bodies[stream].ended = true;
    nghttp2_session_resume_data(session, stream);
  }
  void reset(std::int32_t stream, std::uint32_t code = NGHTTP2_CANCEL) {
    nghttp2_submit_rst_stream(session, 0, stream, code);
  }
  // Lets `bytes` more come on a stream.
  void widen(std::int32_t stream, std::int32_t bytes) {
    nghttp2_session_set_local_window_size(
        session, 0, stream, nghttp2_session_get_stream_local_window_size(session, stream) + bytes);
  }

  // What it wants to send now.
  std::string output() {
    std::string all;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t count = 0; (count = nghttp2_session_mem_send(session, &bytes)) > 0;) {
      all.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
    }
    return all;
  }
  // False: it took offence.
  bool take(std::string_view bytes) {
    return nghttp2_session_mem_recv(session, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                    bytes.size()) == static_cast<ssize_t>(bytes.size());
  }

  bool heard(const std::string& what) const {
    for (const std::string& each : notes) {
      if (each == what) return true;
    }
    return false;
  }
  std::uint32_t setting(nghttp2_settings_id id) const {
    return nghttp2_session_get_remote_settings(session, id);
  }

  const Options options;
  nghttp2_session* session = nullptr;
  std::vector<std::string> notes;
  std::map<std::int32_t, Fields> answers;  // the fields of each
  std::map<std::int32_t, std::string> received;

 private:
  struct Body {
    std::string bytes;
    bool ended = false;
  };
  std::map<std::int32_t, Body> bodies;

  void note(std::int32_t stream, const std::string& text) {
    notes.push_back(std::to_string(stream) + " " + text);
  }
  std::int32_t submit(const Fields& fields, const nghttp2_data_provider* provider) {
    std::vector<nghttp2_nv> values;
    for (const auto& [name, value] : fields) {
      values.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                        name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return nghttp2_submit_request(session, nullptr, values.data(), values.size(), provider,
                                  nullptr);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self) {
    auto& peer = *static_cast<Http2Peer*>(self);
    const std::string field(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (field == ":status") peer.note(frame->hd.stream_id, "status " + text);
    peer.answers[frame->hd.stream_id].emplace_back(field, text);
    return 0;
  }
  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                     const std::uint8_t* bytes, std::size_t size, void* self) {
    auto& peer = *static_cast<Http2Peer*>(self);
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    peer.received[stream] += text;
    if (size < 100) peer.note(stream, "data " + text);
    nghttp2_session_consume_connection(session, size);
    if (peer.options.consumes) nghttp2_session_consume_stream(session, stream, size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto& peer = *static_cast<Http2Peer*>(self);
    const std::int32_t stream = frame->hd.stream_id;
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      peer.note(stream, "reset " + std::to_string(frame->rst_stream.error_code));
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      peer.notes.push_back("goaway " + std::to_string(frame->goaway.error_code));
    } else if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      peer.note(stream, "end");
    }
    return 0;
  }
  static ssize_t read_body(nghttp2_session*, std::int32_t stream, std::uint8_t* buffer,
                           std::size_t room, std::uint32_t* flags, nghttp2_data_source*,
                           void* self) {
    Body& body = static_cast<Http2Peer*>(self)->bodies[stream];
    const std::size_t size = std::min(room, body.bytes.size());
    if (size == 0 && !body.ended) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(buffer, body.bytes.data(), size);
    body.bytes.erase(0, size);
    if (body.ended && body.bytes.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

}  // namespace naru::http2::testing
