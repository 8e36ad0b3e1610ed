#include "stomp/destination.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace naru::stomp {
namespace {

using Kind = Destination::Kind;

constexpr std::string_view kUser = "$user/";

struct Prefix {
  std::string_view text;
  Kind kind;
};
constexpr std::array<Prefix, 7> kPrefixes{{{"/topic/", Kind::topic},
                                           {"/exchange/amq.topic/", Kind::topic},
                                           {"/queue/", Kind::queue},
                                           {"/amq/queue/", Kind::existing_queue},
                                           {"/temp-queue/", Kind::temp_queue},
                                           {"/reply-queue/", Kind::reply_queue},
                                           {"/user/", Kind::user}}};

// "%2F", which a user's name needs, and "%25"; anything else stays.
std::string decode_user(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view code = text.substr(i, 3);
    if (code == "%2F" || code == "%2f") {
      out += '/';
      i += 2;
    } else if (code == "%25") {
      out += '%';
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The reverse, for names of topics: one user's must not look like another's.
std::string encode_user(std::string_view user) {
  std::string out;
  for (const char c : user) {
    if (c == '/') {
      out += "%2F";
    } else if (c == '%') {
      out += "%25";
    } else {
      out += c;
    }
  }
  return out;
}

template <class Take>
void for_each_word(std::string_view text, Take take) {
  for (;;) {
    const std::size_t dot = text.find('.');
    take(text.substr(0, dot));
    if (dot == std::string_view::npos) return;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

Result<Destination> parse_destination(std::string_view text, Use use) {
  const auto found = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                  [&](const Prefix& p) { return text.starts_with(p.text); });
  if (found == kPrefixes.end()) return Error{Errc::unsupported, "unknown destination"};
  std::string_view name = text.substr(found->text.size());
  Destination destination{.kind = found->kind, .name = {}, .user = {}};
  if (destination.kind == Kind::user) {
    // To subscribe, the user is the one who does: "/user" and the rest.
    const std::size_t slash = use == Use::send ? name.find('/') : 0;
    if (slash == std::string_view::npos || (use == Use::send && slash == 0)) {
      return Error{Errc::protocol_error, "malformed destination"};
    }
    destination.user = decode_user(name.substr(0, slash));
    name = text.substr(text.size() - name.size() + slash - (use == Use::subscribe ? 1 : 0));
    if (name.size() < 2) return Error{Errc::protocol_error, "malformed destination"};
  } else if (name.empty() || name.starts_with('$')) {
    return Error{Errc::protocol_error, "malformed destination"};
  }
  if (name.size() > kDestinationBytes || destination.user.size() > kDestinationBytes) {
    return Error{Errc::protocol_error, "destination too long"};
  }
  destination.name = name;
  return destination;
}

std::string user_topic(std::string_view user, std::string_view rest) {
  return std::string(kUser).append(encode_user(user)).append(rest);
}

std::string destination_of_topic(std::string_view topic) {
  if (!topic.starts_with(kUser)) return std::string("/topic/").append(topic);
  const std::size_t rest = std::min(topic.find('/', kUser.size()), topic.size());
  return std::string("/user").append(topic.substr(rest));
}

Pattern::Pattern(std::string_view text) {
  for_each_word(text, [this](std::string_view word) {
    const bool wild = word == "*" || word == "#";
    if (literal_ && (!wild || word == "*") && !words_.empty()) prefix_ += '.';
    literal_ = literal_ && !wild;
    if (literal_) prefix_ += word;
    words_.emplace_back(word);
  });
}

// As a glob is matched: at a misfit, the last '#' takes one word more.
bool Pattern::matches(std::string_view key) const {
  std::vector<std::string_view> words;
  for_each_word(key, [&words](std::string_view word) { words.push_back(word); });
  constexpr auto kNone = static_cast<std::size_t>(-1);
  std::size_t at = 0;
  std::size_t hash = kNone;  // the last one, in words_
  std::size_t hash_to = 0;   // and where what it stands for ends
  for (std::size_t i = 0; i < words.size();) {
    if (at < words_.size() && words_[at] == "#") {
      hash = at++;
      hash_to = i;
    } else if (at < words_.size() && (words_[at] == "*" || words_[at] == words[i])) {
      ++at;
      ++i;
    } else if (hash != kNone) {
      at = hash + 1;
      i = ++hash_to;
    } else {
      return false;
    }
  }
  while (at < words_.size() && words_[at] == "#") ++at;
  return at == words_.size();
}

}  // namespace naru::stomp
