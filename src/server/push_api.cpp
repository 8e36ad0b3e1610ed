#include "server/push_api.hpp"

#include "base/base64.hpp"
#include "base/sha1.hpp"
#include "base/utf8.hpp"
#include "http/url.hpp"
#include "json/split.hpp"
#include "server/presence_table.hpp"
#include "server/push_access.hpp"
#include "server/push_formats.hpp"
#include "server/state.hpp"
#include "server/topic_table.hpp"

#include <charconv>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace naru::server {
namespace {

// One publication of a request, or what is wrong with it.
struct Item {
  std::shared_ptr<MessagePublication> publication{};
  std::string answer{};  // JSON
};

Item refused(std::string_view code, std::string_view message) {
  return {.answer = error_json(code, message)};
}

// {"topic":..., "data":<JSON> | "text":... | "base64":..., "event":..., "headers":{...},
// "droppable":...}
Item read_item(const TopicTable& table, const PushApiOptions& options, JsonView json) {
  const auto members = json_members(json);
  if (!members) return refused("bad_json", "a publication is an object");
  std::string topic;
  std::string data;
  Message message{.json = true};
  bool has_data = false;
  PublishOptions how;
  std::string event;
  for (const auto& [name, value] : *members) {
    const auto text = [&](std::string& into) {
      auto read = json_string(value);
      if (read) into = *std::move(read);
      return read.has_value();
    };
    bool good = true;
    if (name == "topic") {
      good = text(topic);
    } else if (name == "event") {
      good = text(event);
    } else if (name == "data") {
      data = value.text;
      has_data = true;
    } else if (name == "text") {
      good = text(data);
      message.json = false;
      has_data = true;
    } else if (name == "base64") {
      std::string coded;
      good = text(coded) && append_decoded_base64(coded, data).has_value();
      message = {.binary = true};
      has_data = true;
    } else if (name == "headers") {
      const auto headers = json_members(value);
      good = headers.has_value();
      if (good) {
        for (const auto& [header, json_value] : *headers) {
          const auto read = json_string(json_value);
          good = good && read.has_value();
          if (read) how.headers.emplace_back(header, *read);
        }
      }
    } else if (name == "droppable") {
      const auto read = json_bool(value);
      good = read.has_value();
      how.droppable = good && *read;
    } else {
      return refused("bad_request", "a member that is not known");
    }
    if (!good) return refused("bad_request", "a member of another kind");
  }
  if (!is_topic(topic, options.topic_bytes)) return refused("bad_topic", "no topic");
  if (!has_data) return refused("bad_request", "neither data, text nor base64");
  if (table.options(topic).publish == Access::nobody) {
    return refused("forbidden", "this topic is the program's");
  }
  message.data = data;
  how.event = event;
  try {
    check_publication(message, how);
  } catch (const std::invalid_argument&) {
    return refused("bad_request", "an event name or headers that are not allowed");
  }
  return {.publication = std::make_shared<MessagePublication>(topic, message, how)};
}

std::string published(const MessagePublication& publication, const PublishOutcome& outcome) {
  std::string out = R"({"topic":)";
  json::append_string(publication.topic(), out);
  if (publication.offset() != 0) {
    out += R"(,"epoch":)";
    json::append_string(publication.epoch(), out);
    out.append(R"(,"offset":)").append(std::to_string(publication.offset()));
  }
  return out.append(R"(,"receivers":)").append(std::to_string(outcome.receivers())).append("}");
}

constexpr std::size_t kKeyBytes = 200;

std::size_t number_in(const http::Query& query, std::string_view name, std::size_t otherwise) {
  const std::string* text = query.find(name);
  std::size_t value = 0;
  if (text == nullptr) return otherwise;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  return error == std::errc() && stop == end ? value : otherwise;
}

// Asks each loop, and adds up what they say on the loop of `here`.
void count_subscribers(Worker& here, std::string topic, std::function<void(std::size_t)> done) {
  struct Sum {
    std::size_t due;
    std::size_t subscribers = 0;
  };
  const State& state = here.state();
  const auto sum = std::make_shared<Sum>(Sum{state.workers.size()});
  for (const auto& worker : state.workers) {
    worker->loop.post([&each = *worker, &here, topic, sum, done] {
      const std::size_t count = topic.empty() ? each.topics.size() : each.topics.size_of(topic);
      here.loop.post([sum, count, done] {
        sum->subscribers += count;
        if (--sum->due == 0) done(sum->subscribers);
      });
    });
  }
}

}  // namespace

// The publications of one request, until all have been delivered.
struct PushApi::Batch {
  std::vector<Item> items;
  std::size_t due = 0;
  bool single = false;

  int status() const { return single && items.front().publication == nullptr ? 400 : 200; }
  std::string answer() const {
    if (single) return items.front().answer + '\n';
    std::string body = R"({"results":[)";
    for (const Item& item : items) {
      if (&item != &items.front()) body += ',';
      body += item.answer;
    }
    return body + "]}\n";
  }
  // Calls `done` on the loop of `worker`, once all have been delivered.
  static void publish(Worker& worker, const std::shared_ptr<Batch>& batch,
                      const std::function<void(const std::string&)>& done) {
    for (Item& item : batch->items) {
      if (item.publication == nullptr) continue;
      server::publish(
          worker.state(), item.publication,
          [batch, &item, done](const PublishOutcome& outcome) {
            item.answer = published(*item.publication, outcome);
            if (--batch->due == 0) done(batch->answer());
          },
          nullptr);
    }
  }
};

PushApi::PushApi(std::string path, PushApiOptions options, std::size_t loops)
    : path_(std::move(path)), options_(std::move(options)) {
  for (std::size_t i = 0; i < loops; ++i) {
    done_.push_back(std::make_unique<hub::Idempotency>(
        hub::IdempotencyLimits{options_.idempotency_keys, options_.idempotency_age}));
  }
}

void PushApi::on_head(Worker&, transport::HttpExchange& exchange) {
  exchange.limit_body(options_.body_bytes);
}

void PushApi::on_request(Worker& worker, transport::HttpExchange& exchange) {
  const http::Request& request = exchange.request();
  const std::string_view what = request.path.substr(path_.size());
  const bool publishes = what == "publish" || what == "batch";
  if (!publishes && what != "history" && what != "presence" && what != "info") {
    return exchange.respond(json_error(404, "not_found", "no such call"));
  }
  if (!shows_key(request, nullptr, options_.keys)) {
    http::Response refusal = json_error(401, "unauthorized", "a key is needed");
    refusal.add("WWW-Authenticate", "Bearer");
    return exchange.respond(std::move(refusal));
  }
  const std::string_view method = publishes ? "POST" : "GET";
  if (request.method != method) {
    http::Response refusal = json_error(405, "bad_method", "another method");
    refusal.add("Allow", method);
    return exchange.respond(std::move(refusal));
  }
  if (publishes) return publish(worker, exchange, what == "batch");
  if (what == "history") return history(worker, exchange);
  if (what == "presence") return presence(worker, exchange);
  info(worker, exchange);
}

void PushApi::publish(Worker& worker, transport::HttpExchange& exchange, bool batch) {
  const std::string body = exchange.take_body();
  if (!is_utf8(body) || !json::validate(body, {})) {
    return exchange.respond(json_error(400, "bad_json", "the body is no JSON"));
  }
  const TopicTable& table = *worker.state().topic_table;
  auto all = std::make_shared<Batch>();
  all->single = !batch;
  if (batch) {
    const auto elements = json_elements({body});
    if (!elements || elements->empty()) {
      return exchange.respond(json_error(400, "bad_request", "a batch is a list of publications"));
    }
    if (elements->size() > options_.batch) {
      return exchange.respond(json_error(413, "too_many", "too many publications"));
    }
    for (const JsonView each : *elements) all->items.push_back(read_item(table, options_, each));
  } else {
    all->items.push_back(read_item(table, options_, {body}));
  }
  for (const Item& item : all->items) all->due += item.publication != nullptr ? 1 : 0;
  if (all->due == 0) return exchange.respond(json_answer(all->status(), all->answer()));
  const std::string key(exchange.request().field("idempotency-key"));
  if (key.size() > kKeyBytes) {
    return exchange.respond(json_error(400, "bad_request", "too long an Idempotency-Key"));
  }
  const AnswerTo to = worker.expect_answer(exchange, [] {});
  if (!key.empty()) {
    const auto digest = sha1(body);
    return publish_once(worker, to, key,
                        {reinterpret_cast<const char*>(digest.data()), digest.size()}, all);
  }
  Batch::publish(worker, all, [&worker, to](const std::string& answer) {
    worker.answer(to, json_answer(200, answer));
  });
}

// On the home of the key, which remembers it.
void PushApi::publish_once(Worker& worker, AnswerTo to, const std::string& key, std::string digest,
                           const std::shared_ptr<Batch>& batch) {
  const State& state = worker.state();
  Worker& home = *state.workers[std::hash<std::string>()(key) % state.workers.size()];
  home.loop.post([this, &home, to, key, digest = std::move(digest), batch] {
    using Verdict = hub::Idempotency::Verdict;
    hub::Idempotency& done = *done_[home.index()];
    const auto claim = done.claim(key, digest, home.loop.now());
    if (claim.verdict == Verdict::running) {
      return home.answer(to, json_error(409, "in_progress", "the first one is under way"));
    }
    if (claim.verdict == Verdict::other) {
      return home.answer(to, json_error(422, "key_reused", "this key was for another request"));
    }
    if (claim.verdict == Verdict::done) return home.answer(to, json_answer(200, claim.answer));
    Batch::publish(home, batch, [&home, &done, to, key](const std::string& answer) {
      done.finish(key, answer);
      home.answer(to, json_answer(200, answer));
    });
  });
}

void PushApi::history(Worker& worker, transport::HttpExchange& exchange) {
  const http::Query query = http::Query::parse(exchange.request().query);
  const std::string* topic = query.find("topic");
  TopicTable& table = *worker.state().topic_table;
  if (topic == nullptr || !is_topic(*topic, options_.topic_bytes)) {
    return exchange.respond(json_error(400, "bad_topic", "no topic"));
  }
  if (!table.keeps(*topic)) {
    return exchange.respond(json_error(404, "no_history", "this topic keeps no history"));
  }
  TopicTable::Query asked{.topic = *topic};
  asked.most =
      std::min(number_in(query, "limit", options_.history_messages), options_.history_messages);
  if (const std::string* cursor = query.find("cursor")) {
    const auto positions = hub::parse_cursor(*cursor);
    if (!positions || positions->size() != 1) {
      return exchange.respond(json_error(400, "bad_cursor", "a cursor of one topic"));
    }
    asked.from = positions->front();
  } else {
    asked.latest = true;
  }
  const AnswerTo to = worker.expect_answer(exchange, [] {});
  table.ask(worker, asked, [&worker, to, topic = *topic](const hub::History::Replay& replay) {
    std::string body = R"({"topic":)";
    json::append_string(topic, body);
    body += R"(,"cursor":)";
    json::append_string(hub::to_cursor({replay.position}), body);
    body.append(R"(,"recovered":)").append(replay.recovered ? "true" : "false");
    body.append(R"(,"more":)").append(replay.more ? "true" : "false").append(R"(,"messages":[)");
    for (const auto& each : replay.missed) {
      if (&each != &replay.missed.front()) body += ',';
      body += push_envelope(static_cast<const MessagePublication&>(*each));
    }
    worker.answer(to, json_answer(200, body + "]}\n"));
  });
}

void PushApi::presence(Worker& worker, transport::HttpExchange& exchange) {
  const http::Query query = http::Query::parse(exchange.request().query);
  const std::string* topic = query.find("topic");
  if (topic == nullptr || !is_topic(*topic, options_.topic_bytes)) {
    return exchange.respond(json_error(400, "bad_topic", "no topic"));
  }
  const AnswerTo to = worker.expect_answer(exchange, [] {});
  count_subscribers(worker, *topic, [&worker, to, topic = *topic](std::size_t count) {
    std::string body = R"({"topic":)";
    json::append_string(topic, body);
    body.append(R"(,"subscribers":)").append(std::to_string(count));
    const State& state = worker.state();
    if (!state.topic_table->keeps_presence(topic)) {
      return worker.answer(to, json_answer(200, body + "}\n"));
    }
    state.presence_table->report(topic, &worker, [&worker, to, body](const PresenceReport& report) {
      const std::string clients = body + R"(,"clients":)" + std::to_string(report.clients);
      const std::string members = report.listed ? members_json(report) : std::string();
      worker.answer(to, json_answer(200, clients + members + "}\n"));
    });
  });
}

void PushApi::info(Worker& worker, transport::HttpExchange& exchange) {
  const AnswerTo to = worker.expect_answer(exchange, [] {});
  count_subscribers(worker, {}, [&worker, to](std::size_t count) {
    worker.answer(to, json_answer(200, R"({"name":"naru","loops":)" +
                                           std::to_string(worker.state().workers.size()) +
                                           R"(,"subscribers":)" + std::to_string(count) + "}\n"));
  });
}

}  // namespace naru::server
