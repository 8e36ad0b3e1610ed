// What an idle plain WebSocket takes, beside its stream (docs/performance.md has the whole).
#include "server/plain_websocket.hpp"

#include <gtest/gtest.h>

namespace naru::server {
namespace {

TEST(PlainWebSocket, IsSmall) {
  EXPECT_LE(sizeof(PlainWebSocket), 56U);
}

TEST(WebSocketTransport, IsSmall) {
  EXPECT_LE(sizeof(transport::WebSocketTransport), 56U);
}

}  // namespace
}  // namespace naru::server
