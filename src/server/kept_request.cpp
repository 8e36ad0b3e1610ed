#include "server/kept_request.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace naru::server {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Sizes are written as they lie in memory: nobody else reads this.
void put(std::uint32_t number, std::string& out) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  out.append(bytes, sizeof(number));
}

void put(std::string_view text, std::string& out) {
  put(static_cast<std::uint32_t>(text.size()), out);
  out += text;
}

void put(const Pairs& pairs, std::string& out) {
  put(static_cast<std::uint32_t>(pairs.size()), out);
  for (const auto& [name, value] : pairs) {
    put(name, out);
    put(value, out);
  }
}

// RequestInfo holds a view of one that is always there.
std::string_view lasting(std::string_view http_version) {
  for (const std::string_view known : {"1.0", "1.1"}) {
    if (http_version == known) return known;
  }
  return "2";
}

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint32_t number() {
    std::uint32_t number = 0;
    std::memcpy(&number, in_.data(), sizeof(number));
    in_.remove_prefix(sizeof(number));
    return number;
  }
  std::string text() {
    const std::uint32_t size = number();
    std::string text(in_.substr(0, size));
    in_.remove_prefix(size);
    return text;
  }
  Pairs pairs() {
    Pairs all(number());
    for (auto& [name, value] : all) {
      name = text();
      value = text();
    }
    return all;
  }

 private:
  std::string_view in_;
};

}  // namespace

// A certificate is held elsewhere, and hardly anybody has one: then it stays unpacked.
KeptRequest::KeptRequest(RequestInfo info) {
  if (info.peer_certificate != nullptr) {
    info_ = std::make_unique<const RequestInfo>(std::move(info));
    return;
  }
  std::string packed;
  put(info.path, packed);
  put(info.query, packed);
  put(info.headers, packed);
  put(info.address, packed);
  put(info.secure ? 1U : 0U, packed);
  put(info.http_version, packed);
  put(info.parameters, packed);
  packed_.reserve(packed.size());  // no more than that
  packed_ = packed;
}

const RequestInfo& KeptRequest::look() const {
  if (info_ == nullptr) {
    info_ = std::make_unique<const RequestInfo>(unpack());
    packed_ = std::string();
  }
  return *info_;
}

RequestInfo KeptRequest::unpack() const {
  if (info_ != nullptr) return *info_;
  Reader in(packed_);
  RequestInfo info;
  info.path = in.text();
  info.query = in.text();
  info.headers = in.pairs();
  info.address = in.text();
  info.secure = in.number() != 0;
  info.http_version = lasting(in.text());
  info.parameters = in.pairs();
  return info;
}

}  // namespace naru::server
