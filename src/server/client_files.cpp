#include "server/client_files.hpp"

#include "base/base64.hpp"
#include "base/sha1.hpp"
#include "http/content_coding.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace naru::server {
namespace {

constexpr std::array<std::string_view, 4> kNames{
    "socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"};

// An application's own judgement of origins; one that throws lets nobody in.
std::function<bool(std::string_view)> guarded(std::function<bool(std::string_view)> allow_origin) {
  if (!allow_origin) return {};
  return [allow_origin = std::move(allow_origin)](std::string_view origin) {
    try {
      return allow_origin(origin);
    } catch (...) {
      return false;
    }
  };
}

http::File to_file(std::string bytes, std::string_view tag) {
  http::File file;
  file.etag = std::string("\"").append(tag).append("\"");
  file.bytes = std::make_shared<const std::string>(std::move(bytes));
  return file;
}

}  // namespace

http::CorsPolicy cors_policy(const CorsOptions& options) {
  http::CorsPolicy policy;
  policy.origins = options.origins;
  policy.allow_origin = guarded(options.allow_origin);
  policy.credentials = options.credentials;
  policy.methods = options.methods;
  policy.allowed_headers = options.allowed_headers;
  policy.exposed_headers = options.exposed_headers;
  policy.max_age_seconds = options.max_age_seconds;
  return policy;
}

ClientFileEndpoint::ClientFileEndpoint(std::string name, std::string bytes, const CorsOptions& cors)
    : name_(std::move(name)), cors_(cors_policy(cors)) {
  const auto digest = sha1(bytes);
  const std::string tag = base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
  gzip_ = to_file(http::ContentCoder().encode(http::ContentCoding::gzip, bytes), tag + "-gzip");
  plain_ = to_file(std::move(bytes), tag);
}

void ClientFileEndpoint::on_request(Worker&, transport::HttpExchange& connection) {
  const http::Request& request = connection.request();
  if (cors_.enabled() && request.method == "OPTIONS") {
    return connection.respond(http::preflight(cors_, request));
  }
  const bool gzip = http::choose_coding(request) == http::ContentCoding::gzip;
  http::Response response = http::answer_file(request, name_, gzip ? &gzip_ : &plain_);
  response.add("Vary", "Accept-Encoding");
  if (gzip && response.shared_body) response.set("Content-Encoding", "gzip");
  http::add_cors(cors_, request, response);
  connection.respond(std::move(response));
}

std::vector<std::pair<std::string, std::unique_ptr<Endpoint>>> client_files(
    const std::string& directory, const CorsOptions& cors) {
  std::vector<std::pair<std::string, std::unique_ptr<Endpoint>>> files;
  for (const std::string_view script : kNames) {
    for (const std::string_view suffix : {"", ".map"}) {
      std::string name = std::string(script).append(suffix);
      std::ifstream in(directory + "/" + name, std::ios::binary);
      if (!in) continue;
      std::string bytes{std::istreambuf_iterator<char>(in), {}};
      files.emplace_back(name, std::make_unique<ClientFileEndpoint>(name, std::move(bytes), cors));
    }
  }
  if (files.empty() || files.front().first != kNames.front()) {
    throw std::invalid_argument("naru: no socket.io.js in '" + directory + "'");
  }
  return files;
}

}  // namespace naru::server
