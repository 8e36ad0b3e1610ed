#include "server/message_publication.hpp"

#include "json/split.hpp"
#include "server/push_formats.hpp"
#include "server/socketio_server.hpp"
#include "server/sockjs_formats.hpp"
#include "server/state.hpp"
#include "server/stomp_formats.hpp"
#include "server/topic_table.hpp"
#include "server/wire_formats.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace naru::server {
namespace {

constexpr std::size_t kEventBytes = 200;
constexpr std::size_t kHeaders = 16;
constexpr std::size_t kHeaderBytes = 4096;

// Without control characters: nothing that could end a line of a protocol.
bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Adds up what the loops say about one publication; the last of them has the sum told.
class Tally {
 public:
  Tally(std::size_t loops, Worker* origin, std::function<void(const PublishOutcome&)> on_done)
      : left_(loops), origin_(origin), on_done_(std::move(on_done)) {}

  void add(Worker& here, const hub::Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    sum_ += {outcome.sent, outcome.blocked, outcome.dropped, outcome.closed};
    if (--left_ != 0) return;
    Worker& teller = origin_ != nullptr ? *origin_ : here;
    teller.loop.post([&teller, sum = sum_, on_done = std::move(on_done_)] {
      run_user_code(teller.state(), "protocol=websocket", [&] { on_done(sum); });
    });
  }

 private:
  std::mutex mutex_;
  std::size_t left_;
  PublishOutcome sum_;
  Worker* origin_;
  std::function<void(const PublishOutcome&)> on_done_;
};

websocket::Opcode opcode_of(bool binary) {
  return binary ? websocket::Opcode::binary : websocket::Opcode::text;
}

}  // namespace

MessagePublication::MessagePublication(std::string_view topic, Message message,
                                       const PublishOptions& options)
    : to_{.topics = {std::string(topic)},
          .delivery = options.droppable ? hub::Delivery::droppable : hub::Delivery::reliable},
      key_(options.key),
      event_(options.event),
      headers_(options.headers),
      binary_(message.binary),
      json_(message.json),
      compress_(options.compress) {
  std::string frame;
  websocket::append_frame(opcode_of(binary_), {}, message.data, frame);
  frame_ = std::make_shared<const std::string>(std::move(frame));
  data_ = std::string_view(*frame_).substr(frame_->size() - message.data.size());
}

// Formats that no file knows cannot be said.
SharedBytes MessagePublication::encode(hub::WireFormat format) const {
  if (format < wire::push) return encode_websocket(format);
  if (format < wire::sockjs) return encode_push(*this, format);
  if (format < wire::stomp) return encode_sockjs(*this, format);
  if (format >= wire::stomp && format < wire::stomp_end) return encode_stomp(*this, format);
  return nullptr;
}

SharedBytes MessagePublication::encode_websocket(hub::WireFormat format) const {
  if (format == wire::websocket) return frame_;
  // Whether it is long enough, its receivers have said: see PlainWebSocket::wire_format.
  constexpr websocket::DeflateConfig config{.threshold = 0};
  std::string frame;
  std::string deflated;
  websocket::append_shared(opcode_of(binary_), {}, data_, format, config,
                           Worker::current()->deflate, frame, &deflated);
  if (deflated.empty()) return frame_;  // it would not have shrunk
  return std::make_shared<const std::string>(std::move(frame));
}

transport::HeldMessage MessagePublication::hold(const SharedBytes& bytes, Key key) const {
  transport::HeldMessage held{.binary = binary_,
                              .compress = compressed(bytes),
                              .owner = frame_,
                              .data = data_,
                              .frames = bytes};
  if (key == Key::kept) held.key = key_.empty() ? topic() : key_;
  return held;
}

std::size_t MessagePublication::bytes() const {
  std::size_t total = sizeof(*this) + topic().size() + event_.size() + frame_->size();
  for (const auto& [name, value] : headers_) total += name.size() + value.size();
  return total;
}

void MessagePublication::place(std::string_view epoch, std::uint64_t offset) {
  epoch_ = epoch;
  offset_ = offset;
}

void check_publication(Message message, const PublishOptions& options) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(std::string("naru: publish: ") + what);
  };
  require(options.event.size() <= kEventBytes && is_printable(options.event), "bad event name");
  require(options.headers.size() <= kHeaders, "too many headers");
  std::size_t bytes = 0;
  for (const auto& [name, value] : options.headers) {
    bytes += name.size() + value.size();
    require(!name.empty() && is_printable(name) && is_printable(value), "bad header");
  }
  require(bytes <= kHeaderBytes, "too long headers");
  require(!message.json || json::validate(message.data, {}), "no JSON");
}

namespace {

// To the Socket.IO rooms of the topic's name, in the order of the topic.
void publish_to_rooms(State& state, const MessagePublication& publication) {
  const std::string event = publication.event().empty() ? "message" : publication.event();
  const Message message = publication.message();
  for (const auto& each : state.socketio_servers) {
    run_user_code(state, "protocol=socket.io", [&] {
      const Broadcast room = each->of("/").to(publication.topic());
      if (message.binary) {
        room.emit(event, message.bytes());
      } else if (message.json) {
        room.emit(event, JsonView{message.data});
      } else {
        room.emit(event, message.data);
      }
    });
  }
}

// Who sent it and does not get it: on its loop, itself in the turn of the call, and by its number
// later, when it may have gone.
struct Except {
  const Worker* worker = nullptr;
  const hub::Subscriber* now = nullptr;
  std::uint64_t later = 0;

  const hub::Subscriber* find(const Worker& here) const {
    if (worker != &here) return nullptr;
    return now != nullptr || later == 0 ? now : here.topics.find_number(later);
  }
};

void post_everywhere(State& state, const std::shared_ptr<const MessagePublication>& publication,
                     const std::shared_ptr<Tally>& tally, Except except) {
  Worker* here = Worker::current();
  if (here != nullptr && &here->state() != &state) here = nullptr;
  const auto post = [publication, tally, except](Worker& worker) {
    hub::Posted posted{.publication = publication,
                       .to = {publication, &publication->to()},
                       .bytes = publication->data().size()};
    posted.except = except.find(worker);
    if (tally) {
      posted.on_outcome = [&worker, tally](const hub::Outcome& outcome) {
        tally->add(worker, outcome);
      };
    }
    worker.post(worker.topics, std::move(posted));
  };
  for (const auto& worker : state.workers) {
    if (worker.get() == here) {
      post(*worker);
    } else {
      worker->loop.post([post, &each = *worker] { post(each); });
    }
  }
}

}  // namespace

void publish(State& state, const std::shared_ptr<MessagePublication>& publication,
             std::function<void(const PublishOutcome&)> on_done, const hub::Subscriber* except) {
  Worker* here = Worker::current();
  if (here != nullptr && &here->state() != &state) here = nullptr;
  std::shared_ptr<Tally> tally;
  if (on_done) tally = std::make_shared<Tally>(state.workers.size(), here, std::move(on_done));
  Except who{.worker = here, .now = except};
  const std::string& topic = publication->topic();
  if (state.topic_table == nullptr || !state.topic_table->ordered(topic)) {
    return post_everywhere(state, publication, tally, who);
  }
  // By its home: one order for all.
  Worker& home = state.topic_table->home(topic);
  const auto go = [&state, &home, publication, tally](const Except& but) {
    TopicTable& table = *state.topic_table;
    if (table.keeps(publication->topic())) table.keep(home, publication);
    post_everywhere(state, publication, tally, but);
    if (table.options(publication->topic()).socketio) publish_to_rooms(state, *publication);
  };
  if (&home == here) return go(who);
  if (except != nullptr && here != nullptr) who.later = here->topics.number_of(*except);
  who.now = nullptr;
  home.loop.post([go, who] { go(who); });
}

void publish_from_home(State& state, const std::shared_ptr<const MessagePublication>& publication,
                       ToRooms rooms) {
  post_everywhere(state, publication, nullptr, {});
  if (rooms == ToRooms::yes) publish_to_rooms(state, *publication);
}

void publish(State& state, std::string_view topic, Message message, const PublishOptions& options,
             const hub::Subscriber* except) {
  publish(state, std::make_shared<MessagePublication>(topic, message, options), options.on_done,
          except);
}

}  // namespace naru::server
