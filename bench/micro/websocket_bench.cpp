#include "websocket/connection.hpp"
#include "websocket/deflate.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

// The WebSocket core alone: bytes of a peer to events, and messages to bytes.

namespace naru::websocket {
namespace {

const Limits kLimits;

// A segment of masked frames as a client sends them.
std::string segment_of(Opcode opcode, std::string_view payload, std::size_t frames) {
  ChunkPool pool;
  SendQueue queue(pool);
  for (std::size_t i = 0; i < frames; ++i) {
    encode_masked_frame(opcode, payload, {0x37, 0xfa, 0x21, 0x3d}, queue);
  }
  std::vector<std::string_view> pieces(4096);
  pieces.resize(queue.peek(pieces));
  std::string out;
  for (const std::string_view piece : pieces) out += piece;
  return out;
}

std::string korean(std::size_t size) {
  std::string text;
  while (text.size() + 3 <= size) text += "\xeb\x82\x98";
  return text;
}

// Decoding unmasks in place, so every round begins with a copy of the segment; the copy is a part
// of what is measured, as the kernel's copy is of what a server does.
void decode(benchmark::State& state, Opcode opcode, std::string_view payload, std::size_t frames) {
  const std::string segment = segment_of(opcode, payload, frames);
  std::vector<char> block(segment.size());
  ChunkPool pool;
  SendQueue queue(pool);
  Connection connection(Role::server, kLimits);
  for (auto _ : state) {
    std::copy(segment.begin(), segment.end(), block.begin());
    Cursor in{std::span<char>(block)};
    while (!in.empty()) {
      auto event = connection.receive(in, queue);
      if (!event || !*event) {
        state.SkipWithError("no message");
        return;
      }
      benchmark::DoNotOptimize((*event)->payload.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(segment.size()));
}

void decode_text_20(benchmark::State& state) {
  decode(state, Opcode::text, "42[\"say\",\"hi there\"]", 100);
}
void decode_binary_20(benchmark::State& state) {
  decode(state, Opcode::binary, std::string(20, 'x'), 100);
}
void decode_korean_60(benchmark::State& state) {
  decode(state, Opcode::text, korean(60), 100);
}
void decode_text_1k(benchmark::State& state) {
  decode(state, Opcode::text, std::string(1024, 'x'), 16);
}
void decode_text_64k(benchmark::State& state) {
  decode(state, Opcode::text, std::string(65536, 'x'), 1);
}
BENCHMARK(decode_text_20);
BENCHMARK(decode_binary_20);
BENCHMARK(decode_korean_60);
BENCHMARK(decode_text_1k);
BENCHMARK(decode_text_64k);

// A long message as it comes from a socket, in pieces of 16 KiB.
void decode_1m_in_pieces(benchmark::State& state) {
  const std::string frame = segment_of(Opcode::text, std::string(1U << 20U, 'x'), 1);
  std::vector<char> block(16384);
  ChunkPool pool;
  SendQueue queue(pool);
  Connection connection(Role::server, kLimits);
  for (auto _ : state) {
    for (std::size_t at = 0; at < frame.size(); at += block.size()) {
      const std::string_view piece = std::string_view(frame).substr(at, block.size());
      std::copy(piece.begin(), piece.end(), block.begin());
      Cursor in{std::span(block).first(piece.size())};
      benchmark::DoNotOptimize(connection.receive(in, queue));
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(frame.size()));
}
BENCHMARK(decode_1m_in_pieces);

void answer_ping(benchmark::State& state) {
  const std::string segment = segment_of(Opcode::ping, "12345678", 100);
  std::vector<char> block(segment.size());
  ChunkPool pool;
  SendQueue queue(pool);
  Connection connection(Role::server, kLimits);
  for (auto _ : state) {
    std::copy(segment.begin(), segment.end(), block.begin());
    Cursor in{std::span<char>(block)};
    benchmark::DoNotOptimize(connection.receive(in, queue));
    queue.clear();
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(answer_ping);

void encode(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  ChunkPool pool;
  SendQueue queue(pool);
  Connection connection(Role::server, kLimits);
  for (auto _ : state) {
    for (int i = 0; i < 10; ++i) connection.send_text(payload, queue);
    queue.clear();
  }
  state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(encode)->Arg(20)->Arg(1024)->Arg(65536);

void encode_as_client(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  ChunkPool pool;
  SendQueue queue(pool);
  SystemRandom random;
  Connection connection(Role::client, kLimits, &random);
  for (auto _ : state) {
    for (int i = 0; i < 10; ++i) connection.send_text(payload, queue);
    queue.clear();
  }
  state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(encode_as_client)->Arg(20)->Arg(1024);

// A message of 1 KiB as feeds have them.
std::string feed_message(int seed) {
  std::string text;
  for (int i = seed; text.size() < 1024; i += 7) {
    text += "{\"symbol\":\"N" + std::to_string(i % 97) + "\",\"price\":" + std::to_string(i * 31) +
            "},";
  }
  text.resize(1024);
  return text;
}

// One publication for all of a wire class: 1, 2, 3 are windows of 9, 12 and 15 bits.
void compress_shared_1k(benchmark::State& state) {
  DeflatePool pool;
  const std::string text = feed_message(1);
  std::size_t size = 0;
  for (auto _ : state) {
    const std::string frame =
        encode_shared(Opcode::text, text, static_cast<int>(state.range(0)), pool);
    size = frame.size();
  }
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(compress_shared_1k)->Arg(1)->Arg(2)->Arg(3);

void with_context(benchmark::State& state, bool shared) {
  ChunkPool chunks;
  SendQueue queue(chunks);
  DeflatePool pool;
  const Limits limits{.deflate = {.memory_level = 8}};
  Connection connection(Role::server, limits);
  connection.use_deflate({.own_context = true}, pool);
  connection.send_text(feed_message(0), queue);
  std::vector<std::string> texts;
  std::vector<SharedBytes> frames;
  for (int i = 1; i <= 64; ++i) {
    texts.push_back(feed_message(i));
    frames.push_back(
        std::make_shared<const std::string>(encode_shared(Opcode::text, texts.back(), 3, pool)));
  }
  std::size_t next = 0;
  std::size_t size = 0;
  for (auto _ : state) {
    next = (next + 1) % texts.size();
    queue.clear();
    if (shared) {
      connection.send_encoded(frames[next], texts[next], queue);
    } else {
      connection.send_text(texts[next], queue);
    }
    size += queue.size();
  }
  state.counters["bytes"] = static_cast<double>(size) /
                            static_cast<double>(std::max<std::int64_t>(1, state.iterations()));
}
// A shared frame on a connection with a context, which has to follow; and the same compressed by
// it.
void follow_shared_1k(benchmark::State& state) {
  with_context(state, true);
}
void compress_with_context_1k(benchmark::State& state) {
  with_context(state, false);
}
BENCHMARK(follow_shared_1k);
BENCHMARK(compress_with_context_1k);

void inflate_1k(benchmark::State& state) {
  DeflatePool pool;
  ChunkPool chunks;
  SendQueue queue(chunks);
  SystemRandom random;
  Connection connection(Role::client, kLimits, &random);
  connection.use_deflate({}, pool);
  const std::string frame = encode_shared(Opcode::text, feed_message(1), 3, pool);
  std::vector<char> block(frame.begin(), frame.end());
  for (auto _ : state) {
    Cursor in{std::span<char>(block)};
    auto event = connection.receive(in, queue);
    if (!event || !*event) return state.SkipWithError("no message");
  }
}
BENCHMARK(inflate_1k);

void mask(benchmark::State& state) {
  std::vector<char> payload(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    apply_mask(payload, {0x37, 0xfa, 0x21, 0x3d});
    benchmark::DoNotOptimize(payload.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(mask)->Arg(20)->Arg(125)->Arg(1024)->Arg(65536);

}  // namespace
}  // namespace naru::websocket

BENCHMARK_MAIN();
