// The cost of one Socket.IO message between WebSocket and the handler, both ways.
#include "engineio/packet.hpp"
#include "json/split.hpp"
#include "naru/json.hpp"
#include "socketio/decoder.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

namespace {

using namespace naru;

constexpr std::string_view kArray = R"(["say","hello world",{"a":1}])";
constexpr std::string_view kEvent = R"(2["say","hello world",{"a":1}])";

void count(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void BM_SplitArray(benchmark::State& state) {
  std::vector<std::string_view> elements;
  for (auto _ : state) {
    elements.clear();
    benchmark::DoNotOptimize(json::split_array(kArray, {}, elements).has_value());
  }
  count(state, kArray.size());
}
BENCHMARK(BM_SplitArray);

void BM_SplitLongString(benchmark::State& state) {
  const std::string text = "[\"say\",\"" + std::string(65536, 'a') + "\"]";
  std::vector<std::string_view> elements;
  for (auto _ : state) {
    elements.clear();
    benchmark::DoNotOptimize(json::split_array(text, {}, elements).has_value());
  }
  count(state, text.size());
}
BENCHMARK(BM_SplitLongString);

void BM_SplitManyObjects(benchmark::State& state) {
  std::string text = "[\"batch\"";
  for (int i = 0; i < 200; ++i)
    text += R"(,{"id":12345,"name":"player one","at":[1.5,-2.25],"up":true})";
  text += "]";
  std::vector<std::string_view> elements;
  for (auto _ : state) {
    elements.clear();
    benchmark::DoNotOptimize(json::split_array(text, {}, elements).has_value());
  }
  count(state, text.size());
}
BENCHMARK(BM_SplitManyObjects);

void BM_DecodeEvent(benchmark::State& state) {
  const socketio::Limits limits;
  socketio::Scratch scratch;
  socketio::Decoder decoder(limits, scratch);
  for (auto _ : state) {
    const auto packet = decoder.receive_text(kEvent, socketio::Decoder::Text::utf8);
    benchmark::DoNotOptimize((*packet)->args.size());
  }
  count(state, kEvent.size());
}
BENCHMARK(BM_DecodeEvent);

void BM_DecodeEventFromPolling(benchmark::State& state) {
  const socketio::Limits limits;
  socketio::Scratch scratch;
  socketio::Decoder decoder(limits, scratch);
  const std::string body = "4" + std::string(kEvent);
  for (auto _ : state) {
    engineio::PayloadReader reader(body, {});
    const auto message = reader.next();
    const auto packet = decoder.receive_text((*message)->data);
    benchmark::DoNotOptimize((*packet)->args.size());
  }
  count(state, body.size());
}
BENCHMARK(BM_DecodeEventFromPolling);

void BM_DecodeBinaryEvent(benchmark::State& state) {
  const socketio::Limits limits;
  socketio::Scratch scratch;
  socketio::Decoder decoder(limits, scratch);
  const std::string bytes(100, 'x');
  for (auto _ : state) {
    const auto held = decoder.receive_text(R"(51-["file",{"_placeholder":true,"num":0}])",
                                           socketio::Decoder::Text::utf8);
    benchmark::DoNotOptimize(held.has_value());
    const auto packet = decoder.receive_binary(bytes);
    benchmark::DoNotOptimize((*packet)->attachments.size());
  }
}
BENCHMARK(BM_DecodeBinaryEvent);

void BM_EncodeEvent(benchmark::State& state) {
  std::string json;
  std::string out;
  std::vector<std::string> attachments;
  for (auto _ : state) {
    json.clear();
    out.clear();
    JsonWriter writer(json, attachments);
    writer.begin_array();
    writer.string("say");
    writer.string("hello world");
    writer.integer(12345);
    writer.end_array();
    socketio::append_packet(socketio::PacketType::event, "/", {}, json, 0, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(BM_EncodeEvent);

void BM_WriteDouble(benchmark::State& state) {
  std::string json;
  std::vector<std::string> attachments;
  for (auto _ : state) {
    json.clear();
    JsonWriter writer(json, attachments);
    writer.number(123.456);
    benchmark::DoNotOptimize(json.data());
  }
}
BENCHMARK(BM_WriteDouble);

}  // namespace

BENCHMARK_MAIN();
