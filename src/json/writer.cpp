#include "json/number.hpp"
#include "json/placeholder.hpp"
#include "json/split.hpp"
#include "naru/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace naru {
namespace {

template <class Integer>
void append_integer(Integer value, std::string& out) {
  std::array<char, 24> buffer{};
  char* const begin = buffer.data();
  out.append(begin, std::to_chars(begin, begin + buffer.size(), value).ptr);
}

void append_placeholder(std::size_t num, std::string& out) {
  out += R"({"_placeholder":true,"num":)";
  append_integer(num, out);
  out.push_back('}');
}

}  // namespace

void JsonWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

void JsonWriter::null() {
  raw("null");
}

void JsonWriter::boolean(bool value) {
  raw(value ? "true" : "false");
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  append_integer(value, out_);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  separate();
  append_integer(value, out_);
}

void JsonWriter::number(double value) {
  separate();
  json::append_number(value, out_);
}

void JsonWriter::string(std::string_view value) {
  separate();
  json::append_string(value, out_);
}

void JsonWriter::binary(BytesView value) {
  separate();
  append_placeholder(attachments_.size(), out_);
  attachments_.emplace_back(as_text(value));
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
}

void JsonWriter::view(JsonView value) {
  std::vector<json::Placeholder> found;
  if (value.attachments.empty() || !json::find_placeholders(value.text, found)) {
    return raw(value.text);
  }
  separate();
  // In the order of the text, so that one inside another comes later and goes with it.
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::size_t written = 0;
  for (const json::Placeholder& placeholder : found) {
    if (placeholder.num >= value.attachments.size() || placeholder.begin < written) continue;
    out_ += value.text.substr(written, placeholder.begin - written);
    append_placeholder(attachments_.size(), out_);
    attachments_.push_back(value.attachments[placeholder.num]);
    written = placeholder.end;
  }
  out_ += value.text.substr(written);
}

void JsonWriter::begin_array() {
  separate();
  out_.push_back('[');
  comma_ = false;
}

void JsonWriter::end_array() {
  out_.push_back(']');
  comma_ = true;
}

void JsonWriter::begin_object() {
  separate();
  out_.push_back('{');
  comma_ = false;
}

void JsonWriter::key(std::string_view name) {
  separate();
  json::append_string(name, out_);
  out_.push_back(':');
  comma_ = false;
}

void JsonWriter::end_object() {
  out_.push_back('}');
  comma_ = true;
}

void JsonCodec<JsonView>::write(JsonWriter& out, JsonView value) {
  out.view(value);
}

}  // namespace naru
