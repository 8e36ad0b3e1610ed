// Our scanner against Boost.JSON's strict parser, and everything that reads values from raw text.
#include "base/utf8.hpp"
#include "json/placeholder.hpp"
#include "json/split.hpp"
#include "naru/json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

namespace bj = boost::json;

constexpr std::size_t kDepth = 16;

void require(bool condition) {
  if (!condition) std::abort();
}

struct AcceptAll {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using Code = bj::error_code;
  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t, Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t, Code&) { return true; }
  bool on_key_part(bj::string_view, std::size_t, Code&) { return true; }
  bool on_key(bj::string_view, std::size_t, Code&) { return true; }
  bool on_string_part(bj::string_view, std::size_t, Code&) { return true; }
  bool on_string(bj::string_view, std::size_t, Code&) { return true; }
  bool on_number_part(bj::string_view, Code&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, Code&) { return true; }
  bool on_uint64(std::uint64_t, bj::string_view, Code&) { return true; }
  bool on_double(double, bj::string_view, Code&) { return true; }
  bool on_bool(bool, Code&) { return true; }
  bool on_null(Code&) { return true; }
  bool on_comment_part(bj::string_view, Code&) { return true; }
  bool on_comment(bj::string_view, Code&) { return true; }
};

// nullopt where Boost minds a range and not the grammar: exponents, lone surrogates.
std::optional<bool> boost_accepts(std::string_view text) {
  if (text.find("\\ud") != text.npos || text.find("\\uD") != text.npos) return std::nullopt;
  bj::parse_options options;
  options.max_depth = kDepth;
  bj::basic_parser<AcceptAll> parser(options);
  bj::error_code code;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), code);
  if (code == bj::error::exponent_overflow) return std::nullopt;
  return !code && used == text.size();
}

// What the tree of a valid text says must be what its own text says.
void check_tree(std::string_view text) {
  const auto tree = naru::Json::parse(text);
  if (!tree) return;  // a number out of range
  const std::string dump = tree->dump();
  const auto again = naru::Json::parse(dump);
  require(again.has_value());
  require(*again == *tree);
  require(again->dump() == dump);
}

void check_view(std::string_view text) {
  const std::vector<std::string> attachments{"zero", "one", "two"};
  const naru::JsonView view{text, attachments};
  static_cast<void>(naru::json_cast<naru::Json>(view));
  if (!naru::json::check_placeholders(text, attachments.size())) return;
  std::string out;
  std::vector<std::string> copied;
  naru::JsonWriter writer(out, copied);
  naru::json_write(writer, view);
  require(naru::json::validate(out, {.depth = kDepth}).has_value());
  require(naru::json::check_placeholders(out, copied.size()).has_value());
}

// Nothing of this may trust its text.
void read_values(std::string_view text) {
  const naru::JsonView view{text, {}};
  static_cast<void>(naru::json_bool(view));
  static_cast<void>(naru::json_int64(view));
  static_cast<void>(naru::json_uint64(view));
  static_cast<void>(naru::json_double(view));
  static_cast<void>(naru::json_string(view));
  static_cast<void>(naru::json_binary(view));
  static_cast<void>(naru::json_members(view));
  static_cast<void>(naru::json_elements(view));
  std::string literal;
  naru::json::append_string(text, literal);
  const auto back = naru::json_string({literal});
  require(back.has_value());
  if (naru::is_utf8(text)) require(*back == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_values(text);
  if (!naru::is_utf8(text)) return 0;
  const bool valid = naru::json::validate(text, {.depth = kDepth}).has_value();
  require(boost_accepts(text).value_or(valid) == valid);
  std::vector<std::string_view> elements;
  if (naru::json::split_array(text, {.depth = kDepth}, elements)) {
    require(valid);
    for (const std::string_view element : elements) {
      require(naru::json::validate(element, {.depth = kDepth - 1}).has_value());
    }
  }
  if (valid) {
    check_tree(text);
    check_view(text);
  }
  return 0;
}
