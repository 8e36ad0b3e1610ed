#include "client/engine_context.hpp"
#include "client/http_caller.hpp"
#include "client/websocket_link.hpp"
#include "io/loop.hpp"
#include "io/resolver.hpp"
#include "naru/json.hpp"
#include "shown.hpp"
#include "talk_parts.hpp"

#include <cstdio>
#include <stdexcept>
#include <string_view>

namespace naru::app {
namespace {

// Asks and waits for the answer, turning a loop of its own.
class Publisher final : private client::HttpCaller::User {
 public:
  explicit Publisher(const TalkArguments& arguments)
      : context_(arguments.url, options(arguments), io::look_up),
        url_(context_.base),
        topic_(arguments.words[0]),
        caller_(loop_, client::call_settings(context_),
                static_cast<client::HttpCaller::User&>(*this)) {
    url_.target = "/api/publish";
  }

  bool publish(const std::string& message) {
    Json::Object body;
    body.push_back({"topic", topic_});
    if (const auto json = Json::parse(message)) {
      body.push_back({"data", *json});
    } else {
      body.push_back({"text", message});
    }
    answered_ = false;
    caller_.post(url_, Json(std::move(body)).dump());
    while (!answered_) loop_.poll(std::chrono::seconds(1));  // the attempt has a timeout
    return taken_;
  }

 private:
  static ClientOptions options(const TalkArguments& arguments) {
    ClientOptions options;
    options.headers = parse_headers(arguments.headers);
    if (!arguments.key.empty()) {
      options.headers.emplace_back("Authorization", "Bearer " + arguments.key);
    }
    options.tls.ca_file = arguments.ca_file;
    options.timeout = std::chrono::seconds(arguments.timeout);
    return options;
  }

  void on_answer(client::HttpCaller&, const http::ReceivedResponse& answer) override {
    answered_ = true;
    taken_ = answer.status == 200;
    std::string_view body = answer.body;
    while (body.ends_with('\n')) body.remove_suffix(1);
    std::fprintf(taken_ ? stdout : stderr, "%s%s\n",
                 taken_ ? "" : ("naru: " + std::to_string(answer.status) + " ").c_str(),
                 one_line(body).c_str());
  }
  void on_call_failed(client::HttpCaller&, const ConnectFailure& failure) override {
    answered_ = true;
    taken_ = false;
    std::fprintf(stderr, "naru: %s\n", one_line(failure.text).c_str());
  }

  client::EngineContext context_;
  client::Url url_;
  std::string topic_;
  io::Loop loop_;  // after the context, which its streams borrow
  client::HttpCaller caller_;
  bool answered_ = false;
  bool taken_ = false;
};

}  // namespace

int publish_by_http(const TalkArguments& arguments) {
  if (arguments.words.size() != 2) {
    throw std::invalid_argument(
        "TOPIC and MESSAGE are needed, or - for the lines of standard input");
  }
  Publisher publisher(arguments);
  const auto send = [&](const std::string& message) { return publisher.publish(message); };
  return for_each_message(arguments.words[1], send) ? 0 : 1;
}

}  // namespace naru::app
