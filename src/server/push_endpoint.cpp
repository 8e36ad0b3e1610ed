#include "server/push_endpoint.hpp"

#include "http/url.hpp"
#include "server/client_files.hpp"
#include "server/presence_table.hpp"
#include "server/push_access.hpp"
#include "server/state.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace naru::server {
namespace {

// A name that requests may read by: a topic's, or that of its presence, where it is kept.
bool may_be_read(const std::string& topic, const TopicTable& table, std::size_t limit) {
  const std::string_view base = presence_of(topic);
  if (base.empty()) return is_topic(topic, limit);
  return is_topic(base, limit) && table.keeps_presence(base);
}

std::optional<std::vector<PushFeed>> parse_topics(std::string_view text, const TopicTable& table,
                                                  const PushOptions& options) {
  std::vector<PushFeed> feeds;
  for (;;) {
    const std::size_t comma = text.find(',');
    const auto topic = http::percent_decode(text.substr(0, comma));
    if (!topic || !may_be_read(*topic, table, options.topic_bytes)) return std::nullopt;
    const bool twice = std::any_of(feeds.begin(), feeds.end(),
                                   [&](const PushFeed& feed) { return feed.topic == *topic; });
    if (twice || feeds.size() == options.topics) return std::nullopt;
    feeds.push_back({.topic = *topic});
    if (comma == std::string_view::npos) return feeds;
    text.remove_prefix(comma + 1);
  }
}

// Where the subscriber was: the field of its way to ask first, else the query.
std::string cursor_in(const http::Request& request, const http::Query& query) {
  if (const auto id = request.field("last-event-id"); !id.empty()) return std::string(id);
  std::string_view tag = request.field("if-none-match");
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
    return std::string(tag.substr(1, tag.size() - 2));
  }
  for (const std::string_view name : {"cursor", "last_event_id"}) {
    if (const std::string* found = query.find(name)) return *found;
  }
  return {};
}

// A cursor that is none, or of other topics, recovers nothing: its epochs fit to none.
void place(std::vector<PushFeed>& feeds, const std::string& cursor) {
  if (cursor.empty()) return;
  const auto positions = hub::parse_cursor(cursor);
  const bool fits = positions && positions->size() == feeds.size();
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    feeds[i].from = fits ? (*positions)[i] : hub::Position{.epoch = "-"};
    if (fits && feeds[i].from->epoch.empty()) feeds[i].from.reset();
  }
}

std::chrono::milliseconds wait_in(const http::Query& query, const PushOptions& options) {
  const std::string* text = query.find("wait");
  if (text == nullptr) return options.wait;
  unsigned seconds = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, seconds);
  if (error != std::errc() || stop != end) return options.wait;
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(std::min(seconds, 86400U)),
                                             options.longest_wait);
}

http::Response stream_head(std::string_view type) {
  http::Response head;
  head.add("Content-Type", type);
  head.add("Cache-Control", "no-store, no-transform");
  head.add("X-Accel-Buffering", "no");  // nginx would hold events back
  return head;
}

}  // namespace

PushEndpoint::PushEndpoint(std::string path, PushOptions options)
    : path_(std::move(path)), options_(std::move(options)), cors_(cors_policy(options_.cors)) {}

void PushEndpoint::on_request(Worker& worker, transport::HttpExchange& exchange) {
  const http::Request& request = exchange.request();
  // An id that is not simple has browsers ask before they reconnect across origins.
  if (request.method == "OPTIONS") return exchange.respond(http::preflight(cors_, request));
  http::Response cors;
  http::add_cors(cors_, request, cors);
  for (const auto& [name, value] : cors.fields) exchange.add_field(name, value);
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response refusal = json_error(405, "bad_method", "topics are read by GET");
    refusal.add("Allow", "GET, HEAD, OPTIONS");
    return exchange.respond(std::move(refusal));
  }
  serve(worker, exchange);
}

void PushEndpoint::serve(Worker& worker, transport::HttpExchange& exchange) {
  const http::Request& request = exchange.request();
  const http::Query query = http::Query::parse(request.query);
  TopicTable& table = *worker.state().topic_table;
  auto feeds = parse_topics(request.path.substr(path_.size()), table, options_);
  if (!feeds) return exchange.respond(json_error(400, "bad_topic", "no list of topics"));
  for (const PushFeed& feed : *feeds) {
    const Access access = table.options(feed.topic).subscribe;
    if (access == Access::nobody) {
      return exchange.respond(json_error(403, "forbidden", "this topic is not for reading"));
    }
    if (access == Access::key && !shows_key(request, &query, options_.keys)) {
      return exchange.respond(json_error(401, "unauthorized", "this topic asks for a key"));
    }
  }
  const auto member = member_in(query);
  if (!member) return exchange.respond(json_error(400, "bad_member", member.error().text));
  std::vector<Attendance> attendances;
  for (const PushFeed& feed : *feeds) {
    if (!*member || !presence_of(feed.topic).empty()) continue;
    attendances.push_back(worker.state().topic(feed.topic).enter(**member));
  }
  place(*feeds, cursor_in(request, query));
  const bool events = request.lists("accept", "text/event-stream");
  if (events || request.lists("accept", "application/x-ndjson")) {
    const PushForm form = !events              ? PushForm::line
                          : feeds->size() == 1 ? PushForm::event
                                               : PushForm::enveloped;
    auto stream = std::make_shared<PushStream>(worker, options_, *std::move(feeds), form);
    stream->attend(std::move(attendances));
    stream->open(exchange, stream_head(events ? "text/event-stream" : "application/x-ndjson"));
    return stream->ask(table, SIZE_MAX);
  }
  http::Response head;
  head.add("Cache-Control", "no-store");
  const PushPoll::Manner manner{.wait = wait_in(query, options_),
                                .validated = !request.field("if-none-match").empty()};
  auto poll =
      std::make_shared<PushPoll>(worker, options_, *std::move(feeds), manner, std::move(head));
  poll->attend(std::move(attendances));
  poll->open(exchange);
  poll->ask(table, options_.poll_messages);
}

}  // namespace naru::server
