#include "msgpack/reader.hpp"

#include "base/utf8.hpp"

#include <bit>

namespace naru::msgpack {
namespace {

using Kind = Token::Kind;

// The bytes of one token, of which some may be missing.
class Front {
 public:
  explicit Front(std::string_view in) : in_(in) {}

  bool short_of(std::size_t count) const { return in_.size() - at_ < count; }
  std::uint64_t big_endian(std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      value = value << 8U | static_cast<unsigned char>(in_[at_ + i]);
    }
    at_ += width;
    return value;
  }
  std::string_view take(std::size_t count) {
    const std::string_view taken = in_.substr(at_, count);
    at_ += count;
    return taken;
  }
  std::string_view rest() const { return in_.substr(at_); }

 private:
  std::string_view in_;
  std::size_t at_ = 0;
};

using Maybe = std::optional<Token>;  // nothing: its end is still to come
using Taken = Result<Maybe>;

Token whole(std::int64_t value) {
  if (value < 0) return {.kind = Kind::integer, .integer = value};
  return {.kind = Kind::unsigned_integer, .unsigned_integer = static_cast<std::uint64_t>(value)};
}

// `width` bytes say how many of them follow.
Taken take_bytes(Front& front, Kind kind, std::size_t size, const Limits& limits) {
  if (size > limits.bytes) return Error{Errc::message_too_big, "a value that is too long"};
  Token token{.kind = kind};
  if (kind == Kind::extension) {
    if (front.short_of(1)) return Maybe();
    token.extension = static_cast<std::int8_t>(front.big_endian(1));
  }
  if (front.short_of(size)) return Maybe();
  token.bytes = front.take(size);
  if (kind == Kind::string && !is_utf8(token.bytes)) {
    return Error{Errc::bad_utf8, "a string that is not UTF-8"};
  }
  return Maybe(token);
}

Taken take_container(Kind kind, std::uint64_t count, const Limits& limits) {
  if (count > limits.values) return Error{Errc::too_many, "too many values"};
  return Maybe(Token{.kind = kind, .count = static_cast<std::uint32_t>(count)});
}

// c4 to c9, d9 to df: a length or count of 1, 2 or 4 bytes.
Taken take_sized(Front& front, Kind kind, std::size_t width, const Limits& limits) {
  if (front.short_of(width)) return Maybe();
  const std::uint64_t size = front.big_endian(width);
  if (kind == Kind::array || kind == Kind::map) return take_container(kind, size, limits);
  return take_bytes(front, kind, size, limits);
}

Taken take_number(Front& front, unsigned char type) {
  // ca, cb: floating point; cc to cf: unsigned; d0 to d3: signed.
  const std::size_t width = type == 0xca ? 4 : type == 0xcb ? 8 : std::size_t{1} << (type & 3U);
  if (front.short_of(width)) return Maybe();
  const std::uint64_t bits = front.big_endian(width);
  if (type == 0xca) {
    const auto narrow = static_cast<std::uint32_t>(bits);
    return Maybe(Token{.kind = Kind::number, .number = double{std::bit_cast<float>(narrow)}});
  }
  if (type == 0xcb)
    return Maybe(Token{.kind = Kind::number, .number = std::bit_cast<double>(bits)});
  if (type <= 0xcf) return Maybe(Token{.kind = Kind::unsigned_integer, .unsigned_integer = bits});
  const unsigned unused = 64U - 8U * static_cast<unsigned>(width);  // extends the sign
  return Maybe(whole(static_cast<std::int64_t>(bits << unused) >> unused));
}

Taken take_fixed_extension(Front& front, unsigned char type, const Limits& limits) {
  Taken taken = take_bytes(front, Kind::extension, std::size_t{1} << (type - 0xd4U), limits);
  if (taken && *taken) (*taken)->fixed = true;
  return taken;
}

Taken take_token(Front& front, const Limits& limits) {
  if (front.short_of(1)) return Maybe();
  const auto type = static_cast<unsigned char>(front.big_endian(1));
  if (type <= 0x7f) return Maybe(whole(type));
  if (type <= 0x8f) return take_container(Kind::map, type & 0x0fU, limits);
  if (type <= 0x9f) return take_container(Kind::array, type & 0x0fU, limits);
  if (type <= 0xbf) return take_bytes(front, Kind::string, type & 0x1fU, limits);
  if (type >= 0xe0) return Maybe(whole(static_cast<std::int8_t>(type)));
  switch (type) {
    case 0xc0:
      return Maybe(Token{.kind = Kind::nil});
    case 0xc1:
      return Error{Errc::bad_msgpack, "the byte that MessagePack never uses"};
    case 0xc2:
    case 0xc3:
      return Maybe(Token{.kind = Kind::boolean, .boolean = type == 0xc3});
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return take_sized(front, Kind::binary, std::size_t{1} << (type - 0xc4U), limits);
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return take_sized(front, Kind::extension, std::size_t{1} << (type - 0xc7U), limits);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return take_fixed_extension(front, type, limits);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return take_sized(front, Kind::string, std::size_t{1} << (type - 0xd9U), limits);
    case 0xdc:
    case 0xdd:
      return take_sized(front, Kind::array, std::size_t{2} << (type - 0xdcU), limits);
    case 0xde:
    case 0xdf:
      return take_sized(front, Kind::map, std::size_t{2} << (type - 0xdeU), limits);
    default:
      return take_number(front, type);
  }
}

}  // namespace

Result<std::optional<Token>> decode_token(std::string_view& in, const Limits& limits) {
  Front front(in);
  NARU_TRY(const std::optional<Token> token, take_token(front, limits));
  if (token) in = front.rest();
  return token;
}

Result<std::optional<Token>> Reader::next(std::string_view& in) {
  if (!open_.empty() && open_.back().left == 0) {
    const Kind end = open_.back().map ? Kind::end_map : Kind::end_array;
    open_.pop_back();
    return Maybe(Token{.kind = end});
  }
  if (done()) return Maybe();
  NARU_TRY(const std::optional<Token> token, decode_token(in, *limits_));
  if (token) NARU_CHECK(count(*token));
  return token;
}

// A container counts with all that it announces, so that a bomb is refused at its head.
Result<void> Reader::count(const Token& token) {
  constexpr Error too_many{Errc::too_many, "too many values"};
  begun_ = true;
  if (open_.empty()) {
    if (values_++ == limits_->values) return too_many;
  } else {
    --open_.back().left;
  }
  if (token.kind != Kind::array && token.kind != Kind::map) return {};
  if (open_.size() == limits_->depth) return Error{Errc::too_many, "nested too deeply"};
  const bool map = token.kind == Kind::map;
  const std::uint64_t inside = std::uint64_t{token.count} * (map ? 2 : 1);
  if (inside > limits_->values - values_) return too_many;
  values_ += inside;
  open_.push_back({inside, map});
  return {};
}

}  // namespace naru::msgpack
