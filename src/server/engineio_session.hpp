#pragma once

#include "engineio/session.hpp"
#include "http/content_coding.hpp"
#include "hub/hub.hpp"
#include "io/timer_wheel.hpp"
#include "naru/websocket.hpp"
#include "server/engineio_request.hpp"
#include "server/kept_request.hpp"
#include "server/worker.hpp"
#include "transport/websocket_transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

class EngineEndpoint;
class EngineSession;

// Engine.IO's reasons for the end of a session, and Socket.IO's own.
namespace reason {
inline constexpr std::string_view transport_error = "transport error";
inline constexpr std::string_view transport_close = "transport close";
inline constexpr std::string_view forced_close = "forced close";
inline constexpr std::string_view ping_timeout = "ping timeout";
inline constexpr std::string_view parse_error = "parse error";
inline constexpr std::string_view shutting_down = "server shutting down";
inline constexpr std::string_view server_disconnect = "server namespace disconnect";
inline constexpr std::string_view client_disconnect = "client namespace disconnect";
}  // namespace reason

// How an Engine.IO message is encoded for many. Over WebSocket the first format is everybody's for
// what has no attachments; these are what differs.
inline constexpr hub::WireFormat kWebSocketFormat = 0;  // and the three compressed ones behind it
inline constexpr hub::WireFormat kPollingFormat = 4;
inline constexpr hub::WireFormat kPollingV3Format = 5;
inline constexpr hub::WireFormat kWebSocketV3Format = 6;
inline constexpr hub::WireFormat kWebSocketBase64Format = 7;
inline constexpr hub::WireFormat kWebSocketV3Base64Format = 8;

struct EngineCounters;

// What sits on an Engine.IO session.
class EngineUser {
 public:
  virtual ~EngineUser() = default;
  virtual void on_open() = 0;
  // Borrowed for the call. `checked`: known to be UTF-8 (text that came by WebSocket).
  virtual void on_text(std::string_view text, bool checked) = 0;
  virtual void on_binary(std::string_view bytes) = 0;
  virtual void on_drain() {}
  virtual void on_upgrade() {}  // from polling to WebSocket
  virtual void collect() {}     // frees what has ended: nothing of it is on the stack
  virtual void on_closed(std::string_view reason) = 0;  // once, the last call
  virtual Instant deadline() const { return kNever; }
  virtual void on_deadline(Instant) {}
};

// One Engine.IO session on its home loop: the pure engineio::Session, and the transports that carry
// it. Polls and posts come from requests of any loop, as AnswerTo.
class EngineSession final : public transport::WebSocketUser, private io::Timer {
 public:
  EngineSession(Worker& worker, const EngineEndpoint& endpoint, EngineHandshake handshake);
  ~EngineSession() override;

  const std::string& sid() const { return sid_; }
  Worker& worker() { return worker_; }
  const EngineEndpoint& endpoint() const { return endpoint_; }
  const KeptRequest& request() const { return request_; }
  engineio::Transport transport() const { return session_.transport(); }
  engineio::Revision revision() const { return session_.dialect().revision; }
  bool closed() const { return closed_; }

  // Sending. A text message is `prefix` and `payload` in a row, Engine.IO's "4" included.
  SendOutcome send_text(std::string_view prefix, std::string_view payload);
  SendOutcome send_binary(std::string_view bytes);
  // A message that was encoded before, in wire_format().
  // `plain`: as WebSocketTransport::send_encoded has it.
  SendOutcome send_encoded(const SharedBytes& bytes, bool droppable, std::string_view plain = {});
  enum class Content : std::uint8_t { text, attachments };
  hub::WireFormat wire_format(Content content) const;
  // Of the WebSocket that carries it; 0 over polling.
  int wire_class() const { return websocket_ == nullptr ? 0 : websocket_->wire_class(); }
  bool compresses_with_context() const {
    return websocket_ != nullptr && websocket_->compresses_with_context();
  }
  // Whether a droppable message would be dropped now.
  bool congested();
  // Whether several encoded messages, so many bytes, may be sent as one: as frames in a row, none
  // of which would have to wait, be dropped, or teach a compressor.
  bool takes_joined(std::size_t bytes) const;
  // Sends so many messages as one.
  SendOutcome send_joined(const SharedBytes& bytes, std::size_t messages);

  // Closes in order: what is queued leaves first. The user hears `why` now.
  void close(std::string_view why);
  void shut_down() { close(reason::shutting_down); }
  // Has user->deadline() looked at again: it may have become earlier.
  void watch_deadline();
  void collect() { user_->collect(); }
  EngineUser& user() { return *user_; }

  // The answer to a polling handshake; then the user is told.
  http::Response open_answer() const;
  void open();

  // Polling. `coding`: how the answer may be compressed.
  void poll(AnswerTo to, http::ContentCoding coding);
  bool begin_post();  // its head is there; false: another one is under way, and the session ends
  enum class Body : std::uint8_t { text, octets };
  void post(AnswerTo to, std::string_view body, Body kind);
  // The peer went before it was answered, or before its request was complete.
  void poll_dropped(AnswerTo from);
  void post_dropped() { end(reason::transport_error); }

  // A WebSocket that asks to take over; whether it can take binary. False: it is to be closed at
  // once.
  bool accept_candidate(bool base64);

  void on_websocket_open(transport::WebSocketTransport& transport) override;
  void on_websocket_message(transport::WebSocketTransport& transport, bool binary,
                            std::span<char> payload) override;
  void on_websocket_drain(transport::WebSocketTransport& transport) override;
  void on_websocket_closed(transport::WebSocketTransport& transport, std::uint16_t code,
                           std::string_view why) override;
  void on_websocket_violation(transport::WebSocketTransport& transport,
                              const Error& error) override;

 private:
  void on_timer(Instant now) override;
  void on_due(engineio::Session::Due due);
  void rearm();

  std::string open_data() const;
  EngineCounters* counters() const;
  void count_out(std::size_t messages, std::size_t bytes) const;
  void receive_payload(AnswerTo to, std::string_view body, engineio::PayloadForm form);
  void receive_packet(const engineio::Packet& packet, bool checked);
  void receive_probe(std::string_view text);
  void send_packet(engineio::PacketType type);
  transport::Push send_binary_frame(std::string_view bytes);
  void complete_upgrade();
  void flush_to_websocket(const std::string& payload);
  void drop_candidate();

  SendOutcome pushed();
  void overflow();
  void schedule_answer();
  void answer_poll();                            // with what was pushed
  void release_poll(engineio::PacketType type);  // if one waits
  void respond(engineio::PollAnswer answer);
  http::Response to_response(engineio::PollAnswer answer, http::ContentCoding coding) const;
  void answer(AnswerTo to, int status, std::string body, std::string_view content_type);
  void answer_unknown(AnswerTo to);
  void violate(std::string_view text, std::string_view why);
  void end(std::string_view why);
  void report_closed(std::string_view why);

  Worker& worker_;
  const EngineEndpoint& endpoint_;
  std::string sid_;
  KeptRequest request_;
  engineio::Session session_;
  std::unique_ptr<EngineUser> user_;
  transport::WebSocketTransport* websocket_ = nullptr;  // the current transport
  transport::WebSocketTransport* candidate_ = nullptr;  // probing
  std::optional<AnswerTo> poll_;
  http::ContentCoding poll_coding_ = http::ContentCoding::identity;
  std::int32_t jsonp_ = -1;  // the index of a peer that polls by scripts
  bool websocket_base64_ = false;
  bool candidate_base64_ = false;
  bool answer_scheduled_ = false;
  bool overflowed_ = false;
  bool reported_ = false;  // the user has heard the end
  bool closed_ = false;    // out of the worker's table
};

}  // namespace naru::server
