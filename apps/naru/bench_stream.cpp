// Event streams: one peer publishes to a topic by HTTP, the others read it. What each of them
// receives counts; a publication is under way until all have it.

#include "bench_peer.hpp"
#include "client/http_caller.hpp"
#include "client/websocket_link.hpp"
#include "naru/json.hpp"
#include "sse/decoder.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <deque>

namespace naru::app {
namespace {

// What a message begins with: whose it is, its slot, its number.
using Stamp = std::array<unsigned, 3>;

std::string written(const Stamp& stamp) {
  std::array<char, kBenchStampBytes + 1> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%08x", stamp[0], stamp[1], stamp[2]);
  return text.data();
}

bool read(const std::string& text, Stamp& stamp) {
  return std::sscanf(text.c_str(), "%8x-%4x-%8x", &stamp[0], &stamp[1], &stamp[2]) == 3;
}

class Subscriber;

class Publisher final : public BenchPeer, private client::HttpCaller::User {
 public:
  Publisher(io::Loop& loop, BenchScript& script, BenchUser& user)
      : BenchPeer(script, user),
        run_(script.context.random.next_u32()),
        url_(script.context.base),
        topic_(script.topic),
        under_way_(script.slots) {
    url_.target = "/api/publish";
    client::CallSettings settings = client::call_settings(script.context);
    settings.headers = [&script] {
      Headers headers = script.context.headers();
      if (!script.key.empty()) headers.emplace_back("Authorization", "Bearer " + script.key);
      return headers;
    };
    for (std::size_t i = 0; i < script.slots; ++i) {
      callers_.push_back(std::make_unique<client::HttpCaller>(
          loop, settings, static_cast<client::HttpCaller::User&>(*this)));
    }
  }
  void open() override { become_ready(); }

  void on_subscribed() { ++subscribers_; }
  // `seen`: the number of the last message in each slot.
  void on_left(const std::vector<unsigned>& seen) {
    if (--subscribers_ == 0) return user_.on_over("no reader is left");
    for (std::size_t slot = 0; slot < under_way_.size(); ++slot) {
      if (!is_under_way(slot) || seen[slot] == under_way_[slot].number) continue;
      if (--under_way_[slot].awaited == 0) forget(slot);
    }
  }
  void on_message(const std::string& text, std::vector<unsigned>& seen) {
    Stamp stamp{};
    if (!read(text, stamp) || stamp[0] != run_ || !is_under_way(stamp[1])) return user_.on_other();
    const std::size_t slot = stamp[1];
    if (stamp[2] != under_way_[slot].number || seen[slot] == stamp[2]) return user_.on_other();
    seen[slot] = stamp[2];
    --under_way_[slot].awaited == 0 ? settle(slot) : settle_one(slot);
  }

 private:
  struct Publication {
    unsigned number = 0;
    std::size_t awaited = 0;
  };

  void write(std::size_t slot) override {
    under_way_[slot] = {++number_, subscribers_};
    to_post_.push_back(slot);
    post();
  }
  void post() {
    for (const auto& caller : callers_) {
      if (to_post_.empty()) return;
      if (!caller->busy()) post(*caller);
    }
  }
  void post(client::HttpCaller& caller) {
    const auto slot = static_cast<unsigned>(to_post_.front());
    to_post_.pop_front();
    const std::string text =
        written({run_, slot, under_way_[slot].number}) + script_.payload.substr(kBenchStampBytes);
    Json::Object body;
    body.push_back({"topic", topic_});
    body.push_back({"text", text});
    caller.post(url_, Json(std::move(body)).dump());
  }
  void on_answer(client::HttpCaller&, const http::ReceivedResponse& answer) override {
    if (answer.status == 200) return post();
    user_.on_over("publishing: " + std::to_string(answer.status) + " " + answer.body);
  }
  void on_call_failed(client::HttpCaller&, const ConnectFailure& failure) override {
    user_.on_over("publishing: " + failure.text);
  }

  const unsigned run_;
  client::Url url_;
  const std::string topic_;
  std::vector<std::unique_ptr<client::HttpCaller>> callers_;
  std::vector<Publication> under_way_;  // by slot
  std::deque<std::size_t> to_post_;     // slots
  std::size_t subscribers_ = 0;
  unsigned number_ = 0;
};

class Subscriber final : public BenchPeer, private client::HttpCaller::User {
 public:
  Subscriber(io::Loop& loop, BenchScript& script, BenchUser& user, Publisher& publisher)
      : BenchPeer(script, user, 0),
        publisher_(publisher),
        seen_(script.slots),
        caller_(loop, settings(script), static_cast<client::HttpCaller::User&>(*this)) {}
  void open() override { caller_.get_for_stream(script_.url); }

 private:
  static client::CallSettings settings(BenchScript& script) {
    client::CallSettings settings = client::call_settings(script.context);
    settings.headers = [&script] {
      Headers headers = script.context.headers();
      headers.emplace_back("Accept", "text/event-stream");
      return headers;
    };
    return settings;
  }
  void write(std::size_t) override {}

  void on_body(client::HttpCaller&, std::string body) override {
    for (Cursor in(body); !is_lost();) {
      const auto event = decoder_.receive(in);
      if (!event) return leave(std::string(event.error().text));
      if (!*event) return;
      if ((*event)->type == "subscribed" || (*event)->type == "reset") {
        if (!std::exchange(joined_, true)) publisher_.on_subscribed();
        become_ready();
      } else {
        publisher_.on_message((*event)->data, seen_);
      }
    }
  }
  void on_answer(client::HttpCaller&, const http::ReceivedResponse& answer) override {
    leave(answer.status == 200 ? "the stream has ended"
                               : "refused: status " + std::to_string(answer.status));
  }
  void on_call_failed(client::HttpCaller&, const ConnectFailure& failure) override {
    leave(failure.text);
  }
  void leave(const std::string& why) {
    lose(why);
    if (std::exchange(joined_, false)) publisher_.on_left(seen_);
  }

  Publisher& publisher_;
  std::vector<unsigned> seen_;
  sse::Decoder decoder_;
  client::HttpCaller caller_;
  bool joined_ = false;
};

}  // namespace

std::unique_ptr<BenchPeer> make_publisher(io::Loop& loop, BenchScript& script, BenchUser& user) {
  return std::make_unique<Publisher>(loop, script, user);
}

std::unique_ptr<BenchPeer> make_subscriber(io::Loop& loop, BenchScript& script, BenchUser& user,
                                           BenchPeer& publisher) {
  return std::make_unique<Subscriber>(loop, script, user, static_cast<Publisher&>(publisher));
}

}  // namespace naru::app
