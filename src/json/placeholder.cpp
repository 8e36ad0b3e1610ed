#include "json/placeholder.hpp"

#include "json/number.hpp"
#include "json/scanner.hpp"
#include "json/split.hpp"
#include "json/string.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace naru::json {
namespace {

class Finder : public Silent {
 public:
  Finder(const char* text, std::vector<Placeholder>& found) : text_(text), found_(found) {}

  bool bad_num() const { return bad_num_; }

  void begin_object(const char* at) {
    settle(Scalar::null, {});
    open_.push_back({.begin = at});
  }
  void end_object(const char* end) {
    const Object object = open_.back();
    open_.pop_back();
    if (!object.flagged) return;
    if (!object.num) {
      bad_num_ = true;
      return;
    }
    found_.push_back({static_cast<std::size_t>(object.begin - text_),
                      static_cast<std::size_t>(end - text_), *object.num});
  }
  // An array takes the place of an object on the stack, so that its values belong to no member.
  void begin_array(const char* at) { begin_object(at); }
  void end_array(const char*) { open_.pop_back(); }

  void key(std::string_view literal) {
    const auto name = decode_string(literal, name_);
    const std::string_view text = name ? *name : std::string_view();
    open_.back().member = text == "_placeholder" ? Member::flag
                          : text == "num"        ? Member::num
                                                 : Member::other;
  }
  void scalar(Scalar kind, std::string_view text) { settle(kind, text); }

 private:
  enum class Member : std::uint8_t { other, flag, num };
  struct Object {
    const char* begin = nullptr;
    Member member = Member::other;  // whose value comes next
    bool flagged = false;
    std::optional<std::size_t> num{};
  };

  // The value of the current member is known; a container counts as null.
  void settle(Scalar kind, std::string_view text) {
    if (open_.empty()) return;
    Object& object = open_.back();
    if (object.member == Member::flag) {
      object.flagged = kind == Scalar::boolean && text == "true";
    } else if (object.member == Member::num) {
      object.num.reset();
      if (kind != Scalar::number) return;
      const auto num = parse_uint64(text);
      if (num) object.num = static_cast<std::size_t>(*num);
    }
  }

  const char* text_;
  std::vector<Placeholder>& found_;
  std::vector<Object> open_;
  std::string name_;
  bool bad_num_ = false;
};

// Names may be written with escapes, so only text without any is settled by searching it.
bool cannot_hold_placeholder(std::string_view text) {
  return text.find("\"_placeholder\"") == std::string_view::npos &&
         text.find('\\') == std::string_view::npos;
}

}  // namespace

Result<void> find_placeholders(std::string_view text, std::vector<Placeholder>& found) {
  if (cannot_hold_placeholder(text)) return {};
  const char* begin = text.data();
  Finder finder(begin, found);
  if (!walk_all(text, kMaxDepth, finder)) return Error{Errc::bad_json, "not JSON"};
  if (finder.bad_num()) {
    return Error{Errc::bad_packet, "a placeholder whose num is no index"};
  }
  return {};
}

Result<void> check_placeholders(std::string_view text, std::size_t attachments) {
  std::vector<Placeholder> found;
  NARU_CHECK(find_placeholders(text, found));
  std::vector<std::size_t> nums;
  nums.reserve(found.size());
  for (const Placeholder& placeholder : found) nums.push_back(placeholder.num);
  std::sort(nums.begin(), nums.end());
  if (!nums.empty() && nums.back() >= attachments) {
    return Error{Errc::bad_packet, "a placeholder without its attachment"};
  }
  if (std::adjacent_find(nums.begin(), nums.end()) != nums.end()) {
    return Error{Errc::bad_packet, "two placeholders for one attachment"};
  }
  return {};
}

std::optional<std::size_t> placeholder_num(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.front() != '{') return std::nullopt;
  std::vector<Placeholder> found;
  if (!find_placeholders(text, found) || found.empty()) return std::nullopt;
  const Placeholder& last = found.back();  // the outermost object ends last
  if (last.begin != 0) return std::nullopt;
  return last.num;
}

}  // namespace naru::json
