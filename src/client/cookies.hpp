#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace naru::client {

// The cookies of one server (RFC 6265, as far as a client that talks to one path needs it): what
// load balancers stick by. Pure: it is told the time.
class CookieJar {
 public:
  using Time = std::chrono::system_clock::time_point;
  static constexpr std::size_t kCookies = 64;
  static constexpr std::size_t kBytes = 4096;  // of one, name and value

  // The value of a Set-Cookie field. What is malformed, or one too many, is passed over.
  void store(std::string_view set_cookie, Time now);
  // The value of the Cookie field, or empty.
  std::string field(bool secure, Time now) const;

 private:
  struct Cookie {
    std::string value;
    Time expires = Time::max();
    bool secure = false;
  };
  std::map<std::string, Cookie, std::less<>> cookies_;
};

}  // namespace naru::client
