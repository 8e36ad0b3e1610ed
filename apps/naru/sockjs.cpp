#include "sockjs.hpp"

#include "naru/server.hpp"

#include <string>

namespace naru::app {
namespace {

std::string topic_of(const SockJs& session) {
  return std::string(session.request().parameter("topic"));
}

}  // namespace

void add_sockjs(Server& server, const ServeConfig& config) {
  if (config.sockjs.empty()) return;
  SockJsOptions options;
  if (!config.origins.empty()) {
    const bool any = config.origins.size() == 1 && config.origins.front() == "*";
    if (any) options.origins.kind = OriginPolicy::Kind::any;
    options.origins.origins = config.origins;
  }
  options.on_open = [topics = config.topics](SockJs& session) {
    const std::string topic = topic_of(session);
    const bool open = options_of(topics, topic).subscribe == Access::anyone;
    if (topic.ends_with('*') || !open) return session.close(1008, "not this topic");
    session.subscribe(topic);
  };
  if (config.sockjs_publish) {
    options.on_message = [&server](SockJs& session, Message message) {
      const std::string topic = topic_of(session);
      // Those are the server's own.
      if (topic.starts_with('$')) return session.close(1008, "not to this topic");
      server.topic(topic).publish(message);
    };
  }
  std::string path = config.sockjs;
  if (path.ends_with('/')) path.pop_back();
  server.sockjs(path + "/:topic", options);
}

}  // namespace naru::app
