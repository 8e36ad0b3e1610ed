#include "client/engine_context.hpp"

#include "http/request.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace naru::client {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw std::invalid_argument("naru: " + std::string(why));
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out.append({'%', digits[octet >> 4U], digits[octet & 15U]});
  }
  return out;
}

transport::WebSocketSettings make_settings(const ClientOptions& options) {
  transport::WebSocketSettings settings;
  settings.limits.message_bytes = options.message_bytes;
  settings.limits.deflate = websocket::deflate_config(options.compression);
  settings.times.idle_timeout = {};  // Engine.IO has a heartbeat of its own
  settings.times.ping = false;
  settings.outbox.limit = options.outbox_bytes;
  settings.outbox.high_watermark = std::min<std::size_t>(65536, options.outbox_bytes);
  return settings;
}

// Node's clients and servers have the path end in '/'.
std::string with_slashes(std::string path) {
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  if (!path.ends_with('/')) path.push_back('/');
  return path;
}

}  // namespace

EngineContext::EngineContext(std::string_view text, ClientOptions given,
                             io::Resolver::Lookup how_to_look_up)
    : options(std::move(given)),
      base(url_or_throw(text)),
      websocket(make_settings(options)),
      lookup(std::move(how_to_look_up)) {
  const std::size_t mark = base.target.find('?');
  nsp = base.target.substr(0, mark);
  if (mark != std::string::npos && mark + 1 < base.target.size()) {
    query = "&" + base.target.substr(mark + 1);
  }
  for (const auto& [name, value] : options.query) {
    query.append("&").append(percent_encode(name)).append("=").append(percent_encode(value));
  }
  base.target = with_slashes(options.path);
  if (base.target.find_first_of(" ?#") != std::string::npos) refuse("a malformed path");
  for (const auto& [name, value] : options.headers) {
    if (!http::is_token(name) || !http::is_field_value(value)) refuse("a malformed header");
  }
  if (options.transports.empty()) refuse("no transport");
  if (options.revision != 3 && options.revision != 4) refuse("no such revision of Engine.IO");
  if (!options.auth.is_null() && options.auth.as<Json::Object>() == nullptr) {
    refuse("auth has to be an object");
  }
  if (options.retries > 0 && options.ack_timeout.count() <= 0) {
    refuse("retries need an ack_timeout");
  }
}

Url EngineContext::target(std::string_view transport, std::string_view sid) {
  Url url = base;
  url.target.append(revision() == engineio::Revision::v3 ? "?EIO=3" : "?EIO=4");
  url.target.append("&transport=").append(transport);
  if (transport == "polling") url.target.append("&t=").append(std::to_string(++requests));
  if (!sid.empty()) url.target.append("&sid=").append(percent_encode(sid));
  url.target.append(query);
  return url;
}

Headers EngineContext::headers() const {
  Headers headers = options.headers;
  const std::string kept = cookies.field(base.secure, std::chrono::system_clock::now());
  if (!kept.empty()) headers.emplace_back("Cookie", kept);
  return headers;
}

void EngineContext::store_cookie(std::string_view set_cookie) {
  if (options.cookies) cookies.store(set_cookie, std::chrono::system_clock::now());
}

}  // namespace naru::client
