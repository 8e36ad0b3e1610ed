#include "server/message_publication.hpp"

#include "server/plain_websocket.hpp"
#include "server/state.hpp"
#include "websocket/deflate.hpp"
#include "websocket/frame.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace naru::server {
namespace {

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
    : topic_(topic), key_(options.key), binary_(message.binary), compress_(options.compress) {
  std::string frame;
  websocket::append_frame(opcode_of(binary_), {}, message.data, frame);
  frame_ = std::make_shared<const std::string>(std::move(frame));
  plain_ = std::string_view(*frame_).substr(frame_->size() - message.data.size());
}

SharedBytes MessagePublication::encode(hub::WireFormat format) const {
  if (format == 0) return frame_;
  // Whether it is long enough, its receivers have said: see PlainWebSocket::wire_format.
  constexpr websocket::DeflateConfig config{.threshold = 0};
  std::string frame;
  std::string deflated;
  websocket::append_shared(opcode_of(binary_), {}, plain_, format, config,
                           Worker::current()->deflate, frame, &deflated);
  if (deflated.empty()) return frame_;  // it would not have shrunk
  return std::make_shared<const std::string>(std::move(frame));
}

transport::HeldMessage MessagePublication::hold(const SharedBytes& bytes, Key key) const {
  transport::HeldMessage held{.binary = binary_,
                              .compress = compressed(bytes),
                              .owner = frame_,
                              .data = plain_,
                              .frames = bytes};
  if (key == Key::kept) held.key = key_.empty() ? topic_ : key_;
  return held;
}

void publish(State& state, std::string_view topic, Message message, const PublishOptions& options,
             const PlainWebSocket* except) {
  const auto publication = std::make_shared<const MessagePublication>(topic, message, options);
  const auto delivery = options.droppable ? hub::Delivery::droppable : hub::Delivery::reliable;
  Worker* here = Worker::current();
  if (here != nullptr && &here->state() != &state) here = nullptr;
  std::shared_ptr<Tally> tally;
  if (options.on_done) {
    tally = std::make_shared<Tally>(state.workers.size(), here, options.on_done);
  }
  const auto deliver = [publication, delivery, tally](Worker& worker,
                                                      const hub::Subscriber* but = nullptr) {
    const hub::Outcome outcome =
        worker.topics.publish(*publication, publication->topic(), delivery, but);
    if (tally) tally->add(worker, outcome);
  };
  for (const auto& worker : state.workers) {
    if (worker.get() == here) {
      deliver(*worker, except);
    } else {
      worker->loop.post([deliver, &each = *worker] { deliver(each); });
    }
  }
}

}  // namespace naru::server
