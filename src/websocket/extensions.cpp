#include "websocket/extensions.hpp"

#include "http/request.hpp"

#include <optional>
#include <utility>

namespace naru::websocket {
namespace {

// Reads a field value from its front. A missing piece is an empty one or false.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void skip_space() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) {
      text_.remove_prefix(1);
    }
  }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

  // Removes `separator` and the white space around it.
  bool skip(char separator) {
    skip_space();
    if (text_.empty() || text_.front() != separator) return false;
    text_.remove_prefix(1);
    skip_space();
    return true;
  }

  std::string_view token() {
    const std::size_t end = text_.find_first_of(" \t,;=\"");
    const std::string_view found = text_.substr(0, end);
    if (!http::is_token(found)) return {};
    text_.remove_prefix(found.size());
    return found;
  }

  // RFC 9110 section 5.6.4; what it says must again be a token.
  std::string quoted() {
    std::string said;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return http::is_token(said) ? said : std::string();
      }
      if (text_[i] == '\\') ++i;
      if (i < text_.size()) said += text_[i];
    }
    return {};
  }

  std::string value() {
    return !text_.empty() && text_.front() == '"' ? quoted() : std::string(token());
  }

 private:
  std::string_view text_;
};

std::optional<Extension> read_extension(Reader& in) {
  Extension extension{.name = in.token(), .parameters = {}};
  if (extension.name.empty()) return std::nullopt;
  while (in.skip(';')) {
    ExtensionParameter parameter{.name = in.token(), .value = {}};
    if (parameter.name.empty()) return std::nullopt;
    if (in.skip('=')) {
      parameter.value = in.value();
      if (parameter.value.empty()) return std::nullopt;
    }
    extension.parameters.push_back(std::move(parameter));
  }
  return extension;
}

}  // namespace

Result<std::vector<Extension>> parse_extensions(std::string_view value) {
  std::vector<Extension> extensions;
  Reader in(value);
  in.skip_space();
  while (!in.at_end()) {
    while (in.skip(',')) {
    }  // RFC 9110 section 5.6.1: empty elements are ignored
    if (in.at_end()) break;
    std::optional<Extension> extension = read_extension(in);
    if (!extension) return Error{Errc::protocol_error, "malformed extension"};
    extensions.push_back(std::move(*extension));
    in.skip_space();
    if (!in.at_end() && !in.skip(',')) {
      return Error{Errc::protocol_error, "malformed extension list"};
    }
  }
  return extensions;
}

}  // namespace naru::websocket
