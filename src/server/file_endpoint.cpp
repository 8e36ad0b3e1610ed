#include "server/file_endpoint.hpp"

#include "http/static_files.hpp"

#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

namespace naru::server {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20U;

// The file `relative` below `root`, unless a symbolic link leads out of it.
std::optional<fs::path> resolve(const fs::path& root, const std::string& relative) {
  std::error_code error;
  const fs::path base = fs::canonical(root, error);
  if (error) return std::nullopt;
  const fs::path path = fs::canonical(base / relative, error);
  if (error || !fs::is_regular_file(path, error)) return std::nullopt;
  const fs::path inside = path.lexically_relative(base);
  if (inside.empty() || *inside.begin() == "..") return std::nullopt;
  return path;
}

std::optional<http::File> read(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > kLargestFile) return std::nullopt;
  const auto changed = fs::last_write_time(path, error);
  if (error) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  http::File file;
  file.etag = '"' + std::to_string(bytes.size()) + '-' +
              std::to_string(changed.time_since_epoch().count()) + '"';
  file.bytes = std::make_shared<const std::string>(std::move(bytes));
  return file;
}

}  // namespace

void FileEndpoint::on_request(Worker&, transport::HttpExchange& connection) {
  const http::Request& request = connection.request();
  std::string_view path = request.path;
  path.remove_prefix(std::min(prefix_.size(), path.size()));
  std::optional<http::File> file;
  const auto relative = http::relative_path("/" + std::string(path));
  if (relative) {
    if (const auto found = resolve(root_, *relative)) file = read(*found);
  }
  connection.respond(http::answer_file(request, relative.value_or(""), file ? &*file : nullptr));
}

}  // namespace naru::server
