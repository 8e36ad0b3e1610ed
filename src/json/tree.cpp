// The tree of a value of open shape.
#include "json/number.hpp"
#include "json/scanner.hpp"
#include "json/string.hpp"
#include "naru/json.hpp"

#include <iterator>

namespace naru {
namespace {

constexpr std::size_t kParseDepth = 64;

class Builder : public json::Silent {
 public:
  explicit Builder(std::span<const std::string> attachments) : attachments_(attachments) {}

  Json take() { return std::move(root_); }
  bool out_of_range() const { return out_of_range_; }

  void begin_object(const char*) { open_.push_back({.is_object = true}); }
  void end_object(const char*) {
    Json::Object members = std::move(open_.back().members);
    open_.pop_back();
    if (const std::string* bytes = attachment(members)) {
      const BytesView view = as_bytes(*bytes);
      add(Bytes(view.begin(), view.end()));
    } else {
      add(std::move(members));
    }
  }
  void begin_array(const char*) { open_.push_back({.is_object = false}); }
  void end_array(const char*) {
    Json::Array elements = std::move(open_.back().elements);
    open_.pop_back();
    add(std::move(elements));
  }
  void key(std::string_view literal) { open_.back().name = text(literal); }
  void scalar(json::Scalar kind, std::string_view raw) {
    switch (kind) {
      case json::Scalar::null:
        return add(nullptr);
      case json::Scalar::boolean:
        return add(raw == "true");
      case json::Scalar::string:
        return add(text(raw));
      case json::Scalar::number:
        return add(number(raw));
    }
  }

 private:
  struct Open {
    bool is_object = false;
    std::string name{};  // of the member whose value comes next
    Json::Array elements{};
    Json::Object members{};
  };

  void add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& open = open_.back(); open.is_object) {
      open.members.push_back({std::move(open.name), std::move(value)});
    } else {
      open.elements.push_back(std::move(value));
    }
  }

  Json number(std::string_view raw) {
    if (const auto whole = json::parse_int64(raw)) return *whole;
    const auto value = json::parse_double(raw);
    if (!value) out_of_range_ = true;
    return value ? *value : 0.0;
  }

  std::string text(std::string_view literal) {
    const auto decoded = json::decode_string(literal, storage_);
    return decoded ? std::string(*decoded) : std::string();
  }

  // What a placeholder stands for; of members with equal names the last counts.
  const std::string* attachment(const Json::Object& members) const {
    if (attachments_.empty()) return nullptr;
    const Json* flag = nullptr;
    const Json* num = nullptr;
    for (const JsonMember& member : members) {
      if (member.name == "_placeholder") flag = &member.value;
      if (member.name == "num") num = &member.value;
    }
    const bool* flagged = flag == nullptr ? nullptr : flag->as<bool>();
    const std::int64_t* index = num == nullptr ? nullptr : num->as<std::int64_t>();
    if (flagged == nullptr || !*flagged || index == nullptr) return nullptr;
    if (*index < 0 || !std::in_range<std::size_t>(*index)) return nullptr;
    const auto at = static_cast<std::size_t>(*index);
    return at < attachments_.size() ? &attachments_[at] : nullptr;
  }

  std::span<const std::string> attachments_;
  std::vector<Open> open_;
  std::string storage_;
  Json root_;
  bool out_of_range_ = false;
};

Result<Json> build(JsonView value, std::size_t depth) {
  Builder builder(value.attachments);
  if (!json::walk_all(value.text, depth, builder)) {
    return Error{Errc::bad_json, "not JSON, or nested too deeply"};
  }
  if (builder.out_of_range()) return Error{Errc::bad_json, "a number out of range"};
  return builder.take();
}

void write(JsonWriter& out, const Json& value, bool with_binary) {
  if (const auto* boolean = value.as<bool>()) return out.boolean(*boolean);
  if (const auto* integer = value.as<std::int64_t>()) return out.integer(*integer);
  if (const auto* number = value.as<double>()) return out.number(*number);
  if (const auto* text = value.as<std::string>()) return out.string(*text);
  if (const auto* bytes = value.as<Bytes>(); bytes != nullptr && with_binary) {
    return out.binary(*bytes);
  }
  if (const auto* elements = value.as<Json::Array>()) {
    out.begin_array();
    for (const Json& element : *elements) write(out, element, with_binary);
    return out.end_array();
  }
  if (const auto* members = value.as<Json::Object>()) {
    out.begin_object();
    for (const JsonMember& member : *members) {
      out.key(member.name);
      write(out, member.value, with_binary);
    }
    return out.end_object();
  }
  out.null();
}

// A whole number is the same whether it is held as an integer or as a double.
bool equal_numbers(const Json& a, const Json& b) {
  const auto* integer = a.as<std::int64_t>();
  const auto* number = b.as<double>();
  return integer != nullptr && number != nullptr && static_cast<double>(*integer) == *number;
}

const Json kNull;

}  // namespace

const Json& Json::operator[](std::string_view name) const {
  const auto* members = as<Object>();
  if (members == nullptr) return kNull;
  // From the end: of members with equal names the last counts, as in JavaScript.
  for (auto member = members->rbegin(); member != members->rend(); ++member) {
    if (member->name == name) return member->value;
  }
  return kNull;
}

const Json& Json::operator[](std::size_t index) const {
  const auto* elements = as<Array>();
  return elements != nullptr && index < elements->size() ? (*elements)[index] : kNull;
}

bool operator==(const Json& a, const Json& b) {
  return a.value_ == b.value_ || equal_numbers(a, b) || equal_numbers(b, a);
}

Result<Json> Json::parse(std::string_view text) {
  return build({text}, kParseDepth);
}

std::string Json::dump() const {
  std::string out;
  std::vector<std::string> attachments;
  JsonWriter writer(out, attachments);
  write(writer, *this, false);
  return out;
}

Result<Json> JsonCodec<Json>::read(JsonView value) {
  return build(value, json::kMaxDepth);
}

void JsonCodec<Json>::write(JsonWriter& out, const Json& value) {
  naru::write(out, value, true);
}

}  // namespace naru
