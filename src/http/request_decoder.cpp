#include "http/request_decoder.hpp"

#include "base/assert.hpp"
#include "http/chunk_scanner.hpp"
#include "http/head_rules.hpp"
#include "http/head_scanner.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace naru::http {
namespace {

namespace beast_http = boost::beast::http;
using BeastError = boost::beast::error_code;
using BeastView = boost::beast::string_view;

constexpr std::size_t kKeptBody = 4096;
constexpr std::size_t kKeptFields = 64;

// Beast's parser, writing into a Request. It is given whole heads and whole chunk lines only.
class MessageParser final : public beast_http::basic_parser<true> {
 public:
  explicit MessageParser(Request& request) : request_(request) {
    // Ours are judged before these can be.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
  }

  // Parses from the front of `bytes`; returns how many were used, or nullopt for a syntax error.
  std::optional<std::size_t> parse(std::string_view bytes) {
    BeastError error;
    const std::size_t used = put({bytes.data(), bytes.size()}, error);
    if (error) return std::nullopt;
    return used;
  }

  bool unknown_method() const { return unknown_method_; }
  std::uint64_t chunk_size() const { return chunk_size_; }

 private:
  void on_request_impl(beast_http::verb verb, BeastView method, BeastView target, int version,
                       BeastError& error) override {
    request_.method = method;
    request_.target = target;
    request_.minor_version = version - 10;
    unknown_method_ = verb == beast_http::verb::unknown;
    if (unknown_method_) error = beast_http::error::bad_method;
  }
  void on_field_impl(beast_http::field, BeastView name, BeastView value, BeastError&) override {
    if (!in_trailers_) request_.fields.push_back({name, value});
  }
  void on_header_impl(BeastError&) override { in_trailers_ = true; }
  std::size_t on_body_impl(BeastView bytes, BeastError&) override { return append(bytes); }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, BeastError&) override {
    return append(bytes);
  }
  void on_chunk_header_impl(std::uint64_t size, BeastView, BeastError&) override {
    chunk_size_ = size;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
  void on_response_impl(int, BeastView, int, BeastError&) override {}
  void on_finish_impl(BeastError&) override {}

  std::size_t append(BeastView bytes) {
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  Request& request_;
  std::uint64_t chunk_size_ = 0;
  bool unknown_method_ = false;
  bool in_trailers_ = false;
};

}  // namespace

struct RequestDecoder::State {
  explicit State(const Limits& l) : limits(l), head(l), chunks(l), body_limit(l.body_bytes) {}

  Result<std::optional<Event>> receive_head(Cursor& in);
  Result<std::optional<Event>> receive_body(Cursor& in);
  Result<std::optional<Event>> receive_chunks(Cursor& in);
  std::optional<Refusal> parse_head();
  bool parse_data(Cursor& in, std::uint64_t left);

  Error refuse(const Refusal& why) {
    phase = Phase::refused;
    refusal = why;
    return why.error();
  }
  Event complete() {
    phase = Phase::complete;
    return Event::complete;
  }

  enum class Phase { head, body, complete, refused };

  Limits limits;
  HeadScanner head;
  ChunkScanner chunks;
  std::optional<MessageParser> parser;  // of the current message; Beast's cannot start over
  Request request;
  std::string target;  // when it does not stand in the head as it is
  Framing framing;
  std::uint64_t chunk_left = 0;
  std::size_t body_limit;
  Phase phase = Phase::head;
  Refusal refusal;
};

RequestDecoder::RequestDecoder(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
RequestDecoder::~RequestDecoder() = default;
RequestDecoder::RequestDecoder(RequestDecoder&&) noexcept = default;
RequestDecoder& RequestDecoder::operator=(RequestDecoder&&) noexcept = default;

Result<std::optional<RequestDecoder::Event>> RequestDecoder::receive(Cursor& in) {
  switch (state_->phase) {
    case State::Phase::head:
      return state_->receive_head(in);
    case State::Phase::body:
      return state_->receive_body(in);
    case State::Phase::complete:
      break;
    case State::Phase::refused:
      return state_->refusal.error();
  }
  NARU_DCHECK(false && "next() comes before the next request");
  return std::optional<Event>{};
}

const Request& RequestDecoder::request() const {
  return state_->request;
}

Request& RequestDecoder::request() {
  return state_->request;
}

int RequestDecoder::error_status() const {
  return state_->refusal.status;
}

Result<void> RequestDecoder::limit_body(std::size_t bytes) {
  state_->body_limit = bytes;
  if (state_->framing.length <= bytes) return {};
  return state_->refuse({413, "the body is longer than its limit"});
}

bool RequestDecoder::expects_continue() const {
  const Request& request = state_->request;
  return request.has_body && request.minor_version >= 1 && request.lists("Expect", "100-continue");
}

bool RequestDecoder::started() const {
  return state_->phase != State::Phase::head || !state_->head.empty();
}

void RequestDecoder::next() {
  State& state = *state_;
  Request fresh;
  state.request.fields.clear();
  if (state.request.fields.capacity() <= kKeptFields) fresh.fields.swap(state.request.fields);
  state.request.body.clear();
  if (state.request.body.capacity() <= kKeptBody) fresh.body.swap(state.request.body);
  std::swap(state.request,
            fresh);  // assigning an empty string would keep the memory of a large one
  state.parser.reset();
  state.head.reset();
  state.chunks.reset();
  state.target.clear();
  state.framing = {};
  state.chunk_left = 0;
  state.body_limit = state.limits.body_bytes;
  state.phase = State::Phase::head;
}

Result<std::optional<RequestDecoder::Event>> RequestDecoder::State::receive_head(Cursor& in) {
  switch (head.receive(in)) {
    case HeadScanner::Progress::need_more:
      return std::optional<Event>{};
    case HeadScanner::Progress::refused:
      return refuse(head.refusal());
    case HeadScanner::Progress::whole:
      break;
  }
  if (const auto why = parse_head()) return refuse(*why);
  phase = Phase::body;
  return std::optional(Event::head);
}

std::optional<Refusal> RequestDecoder::State::parse_head() {
  parser.emplace(request);
  const auto used = parser->parse(head.bytes());
  if (parser->unknown_method()) return Refusal{501, "the method is unknown"};
  if (!used) return Refusal{400, "a malformed request head"};
  if (auto why = check_host(request)) return why;
  if (auto why = resolve_target(request, target)) return why;
  if (auto why = find_framing(request, framing)) return why;
  // Two readings of one head that disagree would be smuggling by ourselves.
  if (*used != head.bytes().size() || parser->chunked() != framing.chunked) {
    return Refusal{400, "an ambiguous request head"};
  }
  request.has_body = framing.chunked || framing.length > 0;
  request.keep_alive = persists(request);
  return std::nullopt;
}

Result<std::optional<RequestDecoder::Event>> RequestDecoder::State::receive_body(Cursor& in) {
  if (framing.chunked) return receive_chunks(in);
  if (framing.length > body_limit) return refuse({413, "the body is longer than its limit"});
  while (!parser->is_done()) {
    if (in.empty()) return std::optional<Event>{};
    // Announcing a body costs the peer nothing, so only what has arrived is given room.
    if (request.body.empty()) {
      request.body.reserve(
          static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), framing.length)));
    }
    if (!parse_data(in, in.size())) return refuse({400, "a malformed body"});
  }
  return std::optional(complete());
}

// Hands up to `left` bytes of body to the parser.
bool RequestDecoder::State::parse_data(Cursor& in, std::uint64_t left) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, in.size()));
  const auto used = parser->parse(in.view().substr(0, size));
  if (!used) return false;
  in.skip(*used);
  return true;
}

Result<std::optional<RequestDecoder::Event>> RequestDecoder::State::receive_chunks(Cursor& in) {
  while (!in.empty()) {
    if (chunk_left > 0) {
      const std::size_t before = in.size();
      if (!parse_data(in, chunk_left)) return refuse({400, "a malformed chunk"});
      chunk_left -= before - in.size();
      continue;
    }
    switch (chunks.receive(in)) {
      case ChunkScanner::Progress::need_more:
        return std::optional<Event>{};
      case ChunkScanner::Progress::refused:
        return refuse(chunks.refusal());
      case ChunkScanner::Progress::whole:
        break;
    }
    if (parser->parse(chunks.bytes()) != chunks.bytes().size()) {
      return refuse({400, "a malformed chunk line or trailer"});
    }
    if (parser->is_done()) return std::optional(complete());
    chunk_left = parser->chunk_size();
    if (chunk_left > body_limit - request.body.size()) {
      return refuse({413, "the body is longer than its limit"});
    }
    chunks.expect_next();
  }
  return std::optional<Event>{};
}

}  // namespace naru::http
