#include "http/response_decoder.hpp"

#include "base/assert.hpp"
#include "http/chunk_scanner.hpp"
#include "http/head_scanner.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

namespace naru::http {
namespace {

namespace beast_http = boost::beast::http;
using BeastError = boost::beast::error_code;
using BeastView = boost::beast::string_view;

constexpr int kInterimAtMost = 8;  // 100, 103 and the like before the answer

// Beast's parser, writing into a ReceivedResponse. It is given whole heads only, and never a body.
class HeadParser final : public beast_http::basic_parser<false> {
 public:
  explicit HeadParser(ReceivedResponse& response) : response_(response) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // ours was judged before
    body_limit(boost::none);
    skip(true);
  }

  bool parse(std::string_view head) {
    BeastError error;
    const std::size_t used = put({head.data(), head.size()}, error);
    return !error && used == head.size() && is_header_done();
  }

 private:
  void on_response_impl(int status, BeastView reason, int version, BeastError&) override {
    response_.status = status;
    response_.reason = reason;
    response_.minor_version = version - 10;
  }
  void on_field_impl(beast_http::field, BeastView name, BeastView value, BeastError&) override {
    response_.fields.push_back({name, value});
  }
  void on_request_impl(beast_http::verb, BeastView, BeastView, int, BeastError&) override {}
  void on_header_impl(BeastError&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
  std::size_t on_body_impl(BeastView bytes, BeastError&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t, BeastView, BeastError&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView bytes, BeastError&) override {
    return bytes.size();
  }
  void on_finish_impl(BeastError&) override {}

  ReceivedResponse& response_;
};

enum class Framing { none, length, chunked, until_end };

bool parse_length(std::string_view text, std::uint64_t& length) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  return error == std::errc{} && stop == end &&
         length <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

}  // namespace

struct ResponseDecoder::State {
  State(const Limits& l, Asked a)
      : limits(l), asked(a), head(l, HeadScanner::StartLine::status), chunks(l) {}

  Result<std::optional<Event>> receive_head(Cursor& in);
  Result<void> parse_head();
  Result<void> find_framing();
  Result<std::optional<Event>> receive_body(Cursor& in);
  Result<std::optional<Event>> receive_chunks(Cursor& in);
  void take_data(Cursor& in);

  Error refuse(const Error& why) {
    phase = Phase::refused;
    error = why;
    return why;
  }
  Event complete() {
    phase = Phase::complete;
    return Event::complete;
  }
  bool switched() const {
    if (asked == Asked::resource) return false;
    if (asked == Asked::upgrade) return response.status == 101;
    return response.status >= 200 && response.status < 300;
  }

  enum class Phase { head, body, complete, refused };

  Limits limits;
  Asked asked;
  HeadScanner head;
  ChunkScanner chunks;
  ReceivedResponse response;
  Framing framing = Framing::none;
  std::uint64_t left = 0;  // of the body, or of a chunk
  int interim = 0;
  Phase phase = Phase::head;
  Error error{Errc::protocol_error, ""};
};

ResponseDecoder::ResponseDecoder(const Limits& limits, Asked asked)
    : state_(std::make_unique<State>(limits, asked)) {}
ResponseDecoder::~ResponseDecoder() = default;
ResponseDecoder::ResponseDecoder(ResponseDecoder&&) noexcept = default;
ResponseDecoder& ResponseDecoder::operator=(ResponseDecoder&&) noexcept = default;

Result<std::optional<ResponseDecoder::Event>> ResponseDecoder::receive(Cursor& in) {
  switch (state_->phase) {
    case State::Phase::head:
      return state_->receive_head(in);
    case State::Phase::body:
      return state_->receive_body(in);
    case State::Phase::complete:
      break;
    case State::Phase::refused:
      return state_->error;
  }
  NARU_DCHECK(false && "complete was told");
  return std::optional<Event>{};
}

// A body that ends early is told as far as it came: it only explains a refusal.
Result<ResponseDecoder::Event> ResponseDecoder::receive_end() {
  State& state = *state_;
  if (state.phase == State::Phase::refused) return state.error;
  if (state.phase == State::Phase::head) {
    return state.refuse({Errc::disconnected, "the peer left before it answered"});
  }
  if (state.framing != Framing::until_end) state.response.body_cut = true;
  return state.complete();
}

const ReceivedResponse& ResponseDecoder::response() const {
  return state_->response;
}

std::string ResponseDecoder::take_body() {
  return std::exchange(state_->response.body, {});
}

bool ResponseDecoder::switched() const {
  return state_->switched();
}

bool ResponseDecoder::persists() const {
  const ReceivedResponse& answer = state_->response;
  const bool framed = state_->framing == Framing::length || state_->framing == Framing::none;
  return framed && !answer.body_cut && answer.minor_version >= 1 &&
         !answer.lists("Connection", "close");
}

Result<std::optional<ResponseDecoder::Event>> ResponseDecoder::State::receive_head(Cursor& in) {
  for (;;) {
    switch (head.receive(in)) {
      case HeadScanner::Progress::need_more:
        return std::optional<Event>{};
      case HeadScanner::Progress::refused:
        return refuse(head.refusal().error());
      case HeadScanner::Progress::whole:
        break;
    }
    if (const auto parsed = parse_head(); !parsed) return refuse(parsed.error());
    if (response.status >= 200 || switched()) break;
    if (++interim > kInterimAtMost) return refuse({Errc::too_many, "too many interim answers"});
    response.fields.clear();
    head.reset();
  }
  if (const auto found = find_framing(); !found) return refuse(found.error());
  phase = Phase::body;
  return std::optional(Event::head);
}

Result<void> ResponseDecoder::State::parse_head() {
  HeadParser parser(response);
  if (!parser.parse(head.bytes())) return Error{Errc::protocol_error, "a malformed answer"};
  // HTTP/1.0 has no Upgrade (RFC 9110 section 7.8).
  if (response.status == 101 && response.minor_version == 0) {
    return Error{Errc::protocol_error, "101 in HTTP/1.0"};
  }
  if (response.status == 101 && asked != Asked::upgrade) {
    return Error{Errc::protocol_error, "101, which nobody asked for"};
  }
  return {};
}

// RFC 9112 section 6.3. What two parsers could read differently is refused, as in requests.
Result<void> ResponseDecoder::State::find_framing() {
  if (switched()) return {};
  if (response.status == 204 || response.status == 304) return {};
  const std::size_t codings = response.count("Transfer-Encoding");
  const std::size_t lengths = response.count("Content-Length");
  if (codings > 0) {
    if (lengths > 0) return Error{Errc::protocol_error, "Transfer-Encoding and Content-Length"};
    const bool chunked = codings == 1 && iequals(response.field("Transfer-Encoding"), "chunked");
    framing = chunked ? Framing::chunked : Framing::until_end;
    return {};
  }
  if (lengths > 1) return Error{Errc::protocol_error, "more than one Content-Length"};
  if (lengths == 0) {
    framing = Framing::until_end;
    return {};
  }
  if (!parse_length(response.field("Content-Length"), left)) {
    return Error{Errc::protocol_error, "a malformed Content-Length"};
  }
  framing = Framing::length;
  return {};
}

Result<std::optional<ResponseDecoder::Event>> ResponseDecoder::State::receive_body(Cursor& in) {
  switch (framing) {
    case Framing::none:
      return std::optional(complete());
    case Framing::chunked:
      return receive_chunks(in);
    case Framing::until_end:
      left = in.size();
      break;
    case Framing::length:
      break;
  }
  take_data(in);
  const bool whole = framing == Framing::length && left == 0;
  if (whole || response.body_cut) return std::optional(complete());
  return std::optional<Event>{};
}

// Takes what there is of the `left` bytes, until the limit.
void ResponseDecoder::State::take_data(Cursor& in) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, in.size()));
  const std::size_t room = limits.body_bytes - response.body.size();
  const auto taken = in.take(std::min(size, room));
  response.body.append(taken.data(), taken.size());
  left -= taken.size();
  if (size > room) response.body_cut = true;
}

Result<std::optional<ResponseDecoder::Event>> ResponseDecoder::State::receive_chunks(Cursor& in) {
  while (!in.empty()) {
    if (left > 0) {
      take_data(in);
      if (response.body_cut) return std::optional(complete());
      continue;
    }
    switch (chunks.receive(in)) {
      case ChunkScanner::Progress::need_more:
        return std::optional<Event>{};
      case ChunkScanner::Progress::refused:
        return refuse(chunks.refusal().error());
      case ChunkScanner::Progress::whole:
        break;
    }
    // The CRLF of the chunk before, then the digits that the scanner has judged.
    std::string_view line = chunks.bytes();
    if (line.starts_with("\r\n")) line.remove_prefix(2);
    std::from_chars(line.data(), line.data() + line.size(), left, 16);
    if (left == 0) return std::optional(complete());
    chunks.expect_next();
  }
  return std::optional<Event>{};
}

}  // namespace naru::http
