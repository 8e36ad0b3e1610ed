#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace naru::stomp {

// A condition on headers: which messages a subscription wants. A small part of SQL-92, as JMS has
// it, and nothing else (CVE-2018-1270 was an expression language):
//
//   or:         and { OR and }
//   and:        not { AND not }
//   not:        [NOT] test
//   test:       "(" or ")" | TRUE | FALSE
//             | name (= | <> | < | <= | > | >=) (number | string)
//             | name [NOT] IN "(" string { "," string } ")"
//             | name [NOT] LIKE string                 % stands for any text
//             | name IS [NOT] NULL
//
// Words are case-insensitive, strings are 'quoted', with '' for a quote. A number makes the header
// a number; strings are compared with = and <> only. What is said of a header that is not there is
// unknown, as in SQL: neither it nor its NOT selects the message.
class Selector {
 public:
  static constexpr std::size_t kBytes = 1024;
  static constexpr std::size_t kDepth = 16;

  // Errors: protocol_error, message_too_big, too_many (parentheses and NOTs within each other).
  static Result<Selector> parse(std::string_view text);

  using Lookup = std::function<std::optional<std::string_view>(std::string_view name)>;
  // In time of the selector's length and, for each test, of the header's.
  bool matches(const Lookup& header) const;

 private:
  friend class SelectorParser;
  enum class Op : std::uint8_t {
    yes,
    no,
    both,
    either,
    negate,
    equal,
    unequal,
    less,
    less_equal,
    greater,
    greater_equal,
    in,
    like,
    is_null
  };
  struct Node {
    Op op = Op::yes;
    std::string name{};
    std::vector<std::string> texts{};
    std::optional<double> number{};
    std::size_t left = 0;  // both, either: the left side; the right one is the node before
  };
  enum class Truth : std::uint8_t { no, unknown, yes };
  static Truth test(const Node& node, const Lookup& header);

  std::vector<Node> nodes_;  // operands before their operators: the last one is the whole
};

}  // namespace naru::stomp
