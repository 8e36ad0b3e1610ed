#include "io/listener.hpp"

#include "io/stream.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <vector>

namespace naru::io {
namespace {

using testing::Client;
using testing::send;
using testing::settle;
using testing::turn_until;
using testing::Wire;
using testing::Witness;
using testing::World;

HandlerFactory counting(int& count) {
  return [&count](Stream&) {
    ++count;
    return std::make_unique<Witness>(std::make_shared<testing::Seen>());
  };
}

TEST(Listener, SharesItsPortWithThoseOfOtherLoops) {
  Loop first;
  Loop second;
  std::array<int, 2> counts{};
  auto one = Listener::listen(first, {"127.0.0.1", 0}, nullptr, counting(counts[0]));
  ASSERT_TRUE(one) << last_error();
  ASSERT_NE((*one)->port(), 0);
  auto two = Listener::listen(second, {"127.0.0.1", (*one)->port()}, nullptr, counting(counts[1]));
  ASSERT_TRUE(two) << last_error();
  EXPECT_EQ((*one)->port(), (*two)->port());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<Client>(AF_INET, (*one)->port()));
  }
  EXPECT_TRUE(turn_until(first, [&] {
    second.poll(Duration::zero());
    return counts[0] + counts[1] == 64;
  }));
  EXPECT_GT(counts[0], 0);  // by the kernel's hash of the four numbers: all on one side is 2^-63
  EXPECT_GT(counts[1], 0);
}

TEST(Listener, ChoosesAnotherPortEachTimeItMay) {
  Loop loop;
  int count = 0;
  auto one = Listener::listen(loop, {"127.0.0.1", 0}, nullptr, counting(count));
  auto two = Listener::listen(loop, {"127.0.0.1", 0}, nullptr, counting(count));
  ASSERT_TRUE(one && two);
  EXPECT_NE((*one)->port(), (*two)->port());
}

TEST(Listener, WithoutHostHearsBothFamilies) {
  Loop loop;
  std::string addresses;
  auto listener = Listener::listen(loop, {"", 0}, nullptr, [&](Stream& stream) {
    addresses += stream.peer_address() + " ";
    return nullptr;
  });
  ASSERT_TRUE(listener) << last_error();
  const Client v4(AF_INET, (*listener)->port());
  ASSERT_TRUE(turn_until(loop, [&] { return !addresses.empty(); }));
  const Client v6(AF_INET6, (*listener)->port());
  ASSERT_TRUE(turn_until(loop, [&] { return addresses.size() > 10; }));
  EXPECT_EQ(addresses, "127.0.0.1 ::1 ");
}

TEST(Listener, LocalhostIsTheIPv4Loopback) {
  Loop loop;
  int count = 0;
  auto listener = Listener::listen(loop, {"localhost", 0}, nullptr, counting(count));
  ASSERT_TRUE(listener) << last_error();
  const Client client(AF_INET, (*listener)->port());
  EXPECT_TRUE(turn_until(loop, [&] { return count == 1; }));
}

TEST(Listener, SaysWhyItCannotListen) {
  Loop loop;
  // A socket without SO_REUSEPORT keeps its port to itself.
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  socklen_t size = sizeof(address);
  ::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
  const Endpoint endpoint{"127.0.0.1", ntohs(address.sin_port)};
  const auto listener = Listener::listen(loop, endpoint, nullptr, nullptr);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Errc::io);
  EXPECT_EQ(last_error(), endpoint.to_string() + ": Address already in use");
  ::close(taken);

  EXPECT_FALSE(Listener::listen(loop, {"192.0.2.1", 0}, nullptr, nullptr));  // not ours
  EXPECT_EQ(last_error(), "192.0.2.1:0: Cannot assign requested address");
  EXPECT_FALSE(Listener::listen(loop, {"example.org", 0}, nullptr, nullptr));
}

TEST(Listener, AcceptedStreamsSendWithoutNaglesDelay) {
  World world(Wire::tcp4);
  const auto seen = world.seen;
  const auto client = world.connect();
  const auto detached = seen->stream->detach();
  int on = 0;
  socklen_t size = sizeof(on);
  ASSERT_EQ(::getsockopt(detached->fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

TEST(Listener, TurnsAwayWhomTheFactoryMakesNoHandlerFor) {
  for (const Wire wire : {Wire::tcp4, Wire::tls}) {
    Loop loop;
    int asked = 0;
    const auto tls = wire == Wire::tls ? testing::test_tls_context() : nullptr;
    auto listener = Listener::listen(
        loop, {"127.0.0.1", 0}, tls, [&](Stream& stream) -> std::unique_ptr<StreamHandler> {
          if (++asked == 1) return nullptr;
          stream.abort();
          return std::make_unique<Witness>(std::make_shared<testing::Seen>());
        });
    for (int i = 1; i <= 2; ++i) {
      Client client(AF_INET, (*listener)->port());
      std::string got;
      EXPECT_TRUE(turn_until(loop, [&] { return client.receive(got) != Client::Input::open; }));
      EXPECT_EQ(asked, i);
      EXPECT_TRUE(loop.streams().empty());
    }
  }
}

TEST(Listener, StopsAcceptingWhenClosed) {
  World world(Wire::tcp4);
  const auto seen = world.seen;
  seen->on_bytes = [](Stream& stream, std::string_view bytes) { send(stream, bytes); };
  const auto client = world.connect();
  world.listener->close();
  world.listener->close();
  EXPECT_FALSE(Client::reaches(AF_INET, world.listener->port()));
  world.write(*client, "still here");
  EXPECT_EQ(world.read(*client, 10), "still here");
}

TEST(Listener, MayBeClosedByItsFactory) {
  Loop loop;
  int count = 0;
  std::unique_ptr<Listener> listener;
  listener = *Listener::listen(loop, {"127.0.0.1", 0}, nullptr, [&](Stream&) {
    ++count;
    listener->close();
    return std::make_unique<Witness>(std::make_shared<testing::Seen>());
  });
  const Client first(AF_INET, listener->port());
  const Client second(AF_INET, listener->port());
  settle(loop);
  EXPECT_EQ(count, 1);
}

// accept() fails, the connection stays, epoll reports it at once, for ever.
TEST(Listener, RestsWhenDescriptorsRunOut) {
  World world(Wire::tcp4);
  Loop& loop = world.loop;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<std::unique_ptr<Client>> clients;
  clients.push_back(std::make_unique<Client>(AF_INET, world.listener->port()));
  const rlimit none{static_cast<rlim_t>(clients.back()->fd()) + 1, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  // Every number below the limit is taken, unless the test's process left gaps.
  std::vector<int> gaps;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) gaps.push_back(fd);
  settle(loop);
  EXPECT_TRUE(world.accepted.empty());
  int turns = 0;
  const Instant start = loop.now();
  while (loop.now() - start < std::chrono::milliseconds(250)) {
    loop.poll(std::chrono::milliseconds(250));
    ++turns;
  }
  EXPECT_LE(turns, 12);  // a few attempts, no spinning
  ::setrlimit(RLIMIT_NOFILE, &before);
  for (const int fd : gaps) ::close(fd);
  EXPECT_TRUE(turn_until(loop, [&] { return world.accepted.size() == 1; }));
}

}  // namespace
}  // namespace naru::io
