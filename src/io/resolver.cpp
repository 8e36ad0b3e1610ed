#include "io/resolver.hpp"

#include "io/last_error.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

namespace naru::io {
namespace {

constexpr long kThreadsAtMost = 8;

}  // namespace

std::optional<PeerAddress> parse_address(const std::string& host) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  if (::inet_pton(AF_INET, host.c_str(), &in.sin_addr) == 1) {
    return PeerAddress::from(reinterpret_cast<const sockaddr&>(in));
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET6, host.c_str(), &in6.sin6_addr) == 1) {
    return PeerAddress::from(reinterpret_cast<const sockaddr&>(in6));
  }
  return std::nullopt;
}

Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    set_last_error(host + ": " +
                   (error == EAI_SYSTEM ? std::generic_category().message(errno)
                                        : std::string(::gai_strerror(error))));
    return Error{Errc::io, "the name was not found"};
  }
  Addresses addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    addresses.push_back(PeerAddress::from(*each->ai_addr));
  }
  ::freeaddrinfo(found);
  return addresses;
}

// What a lookup's thread knows of whoever asked.
struct Resolver::Request {
  std::mutex mutex;
  Loop* loop;          // null once cancelled; by the mutex, as the thread posts to it
  Resolver* resolver;  // null once cancelled; of the loop's thread alone
};

Resolver::Resolver(Loop& loop, Lookup lookup)
    : loop_(loop), lookup_(std::move(lookup)), hanging_(std::make_shared<int>()) {}

Resolver::~Resolver() {
  cancel();
}

void Resolver::cancel() {
  timeout_.disarm();
  done_ = nullptr;
  if (request_ == nullptr) return;
  const std::lock_guard lock(request_->mutex);
  request_->loop = nullptr;
  request_->resolver = nullptr;
  request_.reset();
}

void Resolver::resolve(const std::string& host, Duration timeout, Done done) {
  cancel();
  done_ = std::move(done);
  request_ = std::make_shared<Request>();
  request_->loop = &loop_;
  request_->resolver = this;
  const auto answer = [request = request_](Result<Addresses> addresses, std::string failure) {
    return [request, addresses = std::move(addresses), failure = std::move(failure)]() mutable {
      if (request->resolver != nullptr) request->resolver->finish(std::move(addresses), failure);
    };
  };
  if (const auto literal = parse_address(host)) return loop_.defer(answer(Addresses{*literal}, {}));
  if (hanging_.use_count() > kThreadsAtMost) {
    return loop_.defer(answer(Error{Errc::too_many, "earlier lookups still hang"}, {}));
  }
  timeout_.arm(loop_.timers(), loop_.now() + timeout);
  std::thread([request = request_, answer, host, lookup = lookup_, hanging = hanging_] {
    Result<Addresses> addresses = lookup(host);
    std::string failure = addresses ? std::string() : last_error();
    const std::lock_guard lock(request->mutex);
    if (request->loop == nullptr) return;
    request->loop->post(answer(std::move(addresses), std::move(failure)));
  }).detach();
}

void Resolver::finish(Result<Addresses> addresses, const std::string& failure) {
  Done done = std::exchange(done_, nullptr);
  cancel();
  if (addresses && addresses->empty()) addresses = Error{Errc::io, "the name has no address"};
  done(std::move(addresses), failure);
}

void Resolver::Timeout::on_timer(Instant) {
  resolver_.finish(Error{Errc::timed_out, "the name was not resolved in time"}, {});
}

}  // namespace naru::io
