#pragma once

#include "io/timer_wheel.hpp"
#include "server/sockjs_session.hpp"
#include "sockjs/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

class SockJsStreams;

// A SockJS session over HTTP on its home loop: the pure sockjs::Session, and the request of any
// loop that receives for it just now. What is sent waits for the end of the turn, or for the next
// receiver, and leaves as one frame.
class SockJsHttpSession final : public SockJsSession, private io::Timer {
 public:
  // `name`: in URLs. `owner`: who may use it.
  SockJsHttpSession(SockJsRoute& route, std::string name, std::string owner, RequestInfo request,
                    sockjs::Transport transport);

  const std::string& name() const { return name_; }
  bool belongs_to(std::string_view owner) const { return owner_ == owner; }
  // The request that receives; nullopt for none.
  std::optional<AnswerTo> receiver() const;

  void receive(AnswerTo to, sockjs::Receiver receiver);
  void receive_messages(const std::vector<std::string>& messages);
  // The peer went before its answer had ended: that ends the session.
  void receiver_gone(AnswerTo from);
  // So many bytes of what was under way to it have been taken.
  void receiver_took(AnswerTo from, std::size_t bytes);

  hub::WireFormat wire_format(const hub::Publication&) const override;
  void shut_down() override;
  bool congested() override;

 private:
  struct Attached {
    AnswerTo to;
    sockjs::Receiver body;
    std::size_t under_way = 0;  // bytes, of an answer that stays open
  };

  bool closing() const override { return session_.closing() || ended_ || overflowed_; }
  bool holds_everything() const override { return true; }
  std::size_t queued() const override { return attached_ ? attached_->under_way : 0; }
  SendOutcome write(Message, const SendOptions&) override { return SendOutcome::closed; }
  SendOutcome write(const SharedBytes&, const MessagePublication&) override {
    return SendOutcome::closed;
  }
  void release_later() override { finish_turn_later(); }
  void close_in_order(std::uint16_t code, std::string_view reason) override;
  void overflow() override;

  void finish_turn_later();
  void finish_turn();
  void flush();
  std::string take_elements();
  void send_frame(std::string_view frame);
  void dismiss();
  // For a receiver that is not attached: one frame, and the end.
  void refuse(AnswerTo to, sockjs::Receiver& body, std::string_view frame);
  void answer(AnswerTo to, sockjs::Receiver& body, std::string_view frame);
  void begin_stream(AnswerTo to, const sockjs::Receiver& body);
  void append(AnswerTo to, std::string piece);
  void end_stream(AnswerTo to);
  SockJsStreams& streams_of(AnswerTo to);
  void on_timer(Instant now) override;
  void rearm();
  void end(std::uint16_t code, std::string_view reason);

  std::string name_;
  std::string owner_;
  sockjs::Session session_;
  std::optional<Attached> attached_;
  std::uint16_t close_code_ = 0;  // what the application closed with
  std::string close_reason_;
  bool turn_scheduled_ = false;
  bool blocked_ = false;  // on_drain is due
  bool overflowed_ = false;
  bool ended_ = false;
};

}  // namespace naru::server
