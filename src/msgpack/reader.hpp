#pragma once

#include "naru/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace naru::msgpack {

struct Limits {
  std::size_t depth = 64;          // nesting of arrays and maps
  std::size_t values = 1'000'000;  // in all: containers, keys and what is in them
  std::size_t bytes = 1'000'000;   // of one string, binary or extension
  std::size_t binaries = 1000;     // binary values in all (to_json)
};

// One step through a value. What it points at lies in the input.
struct Token {
  enum class Kind : std::uint8_t {
    nil,
    boolean,
    integer,           // negative
    unsigned_integer,  // zero and above, however it was written
    number,
    string,  // UTF-8
    binary,
    extension,
    array,  // `count` values follow, then end_array
    map,    // `count` pairs of key and value follow, then end_map
    end_array,
    end_map,
  };
  Kind kind = Kind::nil;
  bool boolean = false;
  bool fixed = false;         // extension: of the forms d4 to d8
  std::int8_t extension = 0;  // its type
  std::uint32_t count = 0;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  double number = 0;
  std::string_view bytes{};  // string, binary, extension
};

// Takes one token from the front of `in`, however deep it stands; never an end.
// Returns nullopt, having taken nothing, when `in` ends inside it: call again with those bytes and
// more. A length or count above its limit is refused as soon as it is there, before its bytes are.
// Errors: bad_msgpack (the byte c1), bad_utf8, message_too_big, too_many.
Result<std::optional<Token>> decode_token(std::string_view& in, const Limits& limits);

// Steps through one value that may arrive in pieces. It neither recurses nor reserves anything on
// the word of a count.
class Reader {
 public:
  explicit Reader(const Limits& limits) : limits_(&limits) {}

  // The next token; nullopt when `in` ends before it, or when the value is complete.
  // Errors: as decode_token, and too_many above Limits::depth or values.
  Result<std::optional<Token>> next(std::string_view& in);
  bool done() const { return begun_ && open_.empty(); }
  // Whether the next token is the key of a map's pair, or its end.
  bool at_key() const { return !open_.empty() && open_.back().map && open_.back().left % 2 == 0; }
  std::size_t depth() const { return open_.size(); }

 private:
  struct Open {
    std::uint64_t left;  // tokens on its own level
    bool map;
  };
  Result<void> count(const Token& token);

  const Limits* limits_;
  std::vector<Open> open_;
  std::uint64_t values_ = 0;
  bool begun_ = false;
};

}  // namespace naru::msgpack
