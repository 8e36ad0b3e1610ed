#include "msgpack/to_json.hpp"

#include "msgpack/date.hpp"
#include "naru/json.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace naru::msgpack {
namespace {

using Kind = Token::Kind;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

template <class Integer>
std::string decimal(Integer value) {
  std::array<char, 24> buffer{};
  char* const begin = buffer.data();
  return {begin, std::to_chars(begin, begin + buffer.size(), value).ptr};
}

// The standard timestamp, in milliseconds; nullopt when its size is none of the three.
std::optional<std::int64_t> timestamp(std::string_view bytes) {
  constexpr std::int64_t beyond = std::numeric_limits<std::int64_t>::max();
  std::int64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (bytes.size() == 4) {
    seconds = static_cast<std::int64_t>(big_endian(bytes));
  } else if (bytes.size() == 8) {
    const std::uint64_t bits = big_endian(bytes);
    nanoseconds = bits >> 34U;
    seconds = static_cast<std::int64_t>(bits & ((1ULL << 34U) - 1));
  } else if (bytes.size() == 12) {
    nanoseconds = big_endian(bytes.substr(0, 4));
    seconds = static_cast<std::int64_t>(big_endian(bytes.substr(4)));
  } else {
    return std::nullopt;
  }
  if (seconds > beyond / 2000 || seconds < -beyond / 2000) return beyond;
  return seconds * 1000 + static_cast<std::int64_t>(nanoseconds / 1'000'000);
}

void write_date(std::int64_t milliseconds, JsonWriter& out) {
  const std::string text = iso_date(milliseconds);
  text.empty() ? out.null() : out.string(text);
}

class Converter {
 public:
  Converter(const Limits& limits, std::string& json, std::vector<std::string>& attachments)
      : limits_(limits), attachments_(attachments), out_(json, attachments) {}

  Result<void> convert(const Token& token, bool is_key) {
    if (is_key && token.kind != Kind::end_map) return key(token);
    const bool flag = std::exchange(flag_, false);
    switch (token.kind) {
      case Kind::nil:
        out_.null();
        return {};
      case Kind::boolean:
        if (flag && token.boolean) {
          return Error{Errc::bad_msgpack, "a map that reads as a placeholder"};
        }
        out_.boolean(token.boolean);
        return {};
      case Kind::integer:
        out_.integer(token.integer);
        return {};
      case Kind::unsigned_integer:
        out_.unsigned_integer(token.unsigned_integer);
        return {};
      case Kind::number:
        out_.number(token.number);
        return {};
      case Kind::string:
        out_.string(token.bytes);
        return {};
      case Kind::binary:
        return binary(token.bytes);
      case Kind::extension:
        return extension(token);
      case Kind::array:
        out_.begin_array();
        return {};
      case Kind::map:
        out_.begin_object();
        return {};
      case Kind::end_array:
        out_.end_array();
        return {};
      case Kind::end_map:
        out_.end_object();
        return {};
    }
    return {};
  }

 private:
  Result<void> key(const Token& token) {
    if (token.kind == Kind::string) {
      out_.key(token.bytes);
      flag_ = token.bytes == "_placeholder";
    } else if (token.kind == Kind::unsigned_integer) {
      out_.key(decimal(token.unsigned_integer));
    } else if (token.kind == Kind::integer) {
      out_.key(decimal(token.integer));
    } else {
      return Error{Errc::bad_msgpack, "a key that is neither text nor a whole number"};
    }
    return {};
  }

  Result<void> binary(std::string_view bytes) {
    if (attachments_.size() == limits_.binaries) {
      return Error{Errc::too_many, "too many binary values"};
    }
    out_.binary(as_bytes(bytes));
    return {};
  }

  Result<void> extension(const Token& token) {
    if (token.extension == 0) {
      if (!token.fixed) return binary(token.bytes);
      if (token.bytes.size() == 8) {
        write_date(static_cast<std::int64_t>(big_endian(token.bytes)), out_);
        return {};
      }
      if (token.bytes.size() != 1) return binary(token.bytes);
      out_.null();
      return {};
    }
    const auto time = token.extension == -1 ? timestamp(token.bytes) : std::nullopt;
    if (!time) return Error{Errc::bad_msgpack, "an extension that is not known"};
    write_date(*time, out_);
    return {};
  }

  const Limits& limits_;
  std::vector<std::string>& attachments_;
  JsonWriter out_;
  bool flag_ = false;  // the value of "_placeholder" comes next
};

}  // namespace

Result<void> to_json(Reader& reader, std::string_view& in, const Limits& limits, std::string& json,
                     std::vector<std::string>& attachments) {
  Converter converter(limits, json, attachments);
  const std::size_t outside = reader.depth();
  do {
    const bool is_key = reader.at_key() && reader.depth() > outside;
    NARU_TRY(const std::optional<Token> token, reader.next(in));
    if (!token) return Error{Errc::bad_msgpack, "a value that ends early"};
    NARU_CHECK(converter.convert(*token, is_key));
  } while (reader.depth() > outside);
  return {};
}

Result<void> to_json(std::string_view in, const Limits& limits, std::string& json,
                     std::vector<std::string>& attachments) {
  Reader reader(limits);
  NARU_CHECK(to_json(reader, in, limits, json, attachments));
  if (!in.empty()) return Error{Errc::bad_msgpack, "bytes behind the value"};
  return {};
}

}  // namespace naru::msgpack
