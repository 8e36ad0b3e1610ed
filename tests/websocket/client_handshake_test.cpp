#include "websocket/client_handshake.hpp"

#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// A client's opening handshake (RFC 6455 section 4.1).

namespace naru::websocket {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

std::vector<http::Field> good_answer() {
  return {{"Upgrade", "websocket"},
          {"Connection", "Upgrade"},
          {"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}};
}

std::vector<http::Field> with(std::string_view name, std::string_view value) {
  std::vector<http::Field> fields = good_answer();
  for (http::Field& field : fields) {
    if (field.name == name) {
      field.value = value;
      return fields;
    }
  }
  fields.push_back({name, value});
  return fields;
}

std::vector<http::Field> and_another(std::vector<http::Field> fields, std::string_view name,
                                     std::string_view value) {
  fields.push_back({name, value});
  return fields;
}

bool accepted(const std::vector<http::Field>& fields, const ClientOffer& offer = {}) {
  const auto judged = judge_answer(fields, kKey, offer);
  if (!judged) {
    EXPECT_EQ(judged.error().code, Errc::protocol_error);
  }
  return judged.has_value();
}

Errc refusal(const Result<std::string>& request) {
  return request ? Errc::io : request.error().code;
}

TEST(ClientHandshake, MakesAFreshKeyEachTime) {
  SeededRandom random(1);
  const std::string first = make_key(random);
  EXPECT_EQ(first.size(), 24U);
  EXPECT_TRUE(first.ends_with("=="));
  EXPECT_NE(first, make_key(random));
}

TEST(ClientHandshake, AsksAsTheRfcSays) {
  const std::vector<std::pair<std::string, std::string>> headers{{"Origin", "http://a"}};
  const auto request = encode_request(
      "/chat?a=b", "example.org:8080", kKey,
      {.subprotocols = {"v2", "v1"}, .deflate = {.mode = DeflateConfig::Mode::dedicated}}, headers);
  ASSERT_TRUE(request);
  EXPECT_EQ(*request,
            "GET /chat?a=b HTTP/1.1\r\n"
            "Host: example.org:8080\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: v2, v1\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            "Origin: http://a\r\n\r\n");
}

TEST(ClientHandshake, RefusesTargetsAndHostsThatBreakTheRequest) {
  for (const char* target : {"", "chat", "/a b", "/a#b", "/a\r\nX: y", "/\x80", "/\t"}) {
    EXPECT_EQ(refusal(encode_request(target, "h", kKey, {})), Errc::invalid_argument) << target;
  }
  for (const char* host : {"", "a\r\nb", "a\n"}) {
    EXPECT_EQ(refusal(encode_request("/", host, kKey, {})), Errc::invalid_argument) << host;
  }
}

// undici CVE-2026-1527: CR and LF in what an application supplied.
TEST(ClientHandshake, RefusesHeadersThatBreakTheRequest) {
  const auto refused = [](std::string name, std::string value) {
    const std::vector<std::pair<std::string, std::string>> headers{
        {std::move(name), std::move(value)}};
    return refusal(encode_request("/", "h", kKey, {}, headers)) == Errc::invalid_argument;
  };
  EXPECT_FALSE(refused("Cookie", "a=b; c=d"));
  EXPECT_FALSE(refused("Origin", "https://example.org"));
  EXPECT_TRUE(refused("X", "a\r\nb"));
  EXPECT_TRUE(refused("X", "a\nb"));
  EXPECT_TRUE(refused("X", std::string("a\0b", 3)));
  EXPECT_TRUE(refused("X y", "a"));
  EXPECT_TRUE(refused("X:", "a"));
  EXPECT_TRUE(refused("", "a"));
  for (const char* own : {"host", "upgrade", "Connection", "sec-websocket-key",
                          "Sec-WebSocket-Extensions", "Content-Length", "transfer-encoding"}) {
    EXPECT_TRUE(refused(own, "a")) << own;
  }
  EXPECT_EQ(refusal(encode_request("/", "h", kKey, {.subprotocols = {"a b"}})),
            Errc::invalid_argument);
  EXPECT_EQ(refusal(encode_request("/", "h", kKey, {.subprotocols = {"a", "a"}})),
            Errc::invalid_argument);
}

TEST(ClientHandshake, AcceptsAGoodAnswer) {
  EXPECT_TRUE(accepted(good_answer()));
  EXPECT_TRUE(accepted(with("Upgrade", "WebSocket")));
  EXPECT_TRUE(accepted(with("Connection", "keep-alive, upgrade")));
  EXPECT_TRUE(accepted(with("Content-Length", "0")));
  EXPECT_TRUE(accepted(with("Sec-WebSocket-Extensions", "")));
}

TEST(ClientHandshake, RefusesEachFlaw) {
  EXPECT_FALSE(accepted(with("Upgrade", "h2c")));
  EXPECT_FALSE(accepted(with("Upgrade", "")));
  EXPECT_FALSE(accepted(with("Connection", "keep-alive")));
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Accept", "")));
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Accept", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Accept", kKey)));
  EXPECT_FALSE(accepted(and_another(good_answer(), "Sec-WebSocket-Accept", "x")));
  EXPECT_FALSE(accepted(with("Transfer-Encoding", "chunked")));
  for (std::size_t missing = 0; missing < 3; ++missing) {
    std::vector<http::Field> fields = good_answer();
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_FALSE(accepted(fields)) << missing;
  }
}

TEST(ClientHandshake, TakesOnlySubprotocolsItAskedFor) {
  const ClientOffer none;
  const ClientOffer some{.subprotocols = {"v2", "v1"}};
  const ClientOffer lenient{.subprotocols = {"v2"}, .require_subprotocol = false};
  const auto answer = with("Sec-WebSocket-Protocol", "v1");
  EXPECT_EQ(judge_answer(answer, kKey, some)->subprotocol, "v1");
  EXPECT_FALSE(accepted(answer, none));
  EXPECT_FALSE(accepted(answer, lenient));
  EXPECT_FALSE(accepted(good_answer(), some));
  EXPECT_TRUE(accepted(good_answer(), lenient));
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Protocol", ""), some));
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Protocol", "V1"), some));
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Protocol", "v1, v2"), some));
  EXPECT_FALSE(accepted(and_another(answer, "Sec-WebSocket-Protocol", "v2"), some));
}

TEST(ClientHandshake, TakesOnlyExtensionsItAskedFor) {
  const ClientOffer deflate{.deflate = {.mode = DeflateConfig::Mode::dedicated}};
  const auto answer = with("Sec-WebSocket-Extensions", "permessage-deflate");
  EXPECT_FALSE(accepted(answer));
  ASSERT_TRUE(accepted(answer, deflate));
  EXPECT_TRUE(judge_answer(answer, kKey, deflate)->deflate.has_value());
  EXPECT_FALSE(judge_answer(good_answer(), kKey, deflate)->deflate.has_value());
  EXPECT_FALSE(accepted(with("Sec-WebSocket-Extensions", "permessage-deflate;"), deflate));
  EXPECT_FALSE(
      accepted(and_another(answer, "Sec-WebSocket-Extensions", "permessage-deflate"), deflate));
}

}  // namespace
}  // namespace naru::websocket
