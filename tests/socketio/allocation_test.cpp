// What decoding asks of the heap: nothing for an event, and little for a connection that idles.
#include "socketio/decoder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;

}  // namespace

// Not inlined, or g++ sees free() meet a `new` that it takes for its own.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

namespace naru::socketio {
namespace {

TEST(DecoderMemory, AnEventAllocatesNothing) {
  const Limits limits;
  Scratch scratch;
  Decoder decoder(limits, scratch);
  constexpr std::string_view message = R"(2/chat,12["say","hello world",{"a":[1,{"b":null}]}])";
  ASSERT_TRUE(decoder.receive_text(message));  // the scratch finds its size
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    const auto packet = decoder.receive_text(message);
    if (!packet || (*packet)->args.size() != 2) std::abort();
  }
  EXPECT_EQ(allocations, before);
}

TEST(DecoderMemory, AnIdleDecoderHoldsThreePointers) {
  EXPECT_EQ(sizeof(Decoder), 3 * sizeof(void*));
}

TEST(DecoderMemory, RefusingABinaryPacketHoldsNothing) {
  const Limits limits;
  Scratch scratch;
  Decoder decoder(limits, scratch);
  EXPECT_FALSE(decoder.receive_text(R"(51-["a",{"_placeholder":true,"num":1}])"));
  EXPECT_FALSE(decoder.waiting());
}

}  // namespace
}  // namespace naru::socketio
