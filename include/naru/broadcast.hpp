#pragma once

#include "naru/arguments.hpp"
#include "naru/json.hpp"
#include "naru/message.hpp"
#include "naru/result.hpp"
#include "naru/websocket.hpp"

#include <any>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace naru {

class Namespace;
class RemoteSocket;
class Socket;

namespace server {
struct NamespaceState;
struct SocketState;
}  // namespace server

// What the receivers of a broadcast, or other servers, have answered.
template <class T>
struct Answers {
  using value_type = T;
  struct Answer {
    std::string id;  // who; empty when it came from another server
    T value;
  };
  std::vector<Answer> given;          // in the order of their arrival
  std::vector<std::string> missing;   // not in time, gone meanwhile, or their answer is no T
  std::size_t missing_elsewhere = 0;  // the same on other servers, whose ids are not known here
  bool complete() const { return missing.empty() && missing_elsewhere == 0; }
};

namespace detail {

// Where the answers of many arrive, one at a time; then done(), on the asker's loop.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void answer(std::string_view id, const Result<Arguments>& arguments) = 0;
  virtual void miss_elsewhere(std::size_t count) = 0;
  virtual void done() = 0;
};

template <class T, class F>
class AnswersOf final : public AnswerSink {
 public:
  explicit AnswersOf(F on_answers) : on_answers_(std::move(on_answers)) {}
  void answer(std::string_view id, const Result<Arguments>& arguments) override {
    if (arguments) {
      if (Result<T> value = read_argument<T>(*arguments, 0)) {
        answers_.given.push_back({std::string(id), *std::move(value)});
        return;
      }
    }
    answers_.missing.emplace_back(id);
  }
  void miss_elsewhere(std::size_t count) override { answers_.missing_elsewhere += count; }
  void done() override { on_answers_(std::move(answers_)); }

 private:
  F on_answers_;
  Answers<T> answers_;
};

// The arguments of an emit_with_ack: all but the last are written, the last makes the sink.
template <class... AF>
std::shared_ptr<AnswerSink> write_then_sink(ArgumentWriter& writer,
                                            const AF&... args_then_on_answers) {
  static_assert(sizeof...(AF) > 0, "the last argument is the callback");
  constexpr std::size_t count = sizeof...(AF) - 1;
  const auto all = std::tie(args_then_on_answers...);
  const auto& on_answers = std::get<count>(all);
  using Callback = std::remove_cvref_t<decltype(on_answers)>;
  using T = typename std::tuple_element_t<0, typename Signature<Callback>::Parameters>::value_type;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (writer.add(std::get<I>(all)), ...);
  }(std::make_index_sequence<count>());
  writer.finish();
  return std::make_shared<AnswersOf<T, Callback>>(on_answers);
}

}  // namespace detail

// Who gets an emit, or is asked, or is moved: rooms united, or everybody of the namespace; less the
// excepted. A value, built by chaining; usable on any thread while the server lives. What one
// thread does with it happens in that order for each socket.
class Broadcast {
 public:
  Broadcast to(std::string_view room) const;
  Broadcast in(std::string_view room) const { return to(room); }
  Broadcast to(const std::vector<std::string>& rooms) const;
  Broadcast except(std::string_view room) const;
  Broadcast except(const std::vector<std::string>& rooms) const;
  // Receivers that read slowly may miss it (Socket.IO's "volatile"); not part of recovery.
  Broadcast droppable() const;
  // On this server only, when an adapter joins several.
  Broadcast local() const;
  // Whether transports that compress may do so; they may by default.
  Broadcast compress(bool allowed) const;
  // How long emit_with_ack and fetch_sockets wait, instead of SocketIoOptions::ack_timeout.
  Broadcast timeout(std::chrono::milliseconds deadline) const;

  template <class... A>
  void emit(std::string_view event, const A&... args) const {
    detail::ArgumentWriter writer(event);
    (writer.add(args), ...);
    writer.finish();
    send(event, writer, nullptr);
  }
  // Asks every receiver. `on_answers(Answers<T>)` is called once: when all have answered, or when
  // the time is up, with what there is. It runs on the loop that this is called on; on the server's
  // first loop when that is none.
  template <class... AF>
  void emit_with_ack(std::string_view event, const AF&... args_then_on_answers) const {
    detail::ArgumentWriter writer(event);
    auto sink = detail::write_then_sink(writer, args_then_on_answers...);
    send(event, writer, std::move(sink));
  }

  // Who they are, on every loop (and server). The callback runs where that of emit_with_ack does.
  void fetch_sockets(std::function<void(std::vector<RemoteSocket>)> on_sockets) const;
  // Moves them into rooms, out of rooms, or out of the namespace.
  void sockets_join(const std::vector<std::string>& rooms) const;
  void sockets_join(std::string_view room) const { sockets_join(one(room)); }
  void sockets_leave(const std::vector<std::string>& rooms) const;
  void sockets_leave(std::string_view room) const { sockets_leave(one(room)); }
  enum class Disconnect { namespace_only, connection };
  void disconnect_sockets(Disconnect what = Disconnect::namespace_only) const;

 private:
  friend class Namespace;
  friend class RemoteSocket;
  friend class Socket;
  friend struct server::NamespaceState;
  explicit Broadcast(std::shared_ptr<server::NamespaceState> nsp) : nsp_(std::move(nsp)) {}
  void send(std::string_view event, detail::ArgumentWriter& arguments,
            std::shared_ptr<detail::AnswerSink> answers) const;
  static std::vector<std::string> one(std::string_view room) { return {std::string(room)}; }

  std::shared_ptr<server::NamespaceState> nsp_;
  std::vector<std::string> rooms_;
  std::vector<std::string> except_;
  std::optional<std::chrono::milliseconds> timeout_;
  bool droppable_ = false;
  bool local_ = false;
  bool compress_ = true;
};

// One socket as fetch_sockets saw it, wherever it lives. A copy: what it tells may be out of date;
// what it is told reaches the socket if it is still there.
class RemoteSocket {
 public:
  const std::string& id() const { return id_; }
  const std::vector<std::string>& rooms() const { return rooms_; }  // its own id is the first
  const RequestInfo& request() const { return request_; }
  JsonView auth() const { return {auth_}; }
  // A copy of its user data; nullptr when it is no T, or lives on another server.
  template <class T>
  const T* data() const {
    return std::any_cast<T>(&data_);
  }
  // The user data as JSON, when it was made by Socket::data<T>() and T has a JsonCodec; else
  // "null".
  JsonView data_json() const { return {data_json_}; }

  template <class... A>
  void emit(std::string_view event, const A&... args) const {
    to_it_.emit(event, args...);
  }
  // `on_answers(Answers<T>)`; see Broadcast.
  template <class... AF>
  void emit_with_ack(std::string_view event, const AF&... args_then_on_answers) const {
    to_it_.emit_with_ack(event, args_then_on_answers...);
  }
  void join(std::string_view room) const { to_it_.sockets_join(room); }
  void leave(std::string_view room) const { to_it_.sockets_leave(room); }
  void disconnect(Broadcast::Disconnect what = Broadcast::Disconnect::namespace_only) const {
    to_it_.disconnect_sockets(what);
  }

 private:
  friend struct server::NamespaceState;
  RemoteSocket(Broadcast to_it, std::string id) : to_it_(std::move(to_it)), id_(std::move(id)) {}
  Broadcast to_it_;
  std::string id_;
  std::vector<std::string> rooms_;
  RequestInfo request_;
  std::string auth_ = "{}";
  std::any data_;
  std::string data_json_ = "null";
};

}  // namespace naru
