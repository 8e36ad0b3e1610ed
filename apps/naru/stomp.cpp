#include "stomp.hpp"

#include "naru/secret.hpp"
#include "naru/server.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace naru::app {
namespace {

constexpr std::string_view kTopic = "/topic/";
constexpr std::string_view kQueue = "/queue/";

bool allows(Access access, bool keyed) {
  return access == Access::anyone || (keyed && access == Access::key);
}

// What all topics begin with that fit a key with wildcards: "a.*" has "a.", but "a.#" is for "a"
// too. A star in the middle of a word is none; to take it for one refuses more, not less.
std::string_view beginning_of(std::string_view key) {
  const std::size_t wild = key.find_first_of("*#");
  if (wild == std::string_view::npos) return key;
  std::string_view beginning = key.substr(0, wild);
  if (key[wild] == '#' && beginning.ends_with('.')) beginning.remove_suffix(1);
  return beginning;
}

// To read by a pattern, one must be allowed to read every topic that may fit it.
bool may_subscribe(const std::vector<TopicConfig>& topics, std::string_view key, bool keyed) {
  const std::string_view beginning = beginning_of(key);
  if (!allows(options_of(topics, beginning).subscribe, keyed)) return false;
  if (beginning.size() == key.size()) return true;
  return std::all_of(topics.begin(), topics.end(), [&](const TopicConfig& each) {
    return !each.prefix.starts_with(beginning) || allows(each.options.subscribe, keyed);
  });
}

bool is_key(const std::vector<std::string>& keys, std::string_view given) {
  bool found = false;
  for (const std::string& key : keys) found = same_secret(given, key) || found;
  return found;
}

StompOptions options_of(const ServeConfig& config) {
  StompOptions options;
  if (!config.origins.empty()) {
    options.origins = {.kind = OriginPolicy::Kind::list, .origins = config.origins};
  }
  // Names are for those with a key: "/user/ann" must not be whoever says "ann".
  options.authorize = [keys = config.api_keys](stomp::Connect& connect) {
    const bool keyed = is_key(keys, connect.passcode);
    connect.user = !keyed ? "" : connect.login.empty() ? "key" : connect.login;
    return keyed || connect.passcode.empty();
  };
  options.permit = [topics = config.topics, queues = config.stomp.queues](
                       std::string_view user, stomp::Access access, std::string_view destination) {
    const bool keyed = !user.empty();
    if (destination.starts_with(kQueue)) return allows(queues, keyed);
    if (!destination.starts_with(kTopic)) {  // a user's: one's own is everybody's to read
      return keyed || access == stomp::Access::subscribe;
    }
    const std::string_view key = destination.substr(kTopic.size());
    if (access == stomp::Access::subscribe) return may_subscribe(topics, key, keyed);
    return allows(options_of(topics, key).publish, keyed);
  };
  options.relay = config.stomp.relay;
  return options;
}

}  // namespace

Stomp* add_stomp(Server& server, const ServeConfig& config) {
  if (!config.stomp.on) return nullptr;
  Stomp& broker = server.stomp(config.stomp.path, options_of(config));
  if (!config.stomp.sockjs.empty()) {
    SockJsOptions sockjs;
    sockjs.origins.origins = config.origins;
    broker.sockjs(config.stomp.sockjs, sockjs);
  }
  return &broker;
}

}  // namespace naru::app
