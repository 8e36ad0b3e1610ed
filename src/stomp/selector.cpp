#include "stomp/selector.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace naru::stomp {
namespace {

bool iequals(std::string_view a, std::string_view upper) {
  const auto raised = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  return a.size() == upper.size() && std::equal(a.begin(), a.end(), upper.begin(),
                                                [&](char x, char y) { return raised(x) == y; });
}

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '$';
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The texts between the percent signs, each at its first place behind the one before it.
bool like(std::string_view text, std::string_view pattern) {
  const std::size_t percent = pattern.find('%');
  if (percent == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, percent))) return false;
  text.remove_prefix(percent);
  pattern.remove_prefix(percent + 1);
  for (;;) {
    const std::size_t next = pattern.find('%');
    if (next == std::string_view::npos) return text.ends_with(pattern);
    const std::string_view piece = pattern.substr(0, next);
    const std::size_t at = text.find(piece);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + piece.size());
    pattern.remove_prefix(next + 1);
  }
}

}  // namespace

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : rest_(text) {}

  Result<Selector> parse() {
    Selector made;
    nodes_ = &made.nodes_;
    next();
    NARU_CHECK(parse_or());
    if (token_.kind != Kind::end) return malformed();
    return made;
  }

 private:
  using Op = Selector::Op;
  using Node = Selector::Node;
  enum class Kind : std::uint8_t { end, word, text, number, sign, bad };
  struct Token {
    Kind kind = Kind::end;
    std::string_view word{};
    std::string text{};
    double number = 0;
  };

  static Error malformed() { return {Errc::protocol_error, "malformed selector"}; }

  void next() {
    token_ = {};
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    if (rest_.empty()) return;
    const char c = rest_.front();
    if (c == '\'') return next_text();
    const bool minus = c == '-' && rest_.size() > 1;
    if ((c >= '0' && c <= '9') || c == '.' || minus) {
      const auto [end, error] =
          std::from_chars(rest_.data(), rest_.data() + rest_.size(), token_.number);
      token_.kind = error == std::errc() ? Kind::number : Kind::bad;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      return;
    }
    if (in_name(c)) {
      const auto end = std::find_if_not(rest_.begin(), rest_.end(), in_name);
      return take(Kind::word, static_cast<std::size_t>(end - rest_.begin()));
    }
    for (const std::string_view sign : {"<>", "<=", ">=", "<", ">", "=", "(", ")", ","}) {
      if (rest_.starts_with(sign)) return take(Kind::sign, sign.size());
    }
    token_.kind = Kind::bad;
  }
  void take(Kind kind, std::size_t size) {
    token_.kind = kind;
    token_.word = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  void next_text() {
    token_.kind = Kind::bad;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] != '\'') {
        token_.text += rest_[i];
      } else if (rest_.substr(i, 2) == "''") {
        token_.text += rest_[i++];
      } else {
        token_.kind = Kind::text;
        rest_.remove_prefix(i + 1);
        return;
      }
    }
  }

  bool at_word(std::string_view word) const {
    return token_.kind == Kind::word && iequals(token_.word, word);
  }
  bool at_sign(std::string_view sign) const {
    return token_.kind == Kind::sign && token_.word == sign;
  }
  bool accept_word(std::string_view word) {
    if (!at_word(word)) return false;
    next();
    return true;
  }
  bool accept_sign(std::string_view sign) {
    if (!at_sign(sign)) return false;
    next();
    return true;
  }

  Result<void> parse_or() {
    NARU_CHECK(parse_and());
    while (at_word("OR")) {
      const std::size_t left = nodes_->size() - 1;
      next();
      NARU_CHECK(parse_and());
      nodes_->push_back({.op = Op::either, .left = left});
    }
    return {};
  }
  Result<void> parse_and() {
    NARU_CHECK(parse_not());
    while (at_word("AND")) {
      const std::size_t left = nodes_->size() - 1;
      next();
      NARU_CHECK(parse_not());
      nodes_->push_back({.op = Op::both, .left = left});
    }
    return {};
  }
  Result<void> parse_not() {
    if (!accept_word("NOT")) return parse_test();
    if (++depth_ > Selector::kDepth) return Error{Errc::too_many, "selector too deep"};
    NARU_CHECK(parse_not());
    --depth_;
    nodes_->push_back({.op = Op::negate});
    return {};
  }
  Result<void> parse_test() {
    if (accept_sign("(")) {
      if (++depth_ > Selector::kDepth) return Error{Errc::too_many, "selector too deep"};
      NARU_CHECK(parse_or());
      --depth_;
      if (!accept_sign(")")) return malformed();
      return {};
    }
    if (token_.kind != Kind::word) return malformed();
    if (at_word("TRUE") || at_word("FALSE")) {
      nodes_->push_back({.op = at_word("TRUE") ? Op::yes : Op::no});
      next();
      return {};
    }
    Node node{.name = std::string(token_.word)};
    next();
    bool negated = false;
    if (accept_word("IS")) {
      negated = accept_word("NOT");
      node.op = Op::is_null;
      if (!accept_word("NULL")) return malformed();
    } else if (token_.kind == Kind::sign) {
      NARU_CHECK(parse_comparison(node));
    } else {
      negated = accept_word("NOT");
      NARU_CHECK(parse_texts(node));
    }
    nodes_->push_back(std::move(node));
    if (negated) nodes_->push_back({.op = Op::negate});
    return {};
  }
  Result<void> parse_comparison(Node& node) {
    constexpr std::pair<std::string_view, Op> kSigns[] = {
        {"=", Op::equal},       {"<>", Op::unequal}, {"<", Op::less},
        {"<=", Op::less_equal}, {">", Op::greater},  {">=", Op::greater_equal}};
    const auto* const sign = std::find_if(std::begin(kSigns), std::end(kSigns),
                                          [&](const auto& s) { return at_sign(s.first); });
    if (sign == std::end(kSigns)) return malformed();
    node.op = sign->second;
    next();
    if (token_.kind == Kind::number) {
      node.number = token_.number;
    } else if (token_.kind == Kind::text && (node.op == Op::equal || node.op == Op::unequal)) {
      node.texts.push_back(token_.text);
    } else {
      return malformed();
    }
    next();
    return {};
  }
  Result<void> parse_texts(Node& node) {
    if (accept_word("LIKE")) {
      node.op = Op::like;
      if (token_.kind != Kind::text) return malformed();
      node.texts.push_back(token_.text);
      next();
      return {};
    }
    node.op = Op::in;
    if (!accept_word("IN") || !at_sign("(")) return malformed();
    do {
      next();
      if (token_.kind != Kind::text) return malformed();
      node.texts.push_back(token_.text);
      next();
    } while (at_sign(","));
    if (!accept_sign(")")) return malformed();
    return {};
  }

  std::string_view rest_;
  Token token_;
  std::size_t depth_ = 0;
  std::vector<Node>* nodes_ = nullptr;
};

Result<Selector> Selector::parse(std::string_view text) {
  if (text.size() > kBytes) return Error{Errc::message_too_big, "selector too long"};
  return SelectorParser(text).parse();
}

// Operands come before their operators, so that one pass over the nodes does.
bool Selector::matches(const Lookup& header) const {
  std::vector<Truth> truths;
  truths.reserve(nodes_.size());
  for (const Node& node : nodes_) {
    if (node.op == Op::both) {
      truths.push_back(std::min(truths[node.left], truths.back()));
    } else if (node.op == Op::either) {
      truths.push_back(std::max(truths[node.left], truths.back()));
    } else if (node.op == Op::negate) {
      const Truth of = truths.back();
      truths.push_back(of == Truth::yes ? Truth::no : of == Truth::no ? Truth::yes : of);
    } else {
      truths.push_back(test(node, header));
    }
  }
  return truths.back() == Truth::yes;
}

Selector::Truth Selector::test(const Node& node, const Lookup& header) {
  const auto said = [](bool holds) { return holds ? Truth::yes : Truth::no; };
  if (node.op == Op::yes || node.op == Op::no) return said(node.op == Op::yes);
  const auto value = header(node.name);
  if (node.op == Op::is_null) return said(!value.has_value());
  if (!value) return Truth::unknown;
  if (node.op == Op::like) return said(like(*value, node.texts.front()));
  if (!node.number) {
    const bool among = std::find(node.texts.begin(), node.texts.end(), *value) != node.texts.end();
    return said(among != (node.op == Op::unequal));
  }
  const auto number = parse_number(*value);
  if (!number) return Truth::unknown;
  switch (node.op) {
    case Op::equal:
      return said(*number == *node.number);
    case Op::unequal:
      return said(*number != *node.number);
    case Op::less:
      return said(*number < *node.number);
    case Op::less_equal:
      return said(*number <= *node.number);
    case Op::greater:
      return said(*number > *node.number);
    default:
      return said(*number >= *node.number);
  }
}

}  // namespace naru::stomp
