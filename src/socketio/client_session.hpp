#pragma once

#include "base/time.hpp"
#include "naru/result.hpp"
#include "socketio/packet.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naru::socketio {

// What a client's socket may hold.
struct ClientLimits {
  std::size_t held_events = 10'000;                     // received before CONNECT was answered
  std::size_t held_bytes = 10'000'000;                  // of those
  std::size_t buffered_bytes = std::size_t{16} << 20U;  // emitted while not connected, or to be
                                                        // retried
  std::size_t pending_acks = 100'000;
};

struct ClientSessionOptions {
  Revision revision = Revision::v5;
  Duration connect_timeout = std::chrono::seconds(20);  // for the answer to CONNECT
  Duration ack_timeout{};                               // zero: none
  unsigned retries = 0;                                 // above zero: every emit waits for its ack
  ClientLimits limits{};
};

// A packet's data as it is written: a JSON array, and its attachments.
struct Outgoing {
  std::string json;
  std::vector<std::string> attachments;
};

// One namespace of one client: joining and leaving, what waits to be sent, acknowledgements and
// their deadlines, retries, recovery. Pure. Outlives connections.
class ClientSession {
 public:
  // Names an emit whose answer somebody waits for; none is 0. Told once: by answered(), or by
  // take_failures().
  using Call = std::uint64_t;

  ClientSession(std::string nsp, const ClientSessionOptions& options);

  const std::string& nsp() const { return nsp_; }
  const std::string& id() const { return id_; }  // empty unless connected
  bool connected() const { return phase_ == Phase::connected; }
  bool connecting() const { return phase_ == Phase::connecting; }
  bool recovered() const { return recovered_; }

  // The revision is known when a connection has opened.
  void set_revision(Revision revision) { options_.revision = revision; }
  // The connection is open, and this namespace wanted: asks to join. `auth` is an object or empty;
  // `engine_sid` names the connection, from which revision 4 makes ids.
  void join(std::string_view auth, std::string_view engine_sid, Instant now);

  enum class Incoming : std::uint8_t {
    nothing,    // it is held, or nobody waits for it
    connected,  // then take_held(), and deliver those events first
    event,      // deliver it
    answer,     // of answered()
    refused,    // CONNECT_ERROR: its data says why; no attempt follows by itself
    not_ours,   // CONNECT without an id: the server speaks another revision
    left,       // DISCONNECT: "io server disconnect"
    flooded,    // more is to be held than the limits allow
  };
  Incoming receive(const Packet& packet, Instant now);
  Call answered() const { return answered_; }

  struct HeldEvent {
    std::string json;  // as it came: name and arguments
    std::optional<std::uint64_t> id;
    std::vector<std::string> attachments;
  };
  std::vector<HeldEvent> take_held();

  struct EmitOptions {
    Call call = 0;
    std::optional<Duration> timeout{};  // for its answer
    bool droppable = false;             // unless it can leave at once
    bool writable = true;               // whether the connection could take it at once
  };
  enum class Emit : std::uint8_t { sent, waiting, dropped };  // dropped: its call fails
  Emit emit(Outgoing message, const EmitOptions& how, Instant now);
  // Answers an event of this connection.
  void acknowledge(std::uint64_t id, Outgoing message);
  std::size_t buffered_bytes() const { return buffered_bytes_; }
  std::size_t queued() const { return queue_.size(); }  // to be retried

  // Leaves: "io client disconnect", if it was connected.
  void leave();
  // The connection has ended. True: this was connected, or joining.
  bool connection_lost(Instant now);
  // Nothing will be sent any more: whoever waits is told.
  void give_up();

  // What is to be sent now, in order.
  struct Out {
    std::string text;
    std::vector<std::string> attachments;
    // For other parsers: what the text says, whose data begins at `data`.
    PacketType type = PacketType::event;
    std::optional<std::uint64_t> id{};
    std::size_t data = 0;
  };
  std::vector<Out> take_out() { return std::exchange(out_, {}); }

  struct Failure {
    Call call;
    Error error;
  };
  std::vector<Failure> take_failures() { return std::exchange(failures_, {}); }

  Instant deadline() const;
  enum class Due : std::uint8_t {
    nothing,        // but look at take_failures() and take_out()
    join_timed_out  // CONNECT was not answered: the connection is of no use
  };
  Due on_deadline(Instant now);

 private:
  enum class Phase : std::uint8_t { idle, connecting, connected, refused };
  struct Pending {
    Call call = 0;
    Instant deadline = kNever;
    bool of_queue = false;  // the head of the queue: call is its own
    bool buffered = false;  // not yet sent
  };
  struct Buffered {
    std::uint64_t id = 0;  // 0: wants no answer
    Outgoing message;
  };
  struct Queued {
    Outgoing message;
    Call call = 0;
    Duration timeout{};
    unsigned tries = 0;
    bool in_flight = false;
  };

  Incoming receive_connect(const Packet& packet, Instant now);
  Incoming receive_event(const Packet& packet);
  Incoming receive_ack(const Packet& packet, Instant now);
  bool hold(const Packet& packet);
  void note_offset(const Packet& packet);
  void write(PacketType type, std::optional<std::uint64_t> id, std::string_view json,
             std::vector<std::string> attachments);
  std::uint64_t expect(Pending pending);
  std::optional<Pending> forget(std::uint64_t id);
  void send_queued(Instant now, bool again);
  void queue_failed(const Error& error, Instant now);
  void lose_pending(Instant now);
  bool has_room(const Outgoing& message) const;
  void free_room(const Outgoing& message);

  std::string nsp_;
  ClientSessionOptions options_;
  Phase phase_ = Phase::idle;
  bool recovered_ = false;
  std::string id_;
  std::string engine_sid_;
  std::string pid_;
  std::string offset_;
  Instant join_deadline_ = kNever;
  Call answered_ = 0;
  std::uint64_t next_id_ = 1;  // 0 stands for none
  std::map<std::uint64_t, Pending> pending_;
  std::set<std::pair<Instant, std::uint64_t>> deadlines_;
  std::deque<Buffered> buffer_;
  std::deque<Queued> queue_;
  std::size_t buffered_bytes_ = 0;
  std::vector<HeldEvent> held_;
  std::size_t held_bytes_ = 0;
  std::vector<Out> out_;
  std::vector<Failure> failures_;
};

}  // namespace naru::socketio
