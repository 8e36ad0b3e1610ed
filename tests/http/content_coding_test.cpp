// RFC 9110 section 12.5.3; socketio.md 1.10.
#include "http/content_coding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

namespace naru::http {
namespace {

std::string choose(const std::vector<std::string_view>& values) {
  Request request;
  for (const std::string_view value : values) request.fields.push_back({"accept-encoding", value});
  return std::string(coding_name(choose_coding(request)));
}

TEST(ContentCoding, FollowsTheClientsQualitiesAndThenItsOrder) {
  EXPECT_EQ(choose({"gzip, deflate, br"}), "gzip");
  EXPECT_EQ(choose({"deflate, gzip"}), "deflate");
  EXPECT_EQ(choose({"gzip;q=0.5, deflate;q=0.8"}), "deflate");
  EXPECT_EQ(choose({"br", "GZIP ; q=0.001"}), "gzip");
  EXPECT_EQ(choose({"gzip;level=9;q=0.2,deflate;q=0.1"}), "gzip");
}

TEST(ContentCoding, IsIdentityForWhatIsNotAccepted) {
  EXPECT_EQ(choose({}), "identity");
  EXPECT_EQ(choose({""}), "identity");
  EXPECT_EQ(choose({"br, identity"}), "identity");
  EXPECT_EQ(choose({"gzip;q=0, deflate;q=0.000"}), "identity");
  EXPECT_EQ(choose({"gzip;q=2"}), "identity");
  EXPECT_EQ(choose({"gzip;q=x"}), "identity");
  EXPECT_EQ(choose({"*"}), "identity");
}

// Inflates zlib or gzip, as the header says.
std::string inflated(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 32), Z_OK);
  std::string out(100'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(ContentCoder, CompressesOneBodyAfterTheOther) {
  ContentCoder coder;
  for (const ContentCoding coding : {ContentCoding::gzip, ContentCoding::deflate}) {
    for (int i = 0; i < 3; ++i) {
      const std::string body = std::string(5000, static_cast<char>('a' + i)) + "end";
      const std::string coded = coder.encode(coding, body);
      EXPECT_LT(coded.size(), 100U);
      EXPECT_EQ(coded.starts_with("\x1f\x8b"), coding == ContentCoding::gzip);
      EXPECT_EQ(inflated(coded), body);
    }
  }
}

}  // namespace
}  // namespace naru::http
