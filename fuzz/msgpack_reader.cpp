// A MessagePack value that arrives in pieces: the first byte says how long they are. It must give
// the same tokens as when it comes whole, and what becomes JSON must come back as the same JSON.
#include "base/utf8.hpp"
#include "json/split.hpp"
#include "msgpack/from_json.hpp"
#include "msgpack/reader.hpp"
#include "msgpack/to_json.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace naru::msgpack;

constexpr Limits kLimits{.depth = 16, .values = 5000, .bytes = 1000, .binaries = 20};

void require(bool condition) {
  if (!condition) std::abort();
}

void append(const Token& token, std::string& said) {
  said += static_cast<char>(token.kind);
  said += std::to_string(token.integer) + std::to_string(token.unsigned_integer) +
          std::to_string(token.number) + std::to_string(token.count) +
          std::to_string(token.extension);
  said += token.boolean ? 't' : 'f';
  said += token.fixed ? 't' : 'f';
  said += token.bytes;
}

// What a reader says of pieces of this size, and how it ends.
std::string read(std::string_view bytes, std::size_t piece) {
  Reader reader(kLimits);
  std::string said;
  std::string waiting;
  while (!bytes.empty()) {
    const std::size_t size = std::min(piece, bytes.size());
    waiting += bytes.substr(0, size);
    bytes.remove_prefix(size);
    const std::string exact = waiting;  // so that a read past the end is seen
    std::string_view in = exact;
    for (;;) {
      const std::size_t before = in.size();
      const std::size_t depth = reader.depth();
      const auto token = reader.next(in);
      if (!token) return said + "error";
      if (!*token) break;
      require(in.size() < before || reader.depth() < depth);  // each step gets on
      require(reader.depth() <= kLimits.depth);
      append(**token, said);
    }
    waiting = in;
    if (reader.done()) return said + "done";
  }
  return said + "more";
}

void convert(std::string_view bytes) {
  std::string json;
  std::vector<std::string> attachments;
  if (!to_json(bytes, kLimits, json, attachments)) return;
  require(naru::is_utf8(json));
  require(naru::json::validate(json, {.depth = kLimits.depth + 1}).has_value());  // a placeholder
  require(naru::json::check_placeholders(json, attachments.size()).has_value());
  std::string again;
  require(from_json({json, attachments}, again).has_value());
  std::string same;
  std::vector<std::string> same_attachments;
  require(to_json(again, kLimits, same, same_attachments).has_value());
  require(same == json && same_attachments == attachments);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(read(bytes, std::size_t{1} + data[0] % 32) == read(bytes, bytes.size()));
  convert(bytes);
  return 0;
}
