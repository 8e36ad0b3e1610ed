#include "io/connector.hpp"

#include "world.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace naru::io {
namespace {

using namespace std::chrono_literals;
using testing::turn_until;

Addresses addresses(std::initializer_list<const char*> texts) {
  Addresses all;
  for (const char* text : texts) all.push_back(*parse_address(text));
  return all;
}

// A socket that listens on loopback. With no backlog left, later connections get no answer at all:
// Linux drops their SYN.
class Listening {
 public:
  enum class Mode { open, silent };
  Listening(const char* host, std::uint16_t port = 0, Mode mode = Mode::open)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &at.sin_addr);
    socklen_t size = sizeof(at);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, mode == Mode::silent ? 0 : 16), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    if (mode != Mode::silent) return;
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      ::connect(filler, reinterpret_cast<sockaddr*>(&at), size);
    }
  }
  ~Listening() {
    ::close(fd_);
    for (const int filler : fillers_) {
      if (filler >= 0) ::close(filler);
    }
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::array<int, 4> fillers_{-1, -1, -1, -1};
  std::uint16_t port_ = 0;
};

// What connecting came to: the peer's address, or the error and its detail.
std::string connect(const Addresses& to, std::uint16_t port, const ConnectTimes& times = {}) {
  Loop loop;
  Connector connector(loop);
  std::string text;
  connector.connect(
      to, port, times,
      [&](const Result<std::unique_ptr<Stream::Detached>>& made, const std::string& failure) {
        if (!made) {
          text = std::string(made.error().text) + ": " + failure;
          return;
        }
        sockaddr_in6 peer{};
        socklen_t size = sizeof(peer);
        ::getpeername((*made)->fd, reinterpret_cast<sockaddr*>(&peer), &size);
        text = PeerAddress::from(reinterpret_cast<const sockaddr&>(peer)).to_string();
      });
  EXPECT_EQ(text, "") << "told from within";
  EXPECT_TRUE(turn_until(loop, [&] { return !text.empty(); }));
  return text;
}

TEST(Interleave, TakesTheFamiliesInTurn) {
  const auto sorted = interleave(
      addresses({"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"}));
  std::string text;
  for (const PeerAddress& each : sorted) text += each.to_string() + " ";
  EXPECT_EQ(text, "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 2001:db8::3 ");
  EXPECT_EQ(interleave(addresses({"192.0.2.1", "2001:db8::1"}))[0].to_string(), "192.0.2.1");
  EXPECT_TRUE(interleave({}).empty());
}

TEST(Connector, Connects) {
  const Listening server("127.0.0.1");
  EXPECT_EQ(connect(addresses({"127.0.0.1"}), server.port()), "127.0.0.1");
}

TEST(Connector, TriesTheNextAddressAtOnceWhenOneRefuses) {
  const Listening server("127.0.0.2");
  EXPECT_EQ(connect(addresses({"127.0.0.1", "127.0.0.2"}), server.port(), {.next_address = 1h}),
            "127.0.0.2");
}

TEST(Connector, TriesTheNextAddressBesideOneThatIsSilent) {
  const Listening silent("127.0.0.1", 0, Listening::Mode::silent);
  const Listening server("127.0.0.2", silent.port());
  EXPECT_EQ(connect(addresses({"127.0.0.1", "127.0.0.2"}), server.port(), {.next_address = 20ms}),
            "127.0.0.2");
}

TEST(Connector, FailsWhenAllAddressesDo) {
  std::uint16_t port = 0;
  {
    port = Listening("127.0.0.1").port();
  }
  EXPECT_EQ(connect(addresses({"127.0.0.1", "127.0.0.2"}), port),
            "cannot connect: 127.0.0.2:" + std::to_string(port) + ": Connection refused");
  // Not even begun: a broadcast address is no peer.
  EXPECT_TRUE(connect(addresses({"255.255.255.255"}), port).starts_with("cannot connect: 255"));
}

TEST(Connector, GivesUpInTime) {
  const Listening silent("127.0.0.1", 0, Listening::Mode::silent);
  EXPECT_EQ(connect(addresses({"127.0.0.1"}), silent.port(), {.timeout = 30ms}),
            "no connection in time: ");
}

TEST(Connector, TellsNothingOnceCancelled) {
  const Listening server("127.0.0.1");
  Loop loop;
  Connector connector(loop);
  const auto never = [](const auto&, const std::string&) { ADD_FAILURE(); };
  connector.connect(addresses({"127.0.0.1"}), server.port(), {}, never);
  connector.cancel();
  connector.connect(addresses({"255.255.255.255"}), server.port(), {}, never);
  connector.cancel();
  testing::settle(loop);
}

}  // namespace
}  // namespace naru::io
