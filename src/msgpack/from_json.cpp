#include "msgpack/from_json.hpp"

#include "json/number.hpp"
#include "json/placeholder.hpp"
#include "json/scanner.hpp"
#include "json/string.hpp"
#include "msgpack/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace naru::msgpack {
namespace {

// The head of a container needs its count, which is known at its end: it is put before the contents
// then. Each level moves its contents once, so the work is bounded by size times depth.
class Encoder : public json::Silent {
 public:
  Encoder(JsonView value, std::span<const json::Placeholder> placeholders, std::string& out)
      : value_(value), placeholders_(placeholders), out_(out) {}

  bool out_of_range() const { return out_of_range_; }

  void begin_object(const char*) { open(true); }
  void end_object(const char* end) {
    if (const std::string* bytes = attachment(end)) {
      out_.resize(open_.back().begin);
      open_.pop_back();
      return append_binary(*bytes, out_);
    }
    close(append_map);
  }
  void begin_array(const char*) { open(false); }
  void end_array(const char*) { close(append_array); }
  void key(std::string_view literal) {
    ++open_.back().count;
    text(literal);
  }
  void scalar(json::Scalar kind, std::string_view raw) {
    count_element();
    switch (kind) {
      case json::Scalar::null:
        return append_nil(out_);
      case json::Scalar::boolean:
        return append_boolean(raw == "true", out_);
      case json::Scalar::string:
        return text(raw);
      case json::Scalar::number:
        return number(raw);
    }
  }

 private:
  struct Open {
    std::size_t begin;  // of its contents in `out_`
    bool is_object;
    std::size_t count = 0;
  };

  void count_element() {
    if (!open_.empty() && !open_.back().is_object) ++open_.back().count;
  }
  void open(bool is_object) {
    count_element();
    open_.push_back({out_.size(), is_object});
  }
  void close(void (*append_head)(std::size_t, std::string&)) {
    head_.clear();
    append_head(open_.back().count, head_);
    out_.insert(open_.back().begin, head_);
    open_.pop_back();
  }

  // What the object that ends at `end` stands for, if it is the next placeholder.
  const std::string* attachment(const char* end) {
    if (placeholders_.empty() || value_.text.data() + placeholders_.front().end != end) {
      return nullptr;
    }
    const std::size_t num = placeholders_.front().num;
    placeholders_ = placeholders_.subspan(1);
    return num < value_.attachments.size() ? &value_.attachments[num] : nullptr;
  }

  void text(std::string_view literal) {
    const auto decoded = json::decode_string(literal, storage_);
    append_string(decoded ? *decoded : std::string_view(), out_);
  }
  void number(std::string_view raw) {
    if (const auto whole = json::parse_int64(raw)) return append_integer(*whole, out_);
    if (const auto whole = json::parse_uint64(raw)) return append_unsigned(*whole, out_);
    const auto value = json::parse_double(raw);
    if (!value) out_of_range_ = true;
    append_number(value ? *value : 0.0, out_);
  }

  JsonView value_;
  std::span<const json::Placeholder> placeholders_;
  std::string& out_;
  std::vector<Open> open_;
  std::string storage_;
  std::string head_;
  bool out_of_range_ = false;
};

}  // namespace

Result<void> from_json(JsonView value, std::string& out) {
  std::vector<json::Placeholder> placeholders;  // in the order of their ends
  if (!value.attachments.empty()) NARU_CHECK(json::find_placeholders(value.text, placeholders));
  const std::size_t before = out.size();
  Encoder encoder(value, placeholders, out);
  if (json::walk_all(value.text, json::kMaxDepth, encoder) && !encoder.out_of_range()) return {};
  out.resize(before);
  return Error{Errc::bad_json, "not JSON, or a number out of range"};
}

}  // namespace naru::msgpack
