#include "config.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <stdexcept>
#include <string_view>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace naru::app {
namespace {

const std::vector<std::string> kKeys{
    "listen",          "tls_cert", "tls_key", "tls_client",     "tls_client_ca", "http2", "origins",
    "trusted_proxies", "loops",    "io",      "spin",           "log",           "web",   "push",
    "api_keys",        "topics",   "sockjs",  "sockjs_publish", "stomp"};
const std::vector<std::string> kStompKeys{"path", "sockjs", "listen", "queues", "relay"};
const std::vector<std::string> kRelayKeys{
    "host",     "port",         "tls",          "tls_ca",          "login",
    "passcode", "system_login", "virtual_host", "system_passcode", "heartbeat_seconds",
    "topics"};
const std::vector<std::string> kTopicKeys{"prefix",          "history",  "history_bytes",
                                          "history_seconds", "presence", "presence_seconds",
                                          "subscribe",       "publish",  "socketio"};
constexpr unsigned kHistoryAtMost = 1'000'000;
constexpr unsigned kHistoryBytesAtMost = 1U << 30U;
constexpr unsigned kHistorySecondsAtMost = 7 * 86'400;
constexpr unsigned kPresenceAtMost = 100'000;
constexpr unsigned kPresenceSecondsAtMost = 3600;

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

[[noreturn]] void wrong_type(const std::string& file, const std::string& key, const char* wanted) {
  throw std::runtime_error(file + ": '" + key + "' must be " + wanted);
}

void read_text(const toml::table& table, const std::string& file, const std::string& key,
               std::string& into) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  const auto text = node->value_exact<std::string>();
  if (!text) wrong_type(file, key, "a string");
  into = *text;
}

void read_count(const toml::table& table, const std::string& file, const std::string& key,
                unsigned at_most, unsigned& into) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  const auto count = node->value_exact<std::int64_t>();
  if (!count || *count < 0 || *count > at_most) {
    const std::string wanted = "a whole number from 0 to " + std::to_string(at_most);
    wrong_type(file, key, wanted.c_str());
  }
  into = static_cast<unsigned>(*count);
}

void read_flag(const toml::table& table, const std::string& file, const std::string& key,
               bool& into) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  const auto flag = node->value_exact<bool>();
  if (!flag) wrong_type(file, key, "true or false");
  into = *flag;
}

void read_texts(const toml::table& table, const std::string& file, const std::string& key,
                std::vector<std::string>& into) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  into.clear();
  if (const auto one = node->value_exact<std::string>()) return into.push_back(*one);
  const toml::array* many = node->as_array();
  if (many == nullptr) wrong_type(file, key, "a string or a list of strings");
  for (const toml::node& each : *many) {
    const auto text = each.value_exact<std::string>();
    if (!text) wrong_type(file, key, "a string or a list of strings");
    into.push_back(*text);
  }
}

void refuse_unknown(const toml::table& table, const std::string& file,
                    const std::vector<std::string>& known) {
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string meant = nearest(name, known);
    throw std::runtime_error(file + ":" + std::to_string(value.source().begin.line) +
                             ": unknown key '" + name + "'" +
                             (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
  }
}

Access parse_access(const std::string& file, const std::string& key, const std::string& word) {
  if (word == "anyone") return Access::anyone;
  if (word == "key") return Access::key;
  if (word == "nobody") return Access::nobody;
  throw std::runtime_error(file + ": '" + key + "' must be anyone, key or nobody");
}

TopicConfig read_topic(const toml::table& table, const std::string& file) {
  refuse_unknown(table, file, kTopicKeys);
  TopicConfig topic;
  HistoryOptions& history = topic.options.history;
  auto count = static_cast<unsigned>(history.count);
  auto bytes = static_cast<unsigned>(history.bytes);
  unsigned seconds = 300;
  unsigned members = 0;
  unsigned linger = 5;
  std::string subscribe = "anyone";
  std::string publish = "key";
  read_text(table, file, "prefix", topic.prefix);
  read_count(table, file, "history", kHistoryAtMost, count);
  read_count(table, file, "history_bytes", kHistoryBytesAtMost, bytes);
  read_count(table, file, "history_seconds", kHistorySecondsAtMost, seconds);
  read_count(table, file, "presence", kPresenceAtMost, members);
  read_count(table, file, "presence_seconds", kPresenceSecondsAtMost, linger);
  read_text(table, file, "subscribe", subscribe);
  read_text(table, file, "publish", publish);
  history = {.count = count, .bytes = bytes, .age = std::chrono::seconds(seconds)};
  topic.options.presence.members = members;
  topic.options.presence.linger = std::chrono::seconds(linger);
  topic.options.subscribe = parse_access(file, "subscribe", subscribe);
  topic.options.publish = parse_access(file, "publish", publish);
  if (const toml::node* node = table.get("socketio")) {
    const auto value = node->value_exact<bool>();
    if (!value) wrong_type(file, "socketio", "true or false");
    topic.options.socketio = *value;
  }
  return topic;
}

void read_topics(const toml::table& table, const std::string& file,
                 std::vector<TopicConfig>& topics) {
  const toml::node* node = table.get("topics");
  if (node == nullptr) return;
  const toml::array* many = node->as_array();
  if (many == nullptr) wrong_type(file, "topics", "a list of tables: [[topics]]");
  for (const toml::node& each : *many) {
    const toml::table* one = each.as_table();
    if (one == nullptr) wrong_type(file, "topics", "a list of tables: [[topics]]");
    topics.push_back(read_topic(*one, file));
  }
}

void read_relay(const toml::table& table, const std::string& file,
                std::optional<StompRelayOptions>& relay) {
  const toml::node* node = table.get("relay");
  if (node == nullptr) return;
  const toml::table* one = node->as_table();
  if (one == nullptr) wrong_type(file, "stomp.relay", "a table: [stomp.relay]");
  refuse_unknown(*one, file, kRelayKeys);
  relay.emplace();
  unsigned port = relay->port;
  unsigned heartbeat = 10;
  read_text(*one, file, "host", relay->host);
  read_count(*one, file, "port", 65535, port);
  read_flag(*one, file, "tls", relay->tls);
  read_text(*one, file, "tls_ca", relay->tls_options.ca_file);
  read_text(*one, file, "login", relay->login);
  read_text(*one, file, "passcode", relay->passcode);
  read_text(*one, file, "system_login", relay->system_login);
  read_text(*one, file, "system_passcode", relay->system_passcode);
  read_text(*one, file, "virtual_host", relay->virtual_host);
  read_count(*one, file, "heartbeat_seconds", 3600, heartbeat);
  read_texts(*one, file, "topics", relay->topics);
  // A client's passcode is an API key: it is not for another broker.
  if (relay->login.empty()) wrong_type(file, "login", "the relay's own login");
  relay->port = static_cast<std::uint16_t>(port);
  relay->heartbeat_send = relay->heartbeat_receive = std::chrono::seconds(heartbeat);
}

void read_stomp(const toml::table& table, const std::string& file, StompConfig& stomp) {
  const toml::node* node = table.get("stomp");
  if (node == nullptr) return;
  const toml::table* one = node->as_table();
  if (one == nullptr) wrong_type(file, "stomp", "a table: [stomp]");
  refuse_unknown(*one, file, kStompKeys);
  std::string queues = "key";
  read_text(*one, file, "path", stomp.path);
  read_text(*one, file, "sockjs", stomp.sockjs);
  read_texts(*one, file, "listen", stomp.listen);
  read_text(*one, file, "queues", queues);
  read_relay(*one, file, stomp.relay);
  stomp.queues = parse_access(file, "queues", queues);
  stomp.on = true;
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  const auto best = std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return distance(word, a) < distance(word, b);
  });
  if (best == known.end() || distance(word, *best) > std::max<std::size_t>(2, word.size() / 3)) {
    return {};
  }
  return *best;
}

TopicOptions options_of(const std::vector<TopicConfig>& topics, std::string_view name) {
  // Who may not read a topic may not read who is in it.
  constexpr std::string_view kPresence = "$presence:";
  if (name.starts_with(kPresence)) name.remove_prefix(kPresence.size());
  const TopicConfig* longest = nullptr;
  for (const TopicConfig& each : topics) {
    const bool fits = name.starts_with(each.prefix);
    if (fits && (longest == nullptr || each.prefix.size() > longest->prefix.size())) {
      longest = &each;
    }
  }
  return longest == nullptr ? TopicOptions{} : longest->options;
}

void read_config(const std::string& file, ServeConfig& config) {
  toml::table table;
  try {
    table = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    throw std::runtime_error(file + ":" + std::to_string(error.source().begin.line) + ": " +
                             std::string(error.description()));
  }
  refuse_unknown(table, file, kKeys);
  read_text(table, file, "push", config.push);
  read_texts(table, file, "api_keys", config.api_keys);
  read_topics(table, file, config.topics);
  read_texts(table, file, "listen", config.listen);
  read_texts(table, file, "tls_cert", config.tls_cert);
  read_texts(table, file, "tls_key", config.tls_key);
  read_text(table, file, "tls_client", config.tls_client);
  read_text(table, file, "tls_client_ca", config.tls_client_ca);
  read_text(table, file, "http2", config.http2);
  read_texts(table, file, "origins", config.origins);
  read_texts(table, file, "trusted_proxies", config.trusted_proxies);
  read_text(table, file, "log", config.log);
  read_text(table, file, "web", config.web);
  read_text(table, file, "io", config.io);
  read_text(table, file, "sockjs", config.sockjs);
  read_flag(table, file, "sockjs_publish", config.sockjs_publish);
  read_stomp(table, file, config.stomp);
  read_count(table, file, "loops", kLoopsAtMost, config.loops);
  read_count(table, file, "spin", kSpinAtMost, config.spin);
}

ListenAddress parse_listen(const std::string& text) {
  ListenAddress address;
  std::string_view rest = text;
  for (const std::string_view scheme : {"https://", "stomp+ssl://", "http://", "stomp://"}) {
    if (!rest.starts_with(scheme)) continue;
    address.tls = scheme == "https://" || scheme == "stomp+ssl://";
    rest.remove_prefix(scheme.size());
    break;
  }
  const std::size_t colon = rest.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? rest : rest.substr(colon + 1);
  std::string_view host = colon == std::string_view::npos ? "" : rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || port.empty()) {
    throw std::runtime_error("'" + text + "' is no address: write host:port, such as " +
                             "127.0.0.1:3000, [::1]:3000 or https://:3443");
  }
  address.host = host == "*" ? "" : std::string(host);
  return address;
}

}  // namespace naru::app
