#include "http/content_coding.hpp"

#include "http/request.hpp"

#include <zlib.h>

#include <charconv>

namespace naru::http {
namespace {

constexpr int kWindowBits = 15;
constexpr int kGzip = 16;  // added to the window bits: zlib writes gzip
constexpr int kMemoryLevel = 8;

// The q-value among the parameters of a list element, in thousandths: 1000 without one, 0 for one
// that is malformed.
int quality(std::string_view parameters) {
  for (;;) {
    while (!parameters.empty() &&
           (parameters.front() == ' ' || parameters.front() == '\t' || parameters.front() == ';')) {
      parameters.remove_prefix(1);
    }
    if (parameters.empty()) return 1000;
    if (parameters.starts_with("q=") || parameters.starts_with("Q=")) break;
    const std::size_t next = parameters.find(';');
    if (next == std::string_view::npos) return 1000;
    parameters.remove_prefix(next);
  }
  parameters.remove_prefix(2);
  double value = 0;
  const auto end = parameters.data() + parameters.size();
  const auto [at, error] = std::from_chars(parameters.data(), end, value, std::chars_format::fixed);
  const bool whole = at == end || *at == ';' || *at == ' ' || *at == '\t';
  if (error != std::errc() || !whole || !(value >= 0 && value <= 1)) return 0;
  return static_cast<int>(value * 1000);
}

}  // namespace

ContentCoding choose_coding(const Request& request) {
  ContentCoding best = ContentCoding::identity;
  int best_quality = 0;
  for (const Field& field : request.fields) {
    if (!iequals(field.name, "Accept-Encoding")) continue;
    for_each_element(field.value, [&](std::string_view element) {
      const std::size_t cut = element.find_first_of("; \t");
      const std::string_view name = element.substr(0, cut);
      const std::string_view rest =
          cut == std::string_view::npos ? std::string_view() : element.substr(cut);
      const bool gzip = iequals(name, "gzip") || iequals(name, "x-gzip");
      if (!gzip && !iequals(name, "deflate")) return;
      const int here = quality(rest);
      if (here <= best_quality) return;
      best_quality = here;
      best = gzip ? ContentCoding::gzip : ContentCoding::deflate;
    });
  }
  return best;
}

std::string_view coding_name(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::gzip:
      return "gzip";
    case ContentCoding::deflate:
      return "deflate";
    case ContentCoding::identity:
      break;
  }
  return "identity";
}

class ContentCoder::Stream {
 public:
  explicit Stream(int window_bits)
      : ready_(deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, kMemoryLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~Stream() {
    if (ready_) deflateEnd(&stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  std::string encode(std::string_view body) {
    std::string out;
    if (!ready_ || deflateReset(&stream_) != Z_OK) return out;
    out.resize(deflateBound(&stream_, body.size()));
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const bool done = deflate(&stream_, Z_FINISH) == Z_STREAM_END;
    out.resize(done ? stream_.total_out : 0);
    return out;
  }

 private:
  z_stream stream_{};
  bool ready_;
};

ContentCoder::ContentCoder() = default;
ContentCoder::~ContentCoder() = default;

std::string ContentCoder::encode(ContentCoding coding, std::string_view body) {
  const bool gzip = coding == ContentCoding::gzip;
  std::unique_ptr<Stream>& stream = gzip ? gzip_ : deflate_;
  if (!stream) stream = std::make_unique<Stream>(gzip ? kWindowBits + kGzip : kWindowBits);
  return stream->encode(body);
}

}  // namespace naru::http
