// How each transport wraps frames, and when an answer ends (sockjs.md 6).
#include "sockjs/receiver.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::sockjs {
namespace {

Receiver receiver(Transport transport, std::size_t limit = 4096) {
  return {transport, "callback", limit};
}

TEST(SockJsReceiver, WrapsFramesForEachTransport) {
  EXPECT_EQ(receiver(Transport::xhr_polling).wrap("o"), "o\n");
  EXPECT_EQ(receiver(Transport::xhr_streaming).wrap("a[\"x\"]"), "a[\"x\"]\n");
  EXPECT_EQ(receiver(Transport::eventsource).wrap("a[\"x\"]"), "data: a[\"x\"]\r\n\r\n");
  EXPECT_EQ(receiver(Transport::htmlfile).wrap("a[\"x\"]"),
            "<script>\np(\"a[\\\"x\\\"]\");\n</script>\r\n");
  EXPECT_EQ(receiver(Transport::jsonp_polling).wrap("o"), "/**/callback(\"o\");\r\n");
}

TEST(SockJsReceiver, SaysItsContentType) {
  EXPECT_EQ(receiver(Transport::xhr_polling).content_type(),
            "application/javascript; charset=UTF-8");
  EXPECT_EQ(receiver(Transport::eventsource).content_type(), "text/event-stream");
  EXPECT_EQ(receiver(Transport::htmlfile).content_type(), "text/html; charset=UTF-8");
}

TEST(SockJsReceiver, BeginsStreamsWithWhatBrowsersWaitFor) {
  EXPECT_EQ(receiver(Transport::xhr_streaming).prelude(), std::string(2048, 'h') + "\n");
  EXPECT_EQ(receiver(Transport::eventsource).prelude(), "\r\n");
  EXPECT_GT(receiver(Transport::htmlfile).prelude().size(), 1024U);
  EXPECT_EQ(receiver(Transport::xhr_polling).prelude(), "");
  EXPECT_EQ(receiver(Transport::jsonp_polling).prelude(), "");
}

// What a page of others could have a user send must not end the script that carries it.
TEST(SockJsReceiver, LetsNothingEndAScript) {
  for (const Transport transport : {Transport::htmlfile, Transport::jsonp_polling}) {
    std::string wrapped = receiver(transport).wrap(R"(a["</script><!--<script>"])");
    if (transport == Transport::htmlfile) {
      wrapped = wrapped.substr(9, wrapped.size() - 9 - 11);  // its own elements
    }
    EXPECT_EQ(wrapped.find('<'), std::string::npos) << wrapped;
    EXPECT_NE(wrapped.find("\\u003c/script>\\u003c!--"), std::string::npos) << wrapped;
  }
}

TEST(SockJsReceiver, LetsNothingEndAnEvent) {
  using namespace std::string_literals;
  EXPECT_EQ(receiver(Transport::eventsource).wrap("a\r\n\0%"s), "data: a%0D%0A%00%25\r\n\r\n");
}

TEST(SockJsReceiver, EndsAPollWithItsFirstFrame) {
  for (const Transport transport : {Transport::xhr_polling, Transport::jsonp_polling}) {
    Receiver polling = receiver(transport);
    EXPECT_FALSE(polling.streaming());
    EXPECT_FALSE(polling.full());
    polling.wrap("h");
    EXPECT_TRUE(polling.full());
  }
}

// The suite's numbers: the prelude does not count, the 31st frame passes the limit.
TEST(SockJsReceiver, EndsAStreamAtItsLimit) {
  Receiver streaming = receiver(Transport::xhr_streaming);
  streaming.wrap("o");
  const std::string frame = "a[\"" + std::string(128, 'x') + "\"]";
  for (int i = 0; i < 30; ++i) {
    streaming.wrap(frame);
    ASSERT_FALSE(streaming.full()) << i;
  }
  streaming.wrap(frame);
  EXPECT_TRUE(streaming.full());
}

TEST(SockJsReceiver, HasAName) {
  EXPECT_EQ(transport_name(Transport::websocket), "websocket");
  EXPECT_EQ(transport_name(Transport::raw_websocket), "websocket-raw");
  EXPECT_EQ(transport_name(Transport::xhr_polling), "xhr-polling");
  EXPECT_EQ(transport_name(Transport::xhr_streaming), "xhr-streaming");
  EXPECT_EQ(transport_name(Transport::eventsource), "eventsource");
  EXPECT_EQ(transport_name(Transport::htmlfile), "htmlfile");
  EXPECT_EQ(transport_name(Transport::jsonp_polling), "jsonp-polling");
}

}  // namespace
}  // namespace naru::sockjs
