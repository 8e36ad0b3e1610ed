#include "websocket/handshake.hpp"

#include "websocket/transcript.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace naru::websocket {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

// A request that is accepted, to be spoilt in one point.
http::Request good_request() {
  http::Request request;
  request.method = "GET";
  request.target = request.path = "/chat";
  request.fields = {{"Host", "example.org"},
                    {"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Key", kKey},
                    {"Sec-WebSocket-Version", "13"}};
  return request;
}

http::Request with(std::string_view name, std::string_view value) {
  http::Request request = good_request();
  for (http::Field& field : request.fields) {
    if (field.name == name) {
      field.value = value;
      return request;
    }
  }
  request.fields.push_back({name, value});
  return request;
}

http::Request with_another(std::string_view name, std::string_view value) {
  http::Request request = good_request();
  request.fields.push_back({name, value});
  return request;
}

http::Request without(std::string_view name) {
  http::Request request = good_request();
  std::erase_if(request.fields, [&](const http::Field& field) { return field.name == name; });
  return request;
}

std::string field_of(const http::Response& response, std::string_view name) {
  std::string found;
  for (const auto& [key, value] : response.fields) {
    if (http::iequals(key, name)) found += (found.empty() ? "" : "|") + value;
  }
  return found;
}

int status(const http::Request& request) {
  const Handshake handshake = accept_handshake(request, {});
  EXPECT_EQ(handshake.accepted, handshake.response.status == 101);
  return handshake.response.status;
}

std::string chosen(std::string_view offered, const std::vector<std::string>& spoken) {
  const Handshake handshake = accept_handshake(with("Sec-WebSocket-Protocol", offered), spoken);
  EXPECT_TRUE(handshake.accepted);
  EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Protocol"), handshake.subprotocol);
  return handshake.subprotocol;
}

TEST(AcceptValue, IsTheOneOfTheRfc) {
  EXPECT_EQ(accept_value(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(AcceptHandshake, Answers101) {
  const Handshake handshake = accept_handshake(good_request(), {});
  EXPECT_TRUE(handshake.accepted);
  EXPECT_EQ(handshake.response.status, 101);
  EXPECT_EQ(field_of(handshake.response, "Upgrade"), "websocket");
  EXPECT_EQ(field_of(handshake.response, "Connection"), "Upgrade");
  EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Protocol"), "");
  EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Extensions"), "");
}

TEST(AcceptHandshake, IgnoresUpgradeInHttp10) {
  http::Request request = good_request();
  request.minor_version = 0;
  EXPECT_FALSE(is_upgrade(request));
  EXPECT_EQ(status(request), 400);
}

TEST(AcceptHandshake, RequiresGet) {
  for (const char* method : {"POST", "HEAD", "get", "CONNECT", ""}) {
    http::Request request = good_request();
    request.method = method;
    const Handshake handshake = accept_handshake(request, {});
    EXPECT_FALSE(handshake.accepted);
    EXPECT_EQ(handshake.response.status, 405) << method;
    EXPECT_EQ(field_of(handshake.response, "Allow"), "GET");
  }
}

TEST(AcceptHandshake, RequiresUpgradeToWebSocket) {
  for (const http::Request& request : {without("Upgrade"), with("Upgrade", "h2c"),
                                       with("Upgrade", "websocket2"), with("Upgrade", "")}) {
    EXPECT_FALSE(is_upgrade(request));
    const Handshake handshake = accept_handshake(request, {});
    EXPECT_FALSE(handshake.accepted);
    EXPECT_EQ(handshake.response.status, 426);
    EXPECT_EQ(field_of(handshake.response, "Upgrade"), "websocket");
    EXPECT_EQ(field_of(handshake.response, "Connection"), "Upgrade");
  }
  EXPECT_EQ(status(with("Upgrade", "WebSocket")), 101);
  EXPECT_EQ(status(with("Upgrade", "h2c, websocket")), 101);
}

TEST(AcceptHandshake, RequiresConnectionUpgrade) {
  EXPECT_EQ(status(without("Connection")), 400);
  EXPECT_EQ(status(with("Connection", "keep-alive")), 400);
  EXPECT_EQ(status(with("Connection", "keep-alive, Upgrade")), 101);
  EXPECT_EQ(status(with("Connection", "uPGRADE")), 101);
  http::Request request = with("Connection", "keep-alive");
  request.fields.push_back({"connection", "upgrade"});
  EXPECT_EQ(status(request), 101);
}

TEST(AcceptHandshake, RequiresVersion13Once) {
  for (const http::Request& request :
       {without("Sec-WebSocket-Version"), with("Sec-WebSocket-Version", "8"),
        with("Sec-WebSocket-Version", "013"), with("Sec-WebSocket-Version", "13, 8"),
        with("Sec-WebSocket-Version", ""), with_another("Sec-WebSocket-Version", "13")}) {
    const Handshake handshake = accept_handshake(request, {});
    EXPECT_FALSE(handshake.accepted);
    EXPECT_EQ(handshake.response.status, 426);
    EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Version"), "13");
    EXPECT_EQ(field_of(handshake.response, "Upgrade"), "websocket");
  }
}

TEST(AcceptHandshake, RequiresAKeyOf16BytesOnce) {
  for (const http::Request& request : {without("Sec-WebSocket-Key"), with("Sec-WebSocket-Key", ""),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ="),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==="),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=a"),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQaa"),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBs=SBub25jZQ=="),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBs SBub25jZQ=="),
                                       with("Sec-WebSocket-Key", "dGhlIHNhbXBs-SBub25jZQ=="),
                                       with_another("Sec-WebSocket-Key", kKey)}) {
    EXPECT_EQ(status(request), 400);
  }
  EXPECT_EQ(status(with("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEC==")), 101);
}

// aiohttp CVE-2026-69243, nghttpx CVE-2026-58055: a body that becomes frames.
TEST(AcceptHandshake, RefusesABody) {
  EXPECT_EQ(status(with("Content-Length", "5")), 400);
  EXPECT_EQ(status(with("Transfer-Encoding", "chunked")), 400);
  http::Request request = good_request();
  request.has_body = true;
  EXPECT_EQ(status(request), 400);
  EXPECT_EQ(status(with("Content-Length", "0")), 101);
}

TEST(AcceptHandshake, ChoosesASubprotocolByItsOwnPreference) {
  EXPECT_EQ(chosen("a, b", {"b", "a"}), "b");
  EXPECT_EQ(chosen("a,b", {"x", "a"}), "a");
  EXPECT_EQ(chosen(" a ,, b ,", {"b"}), "b");
  EXPECT_EQ(chosen("a, b", {"x"}), "");
  EXPECT_EQ(chosen("a, b", {}), "");
  EXPECT_EQ(chosen("STOMP", {"stomp"}), "");
  http::Request request = with("Sec-WebSocket-Protocol", "a");
  request.fields.push_back({"sec-websocket-protocol", "b"});
  EXPECT_EQ(accept_handshake(request, {"b", "a"}).subprotocol, "b");
}

// ESP-IDF CVE-2026-45541: a malformed list crashed the server.
TEST(AcceptHandshake, RefusesMalformedSubprotocols) {
  for (const char* value : {"", " ", ",", "a b", "a;b", "a, a", "a/b", "\"a\"", "a, b\x80"}) {
    EXPECT_EQ(status(with("Sec-WebSocket-Protocol", value)), 400) << value;
  }
  http::Request request = with("Sec-WebSocket-Protocol", "a");
  request.fields.push_back({"Sec-WebSocket-Protocol", "a"});
  EXPECT_EQ(status(request), 400);
}

// ws CVE-2021-32640: a regular expression took time with the square of the length.
TEST(AcceptHandshake, ReadsLongSubprotocolListsQuickly) {
  std::string value;
  for (int i = 0; i < 300'000; ++i) value += "p" + std::to_string(i) + " ,";
  EXPECT_EQ(status(with("Sec-WebSocket-Protocol", value)), 101);
  EXPECT_EQ(status(with("Sec-WebSocket-Protocol", std::string(4'000'000, ' ') + "a b")), 400);
}

TEST(AcceptHandshake, IgnoresExtensionsItDoesNotSpeak) {
  for (const char* value : {"permessage-deflate; client_max_window_bits", "x-unknown; a=\"b\"", "",
                            "permessage-deflate, permessage-deflate"}) {
    const Handshake handshake = accept_handshake(with("Sec-WebSocket-Extensions", value), {});
    EXPECT_TRUE(handshake.accepted) << value;
    EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Extensions"), "");
  }
}

TEST(AcceptHandshake, RefusesMalformedExtensions) {
  EXPECT_EQ(status(with("Sec-WebSocket-Extensions", "a;;b")), 400);
  http::Request request = with("Sec-WebSocket-Extensions", "a");
  request.fields.push_back({"Sec-WebSocket-Extensions", "b="});
  EXPECT_EQ(status(request), 400);
}

// ---- the extended CONNECT of HTTP/2 (RFC 8441 section 5)

http::Request good_connect() {
  http::Request request = without("Upgrade");
  std::erase_if(request.fields, [](const http::Field& field) {
    return field.name == "Connection" || field.name == "Sec-WebSocket-Key";
  });
  request.method = "CONNECT";
  request.protocol = "websocket";
  request.major_version = 2;
  return request;
}

TEST(AcceptConnect, Answers200WithoutUpgradeOrKey) {
  http::Request request = good_connect();
  request.fields.push_back({"sec-websocket-protocol", "chat"});
  EXPECT_TRUE(is_upgrade(request));
  const Handshake handshake = accept_handshake(request, {"chat"});
  EXPECT_TRUE(handshake.accepted);
  EXPECT_EQ(handshake.response.status, 200);
  EXPECT_EQ(handshake.subprotocol, "chat");
  EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Protocol"), "chat");
  EXPECT_EQ(field_of(handshake.response, "Upgrade"), "");
  EXPECT_EQ(field_of(handshake.response, "Connection"), "");
  EXPECT_EQ(field_of(handshake.response, "Sec-WebSocket-Accept"), "");
}

TEST(AcceptConnect, RequiresVersion13Once) {
  http::Request request = good_connect();
  request.fields.push_back({"sec-websocket-version", "13"});
  EXPECT_EQ(status(request), 400);
  std::erase_if(request.fields, [](const http::Field& field) {
    return http::iequals(field.name, "Sec-WebSocket-Version");
  });
  EXPECT_EQ(status(request), 400);
  request.fields.push_back({"sec-websocket-version", "8"});
  const Handshake refused = accept_handshake(request, {});
  EXPECT_EQ(refused.response.status, 400);
  EXPECT_EQ(field_of(refused.response, "Sec-WebSocket-Version"), "13");
}

TEST(AcceptConnect, RefusesOtherProtocols) {
  http::Request request = good_connect();
  request.protocol = "connect-udp";
  EXPECT_FALSE(is_upgrade(request));
  EXPECT_EQ(status(request), 400);
}

TEST(AcceptConnect, LeavesUpgradeWithoutMeaningInHttp2) {  // RFC 9113 section 8.6
  http::Request request = good_request();
  request.major_version = 2;
  EXPECT_FALSE(is_upgrade(request));
  EXPECT_EQ(status(request), 400);
}

TEST(EncodeSwitchingProtocols, WritesNothingButTheHead) {
  Handshake handshake = accept_handshake(with("Sec-WebSocket-Protocol", "chat"), {"chat"});
  handshake.response.add("Set-Cookie", "a=b");
  ChunkPool pool;
  SendQueue queue(pool);
  encode_switching_protocols(handshake.response, queue);
  EXPECT_EQ(test::flatten(queue),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: chat\r\n"
            "Set-Cookie: a=b\r\n"
            "\r\n");
}

// undici CVE-2026-1527: an application's value ended the head.
TEST(EncodeSwitchingProtocols, ScrubsWhatTheApplicationAdded) {
  http::Response response;
  response.fields = {{"X-One", std::string("a\r\nX-Two: b\0c\t\x7f", 15)},
                     {"X-Three\r\nX-Four", "d"},
                     {"", "e"},
                     {"content-length", "5"},
                     {"Transfer-Encoding", "chunked"}};
  ChunkPool pool;
  SendQueue queue(pool);
  encode_switching_protocols(response, queue);
  EXPECT_EQ(test::flatten(queue),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "X-One: a  X-Two: b c\t \r\n"
            "\r\n");
}

// Compression (section 9.1; RFC 7692 section 5).

std::string agreed(const std::vector<std::string_view>& fields,
                   DeflateConfig::Mode mode = DeflateConfig::Mode::dedicated) {
  http::Request request = good_request();
  for (const std::string_view field : fields) {
    request.fields.push_back({"Sec-WebSocket-Extensions", field});
  }
  const Handshake handshake = accept_handshake(request, {}, {.mode = mode});
  if (!handshake.accepted) return std::to_string(handshake.response.status);
  const std::string answer = field_of(handshake.response, "Sec-WebSocket-Extensions");
  EXPECT_EQ(handshake.deflate.has_value(), !answer.empty());
  return answer;
}

TEST(AcceptHandshake, AnswersAnOfferOfCompression) {
  EXPECT_EQ(agreed({"permessage-deflate"}), "permessage-deflate");
  EXPECT_EQ(agreed({"permessage-deflate; client_max_window_bits"}), "permessage-deflate");
  EXPECT_EQ(agreed({"permessage-deflate; client_max_window_bits=\"10\""}),
            "permessage-deflate; client_max_window_bits=10");
}

TEST(AcceptHandshake, DeclinesWithoutRefusing) {
  EXPECT_EQ(agreed({}), "");
  EXPECT_EQ(agreed({""}), "");
  EXPECT_EQ(agreed({"permessage-deflate"}, DeflateConfig::Mode::off), "");
  EXPECT_EQ(agreed({"permessage-deflate; unknown"}), "");
  EXPECT_EQ(agreed({"permessage-deflate; server_max_window_bits=16"}), "");
  EXPECT_EQ(agreed({"x-other; a=b"}), "");
}

TEST(AcceptHandshake, ReadsOffersOfSeveralFields) {
  EXPECT_EQ(agreed({"permessage-deflate; unknown", "x-other, permessage-deflate"}),
            "permessage-deflate");
  EXPECT_EQ(agreed({"permessage-deflate, permessage-deflate", "permessage-deflate"}),
            "permessage-deflate");
}

TEST(AcceptHandshake, RefusesMalformedOffers) {
  EXPECT_EQ(agreed({"permessage-deflate;"}), "400");
  EXPECT_EQ(agreed({"permessage-deflate", "a b"}), "400");
  EXPECT_EQ(agreed({"permessage-deflate; client_max_window_bits="}), "400");
}

}  // namespace
}  // namespace naru::websocket
