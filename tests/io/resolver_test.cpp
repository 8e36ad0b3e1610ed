#include "io/resolver.hpp"

#include "io/last_error.hpp"
#include "world.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace naru::io {
namespace {

using namespace std::chrono_literals;
using testing::turn_until;

Addresses address(const std::string& text) {
  return {*parse_address(text)};
}

// What a lookup came to, as text.
struct Answer {
  std::string text;
  Resolver::Done note() {
    return [this](const Result<Addresses>& addresses, const std::string& failure) {
      if (!addresses) text += std::string(addresses.error().text) + " " + failure;
      if (addresses) {
        for (const PeerAddress& each : *addresses) text += each.to_string() + " ";
      }
      text += ";";
    };
  }
};

// A lookup that hangs until it is told to go on.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for(int threads) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= threads; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

TEST(ParseAddress, KnowsBothFamiliesAndNothingElse) {
  EXPECT_EQ(parse_address("192.0.2.1")->to_string(), "192.0.2.1");
  EXPECT_TRUE(parse_address("192.0.2.1")->is_ipv4());
  EXPECT_EQ(parse_address("2001:db8::1")->to_string(), "2001:db8::1");
  EXPECT_FALSE(parse_address("2001:db8::1")->is_ipv4());
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "fe80::1%lo", "1 "}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Resolver, AnswersLiteralsWithoutAThreadAndNotFromWithin) {
  Loop loop;
  Resolver resolver(loop, [](const std::string&) -> Result<Addresses> {
    ADD_FAILURE() << "looked up";
    return Addresses{};
  });
  Answer answer;
  resolver.resolve("::1", 10s, answer.note());
  EXPECT_EQ(answer.text, "");
  loop.poll(0s);
  EXPECT_EQ(answer.text, "::1 ;");
}

TEST(Resolver, KnowsLocalhost) {
  Loop loop;
  Resolver resolver(loop);
  Answer answer;
  resolver.resolve("localhost", 10s, answer.note());
  ASSERT_TRUE(turn_until(loop, [&] { return !answer.text.empty(); }));
  EXPECT_NE(answer.text.find("127.0.0.1"), std::string::npos) << answer.text;
}

TEST(Resolver, TellsWhyANameIsNotFound) {
  Loop loop;
  Resolver resolver(loop, [](const std::string& host) -> Result<Addresses> {
    set_last_error(host + ": unknown");
    return Error{Errc::io, "the name was not found"};
  });
  Answer answer;
  resolver.resolve("nowhere.test", 10s, answer.note());
  ASSERT_TRUE(turn_until(loop, [&] { return !answer.text.empty(); }));
  EXPECT_EQ(answer.text, "the name was not found nowhere.test: unknown;");
}

TEST(Resolver, GivesUpInTimeAndHearsNothingOfItLater) {
  Loop loop;
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(loop, [gate](const std::string& host) -> Result<Addresses> {
    if (host == "slow.test") gate->wait();
    return address("192.0.2.7");
  });
  Answer answer;
  resolver.resolve("slow.test", 30ms, answer.note());
  ASSERT_TRUE(turn_until(loop, [&] { return !answer.text.empty(); }));
  EXPECT_EQ(answer.text, "the name was not resolved in time ;");
  gate->open();
  answer.text.clear();
  resolver.resolve("quick.test", 10s, answer.note());
  ASSERT_TRUE(turn_until(loop, [&] { return !answer.text.empty(); }));
  EXPECT_EQ(answer.text, "192.0.2.7 ;");
}

TEST(Resolver, MayGoWhileALookupHangs) {
  const auto gate = std::make_shared<Gate>();
  {
    Loop loop;
    Resolver resolver(loop, [gate](const std::string&) -> Result<Addresses> {
      gate->wait();
      return address("192.0.2.7");
    });
    resolver.resolve("slow.test", 10s, [](const Result<Addresses>&, const std::string&) {
      ADD_FAILURE() << "told after its end";
    });
    gate->wait_for(1);
  }
  gate->open();
}

TEST(Resolver, LimitsLookupsThatHang) {
  Loop loop;
  const auto gate = std::make_shared<Gate>();
  Resolver resolver(loop, [gate](const std::string&) -> Result<Addresses> {
    gate->wait();
    return address("192.0.2.7");
  });
  Answer answer;
  for (int i = 0; i < 8; ++i) resolver.resolve("slow.test", 10s, answer.note());
  gate->wait_for(8);
  resolver.resolve("slow.test", 10s, answer.note());
  loop.poll(0s);
  EXPECT_EQ(answer.text, "earlier lookups still hang ;");
  gate->open();
}

}  // namespace
}  // namespace naru::io
