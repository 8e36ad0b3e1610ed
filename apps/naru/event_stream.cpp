// naru listen, of text/event-stream.

#include "base/random.hpp"
#include "client/dialer.hpp"
#include "client/signals.hpp"
#include "http/request.hpp"
#include "http/response_decoder.hpp"
#include "io/loop.hpp"
#include "io/resolver.hpp"
#include "naru/json.hpp"
#include "shown.hpp"
#include "sse/decoder.hpp"
#include "talk_parts.hpp"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace naru::app {
namespace {

using std::chrono::milliseconds;

constexpr Duration kRetry = std::chrono::seconds(3);      // unless the stream says another
constexpr Duration kRetryMost = std::chrono::minutes(5);  // whatever the stream says

client::Url parse_or_throw(const std::string& text) {
  auto url = client::parse_url(text);
  if (!url) throw std::invalid_argument("'" + text + "': " + std::string(url.error().text));
  return *std::move(url);
}

// What naru says of the subscription at the beginning of a stream (docs/guide/push.md), for people;
// nothing of any other event. It is none of the messages that are asked for, and not counted.
std::string about_subscription(const sse::Event& event) {
  if (event.type != "subscribed" && event.type != "reset") return {};
  const auto data = Json::parse(event.data);
  if (!data || (*data)["cursor"].as<std::string>() == nullptr) return {};
  const auto* topics = (*data)["topics"].as<Json::Array>();
  if (topics == nullptr) return {};
  std::string names;
  for (const Json& each : *topics) {
    const auto* name = each.as<std::string>();
    if (name != nullptr) names += (names.empty() ? "" : ", ") + *name;
  }
  const bool gap = event.type == "reset";
  return "subscribed to " + names + (gap ? ", without what was published in between" : "");
}

class EventStream final : private client::Dialer::User {
 public:
  explicit EventStream(const TalkArguments& arguments)
      : arguments_(arguments),
        url_(parse_or_throw(arguments.url)),
        options_(websocket_options(arguments)),
        settings_{.options = options_,
                  .offer = {},
                  .tls = nullptr,
                  .environment = [](const char* name) { return std::getenv(name); },
                  .lookup = io::look_up},
        dialer_(loop_, settings_, random_, *this) {
    for (const auto& [name, value] : options_.headers) {
      if (!http::is_token(name) || !http::is_field_value(value)) {
        throw std::invalid_argument("HTTP does not allow the header " + name);
      }
    }
  }
  ~EventStream() { drop(); }
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  int run() {
    const client::Signals signals(loop_, [this] { over_ = true; });
    dial();
    while (!over_) {
      loop_.poll(milliseconds(100));
      if (again_at_ && loop_.now() >= *again_at_) dial();
      if (!again_at_ && !opened_ && loop_.now() >= answer_until_) {
        drop();
        fail("no answer in time");
      }
    }
    return status_;
  }

 private:
  class Wire;

  void dial() {
    again_at_.reset();
    opened_ = false;
    answer_until_ = loop_.now() + 2 * std::chrono::seconds(arguments_.timeout);
    answer_.emplace(http::Limits{}, http::ResponseDecoder::Asked::resource);
    dialer_.reach_line(url_);
  }

  std::unique_ptr<io::StreamHandler> on_opened(const websocket::ClientHandshake&,
                                               const http::ReceivedResponse&) override {
    return nullptr;
  }
  std::unique_ptr<io::StreamHandler> on_line() override;
  void on_dial_failed(const ConnectFailure& why) override { fail(why.text); }

  void on_attached(io::Stream& stream) {
    stream_ = &stream;
    std::string request = "GET " + url_.target + " HTTP/1.1\r\nHost: " + url_.host_field() +
                          "\r\nAccept: text/event-stream\r\nCache-Control: no-store\r\n";
    if (!url_.authorization.empty()) request += "Authorization: " + url_.authorization + "\r\n";
    for (const auto& [name, value] : options_.headers) request += name + ": " + value + "\r\n";
    if (!last_id_.empty() && http::is_field_value(last_id_)) {
      request += "Last-Event-ID: " + last_id_ + "\r\n";
    }
    stream.out().append(request + "\r\n");
    stream.send_later();
  }

  void on_bytes(std::span<char> bytes) {
    Cursor in(bytes);
    while (stream_ != nullptr) {
      const auto event = answer_->receive(in);
      if (!event) return end("the answer is no HTTP: " + std::string(event.error().text));
      if (*event && **event == http::ResponseDecoder::Event::head && !judge_head()) return;
      std::string body = answer_->take_body();
      if (opened_ && !body.empty()) receive(body);
      if (*event && **event == http::ResponseDecoder::Event::complete) return end("its end");
      if (!*event) return;
    }
  }

  // Opened; or not one, and never will be.
  bool judge_head() {
    const http::ReceivedResponse& head = answer_->response();
    const std::string_view type = head.field("Content-Type");
    if (head.status == 200 && type.starts_with("text/event-stream")) {
      opened_ = joined_ = true;
      decoder_ = sse::Decoder();
      complain("connected");
      return true;
    }
    status_ = 1;
    over_ = true;
    complain(head.status == 200 ? "this is no event stream but '" + std::string(type) + "'"
                                : "refused: status " + std::to_string(head.status));
    drop();
    return false;
  }

  void receive(std::string& body) {
    Cursor in(body);
    while (!over_) {
      const auto event = decoder_.receive(in);
      if (!event) return end(std::string(event.error().text));
      last_id_ = decoder_.last_id();
      if (!*event) return;
      on_event(**event);
    }
  }

  void on_event(const sse::Event& event) {
    const std::string subscription = about_subscription(event);
    if (!subscription.empty()) complain(subscription);
    if (arguments_.event.empty() ? !subscription.empty() : event.type != arguments_.event) return;
    if (arguments_.json) {
      Json::Object members;
      members.push_back({"event", event.type});
      if (!event.last_id.empty()) members.push_back({"id", event.last_id});
      members.push_back({"text", event.data});
      print(one_line(Json(std::move(members)).dump()));
    } else {
      const std::string type = event.type == "message" ? "" : one_line(event.type) + " ";
      print(type + one_line(event.data));
    }
    if (++heard_ == arguments_.count) over_ = true;
  }

  // What was there is over, and comes again.
  void end(const std::string& why) {
    drop();
    fail("the stream has ended: " + why);
  }
  void fail(const std::string& why) {
    if (over_) return;
    complain(why);
    if (!joined_) {  // one that never was is a mistake in the URL
      status_ = 1;
      over_ = true;
      return;
    }
    Duration wait = kRetry;
    if (const auto said = decoder_.retry()) wait = std::min<Duration>(*said, kRetryMost);
    again_at_ = loop_.now() + wait;
  }
  void drop();

  const TalkArguments& arguments_;
  const client::Url url_;
  const WebSocketClientOptions options_;
  SystemRandom random_;
  client::DialSettings settings_;
  io::Loop loop_;
  client::Dialer dialer_;
  std::optional<http::ResponseDecoder> answer_;
  sse::Decoder decoder_;
  std::string last_id_;
  Wire* wire_ = nullptr;
  io::Stream* stream_ = nullptr;
  Instant answer_until_{};
  std::optional<Instant> again_at_;
  bool opened_ = false;  // this connection is a stream
  bool joined_ = false;  // there was one
  bool over_ = false;
  int status_ = 0;
  unsigned heard_ = 0;
};

// The handler of the connection, which may outlive what it tells.
class EventStream::Wire final : public io::StreamHandler {
 public:
  explicit Wire(EventStream& owner) : owner_(&owner) {}
  void let_go() { owner_ = nullptr; }

  void on_attached(io::Stream& stream) override {
    if (owner_ != nullptr) owner_->on_attached(stream);
  }
  void on_bytes(std::span<char> bytes) override {
    if (owner_ != nullptr) owner_->on_bytes(bytes);
  }
  void on_end() override {
    if (owner_ != nullptr) owner_->end("the server has left");
  }
  void on_deadline(Instant) override {}
  void on_closed(io::StreamEnd) override {
    if (owner_ == nullptr) return;
    owner_->wire_ = nullptr;
    owner_->stream_ = nullptr;
    owner_->end("the connection broke");
  }

 private:
  EventStream* owner_;
};

std::unique_ptr<io::StreamHandler> EventStream::on_line() {
  auto wire = std::make_unique<Wire>(*this);
  wire_ = wire.get();
  return wire;
}

void EventStream::drop() {
  dialer_.cancel();
  if (wire_ != nullptr) std::exchange(wire_, nullptr)->let_go();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->abort();
}

}  // namespace

int listen_to_stream(const TalkArguments& arguments) {
  return EventStream(arguments).run();
}

}  // namespace naru::app
