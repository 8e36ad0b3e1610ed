#include "serve.hpp"

#include "chat.hpp"
#include "logger.hpp"
#include "naru/server.hpp"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

namespace naru::app {
namespace {

constexpr unsigned short kHttpPort = 3000;
constexpr unsigned short kHttpsPort = 3443;

std::vector<ListenAddress> addresses(const ServeConfig& config) {
  std::vector<ListenAddress> all;
  for (const std::string& text : config.listen) all.push_back(parse_listen(text));
  if (all.empty()) all.push_back({.tls = false, .host = "localhost", .port = kHttpPort});

  const bool certified = !config.tls_cert.empty() && !config.tls_key.empty();
  bool wants_tls = false;
  for (const ListenAddress& each : all) wants_tls = wants_tls || each.tls;
  if (wants_tls && !certified) {
    throw std::runtime_error("https:// needs --tls-cert and --tls-key");
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    throw std::runtime_error("--tls-cert and --tls-key go together");
  }
  if (certified && !wants_tls) {
    all.push_back({.tls = true, .host = all.front().host, .port = kHttpsPort});
  }
  return all;
}

void add_gallery(Server& server, const std::string& web) {
  const std::filesystem::path root(web);
  if (!std::filesystem::is_directory(root / "public")) {
    throw std::runtime_error("no gallery in '" + web + "' (--web)");
  }
  server.files("/", (root / "public").string());
  server.files("/vendor/", (root / "node_modules" / "socket.io-client" / "dist").string());
}

}  // namespace

int serve(const ServeConfig& config) {
  ServerOptions options;
  options.loops = config.loops;
  if (const auto level = parse_log_level(config.log)) {
    options.log = stderr_logger();
    options.log_level = *level;
  }
  Server server(options);
  add_gallery(server, config.web);
  Chat chat(server.socketio("/socket.io/").of("/chat"));

  for (const ListenAddress& address : addresses(config)) {
    ListenOptions where;
    where.host = address.host;
    where.port = address.port;
    if (address.tls) {
      where.tls_certificate = config.tls_cert;
      where.tls_key = config.tls_key;
    }
    if (!server.listen(where)) {
      throw std::runtime_error(server.last_error());
    }
  }
  return server.run_until_signal([&server] {
    for (const std::string& url : server.urls()) {
      std::printf("naru %s is listening on %s\n", NARU_VERSION, url.c_str());
    }
    std::fflush(stdout);
  });
}

}  // namespace naru::app
