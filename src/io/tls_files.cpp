#include "io/tls_files.hpp"

#include "io/last_error.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace naru::io {
namespace {

// Longer than any list of authorities; a path may name anything.
constexpr std::size_t kLargestFile = std::size_t{4} << 20U;

Error failed(std::string why, std::string_view text) {
  set_last_error(std::move(why));
  return {Errc::tls, text};
}

Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string bytes(kLargestFile, '\0');
  if (!in || !(in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) || in.eof())) {
    const int error = errno != 0 ? errno : EIO;
    return failed(path + ": " + std::generic_category().message(error), "cannot read a file");
  }
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  bytes.shrink_to_fit();
  if (bytes.size() == kLargestFile) return failed(path + ": too large", "cannot read a file");
  return bytes;
}

}  // namespace

Result<TlsFiles> TlsFiles::read(const TlsOptions& options) {
  TlsFiles files;
  if (options.certificates.empty()) return failed("TLS: no certificate", "no certificate");
  for (const TlsCertificate& each : options.certificates) {
    Certificate& added = files.certificates.emplace_back();
    added.from = each;
    NARU_TRY(added.chain, read_file(each.chain_file));
    NARU_TRY(added.key, read_file(each.key_file));
  }
  const bool checks = options.client_certificates != ClientCertificates::none;
  if (checks == options.client_authorities.empty()) {
    return failed(checks ? "TLS: client certificates need authorities that sign them"
                         : "TLS: authorities of client certificates, but none are asked for",
                  "client certificates and their authorities go together");
  }
  files.client_certificates = options.client_certificates;
  if (checks) {
    NARU_TRY(files.client_authorities, read_file(options.client_authorities));
    files.client_authorities_file = options.client_authorities;
  }
  return files;
}

}  // namespace naru::io
