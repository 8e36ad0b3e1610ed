#pragma once

#include "naru/server.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace naru::app {

// Prices that wander: a random walk that is the same after each start.
class Market {
 public:
  static constexpr std::array<std::string_view, 4> kSymbols{"BOAT", "OAR", "REED", "TIDE"};

  void step();
  // {"n":17,"at":1790000000123,"prices":{"BOAT":102.31,...}}; `at` in ms since 1970.
  std::string json(std::int64_t at) const;

 private:
  std::uint64_t next_random();

  std::uint64_t random_ = 0x6e617275;  // any but 0
  std::uint64_t number_ = 0;
  std::array<std::int64_t, kSymbols.size()> cents_{10'000, 4'200, 1'850, 7'300};
};

// The ticker of the gallery: each price list is published once to the topic "ticker", which every
// technique that the server offers carries to its subscribers; and to the namespace /ticker.
class Ticker {
 public:
  static constexpr std::string_view kTopic = "ticker";
  static constexpr std::chrono::milliseconds kEvery{200};
  static constexpr std::size_t kHistory = 100;  // lists, for who polls now and then

  // Before the server starts: its endpoints.
  Ticker(Server& server, Namespace& nsp);
  // Once it runs. Ends with this object.
  void start();

 private:
  void publish();

  Server& server_;
  Namespace& nsp_;
  Market market_;
  std::jthread thread_;
};

}  // namespace naru::app
