#include "sse/decoder.hpp"

#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

namespace naru::sse {
namespace {

// What a stream says, as "type|data|last id" per event; then what the decoder knows at its end.
std::vector<std::string> transcript(const std::vector<std::string>& pieces,
                                    const Limits& limits = {}) {
  Decoder decoder(limits);
  std::vector<std::string> said;
  for (std::string piece : pieces) {
    Cursor in(piece);
    for (;;) {
      const auto event = decoder.receive(in);
      if (!event) {
        said.push_back("error");
        return said;
      }
      if (!*event) break;
      said.push_back((*event)->type + "|" + (*event)->data + "|" + (*event)->last_id);
    }
  }
  if (!decoder.last_id().empty()) said.push_back("id " + decoder.last_id());
  if (decoder.retry()) said.push_back("retry " + std::to_string(decoder.retry()->count()));
  return said;
}

void expect(std::string_view stream, const std::vector<std::string>& wanted,
            const Limits& limits = {}) {
  EXPECT_EQ(transcript({std::string(stream)}, limits), wanted) << stream;
  test::for_each_split(stream, [&](const auto& pieces) { return transcript(pieces, limits); });
}

using namespace std::string_view_literals;

// The cases are named as those of web-platform-tests, eventsource/.
TEST(Decoder, FieldData) {
  expect("data:\n\ndata\ndata\n\ndata:test\n\n", {"message||", "message|\n|", "message|test|"});
}
TEST(Decoder, FormatNewlines) {
  expect("data:test\r\ndata\ndata:test\r\n\r\n", {"message|test\n\ntest|"});
  expect("data:a\rdata:b\r\rdata:c\n\n", {"message|a\nb|", "message|c|"});
}
TEST(Decoder, FormatBom) {
  expect(
      "\xef\xbb\xbf"
      "data:1\n\n\xef\xbb\xbf"
      "data:2\n\ndata:3\n\n",
      {"message|1|", "message|3|"});
}
TEST(Decoder, FormatLeadingSpace) {
  expect("data:\ttest\rdata: \ndata:  test\n\n", {"message|\ttest\n\n test|"});
}
TEST(Decoder, FormatFieldParsing) {
  expect(
      "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n"
      " data:32\ndata:4\n\n"sv,
      {std::string("message|\0\n 2\n1\n3\n\n4|", 20)});
}
TEST(Decoder, FormatComments) {
  expect("data:1\r:\0\n:\r\ndata:2\n:long\rdata:3\n:data:fail\r:x\ndata:4\n\n"sv,
         {"message|1\n2\n3\n4|"});
}
TEST(Decoder, FieldEvent) {
  expect("event:test\ndata:x\n\ndata:x\n\n", {"test|x|", "message|x|"});
  expect("event: \ndata:x\n\n", {"message|x|"});
  expect("event:lost\n\ndata:x\n\n", {"message|x|"});
}
TEST(Decoder, FieldId) {
  expect("id: 7\ndata:a\n\ndata:b\n\nid\ndata:c\n\n", {"message|a|7", "message|b|7", "message|c|"});
  expect("id: 7\n\n", {"id 7"});  // without data too
  expect("id: 7\n\nid: 8\n", {"id 7"});
  expect("id: 7\n\nid: a\0b\ndata:x\n\n"sv, {"message|x|7", "id 7"});
}
TEST(Decoder, FieldRetry) {
  expect("retry:03000\ndata:x\n\n", {"message|x|", "retry 3000"});
  expect("retry:3000\nretry:1000x\nretry:-1\nretry:\nretry:99999999999999999999\n", {"retry 3000"});
}
TEST(Decoder, FieldUnknown) {
  expect("data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
         {"message|test\n\ntest|"});
}
TEST(Decoder, FormatDataBeforeFinalEmptyLine) {
  expect("retry:1000\ndata:test1\n\nid:test\ndata:test2", {"message|test1|", "retry 1000"});
}

TEST(Decoder, LimitsALine) {
  expect("data:" + std::string(5, 'x') + "\n\n", {"message|xxxxx|"}, {.line_bytes = 10});
  expect("data:" + std::string(6, 'x') + "\n\n", {"error"}, {.line_bytes = 10});
  expect(":" + std::string(10, 'x'), {"error"}, {.line_bytes = 10});
}
TEST(Decoder, LimitsAnEvent) {
  expect("data:1234\ndata:1234\n\n", {"message|1234\n1234|"}, {.event_bytes = 10});
  expect("data:1234\ndata:12345\n\n", {"error"}, {.event_bytes = 10});
}

}  // namespace
}  // namespace naru::sse
