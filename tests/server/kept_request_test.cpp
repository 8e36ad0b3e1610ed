#include "server/kept_request.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace naru::server {
namespace {

RequestInfo sample() {
  RequestInfo info;
  info.path = "/socket.io/";
  info.query = "EIO=4&transport=websocket";
  info.headers = {{"Host", "example.org"}, {"Cookie", ""}, {"X-Long", std::string(5000, 'x')}};
  info.address = "2001:db8::1";
  info.secure = true;
  info.http_version = "2";
  info.parameters = {{"room", "a b"}};
  return info;
}

void expect_same(const RequestInfo& one, const RequestInfo& other) {
  EXPECT_EQ(one.path, other.path);
  EXPECT_EQ(one.query, other.query);
  EXPECT_EQ(one.headers, other.headers);
  EXPECT_EQ(one.address, other.address);
  EXPECT_EQ(one.secure, other.secure);
  EXPECT_EQ(one.peer_certificate, other.peer_certificate);
  EXPECT_EQ(one.http_version, other.http_version);
  EXPECT_EQ(one.parameters, other.parameters);
}

TEST(KeptRequest, GivesBackAllOfIt) {
  const KeptRequest kept(sample());
  expect_same(kept.unpack(), sample());
  expect_same(kept.look(), sample());
  expect_same(kept.unpack(), sample());
  EXPECT_EQ(&kept.look(), &kept.look());
}

TEST(KeptRequest, TakesAnEmptyOne) {
  const KeptRequest kept{RequestInfo()};
  expect_same(kept.look(), RequestInfo());
}

TEST(KeptRequest, KeepsEachHttpVersion) {
  for (const char* version : {"1.0", "1.1", "2"}) {
    RequestInfo info;
    info.http_version = version;
    EXPECT_EQ(KeptRequest(info).look().http_version, version);
  }
}

TEST(KeptRequest, KeepsACertificate) {
  RequestInfo info = sample();
  info.peer_certificate = std::make_shared<const PeerCertificate>();
  const KeptRequest kept(info);
  expect_same(kept.unpack(), info);
  expect_same(kept.look(), info);
}

}  // namespace
}  // namespace naru::server
