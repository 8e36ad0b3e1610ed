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
  options.on_open = [](SockJs& session) { session.subscribe(topic_of(session)); };
  if (config.sockjs_publish) {
    options.on_message = [&server](SockJs& session, Message message) {
      server.topic(topic_of(session)).publish(message);
    };
  }
  std::string path = config.sockjs;
  if (path.ends_with('/')) path.pop_back();
  server.sockjs(path + "/:topic", options);
}

}  // namespace naru::app
