#include "http2/session.hpp"

#include "session_world.hpp"
#include "support/for_each_split.hpp"

namespace naru::http2 {
namespace {

using testing::extended_connect;
using testing::Fields;
using testing::get;
using testing::Http2Peer;
using testing::post;
using testing::SessionWorld;

std::string field(const Fields& fields, const std::string& name) {
  for (const auto& [each, value] : fields) {
    if (each == name) return value;
  }
  return "none";
}

// ---- requests and answers (RFC 9113 section 8)

TEST(Http2Session, AnnouncesItsSettings) {  // RFC 8441 section 3
  SessionWorld world;
  Http2Peer peer;
  world.talk(peer);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL), 1U);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), 128U);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), 16384U);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE), 131072U);
  EXPECT_EQ(nghttp2_session_get_remote_window_size(peer.session), 1048576);
}

TEST(Http2Session, MakesARequestAsHttp11WouldHave) {
  SessionWorld world;
  Http2Peer peer;
  peer.ask(get("/a/b?c=d", {{"cookie", "x=1"}, {"accept", "*/*"}, {"cookie", "y=2"}}));
  world.talk(peer);
  ASSERT_EQ(world.notes, (std::vector<std::string>{"1 GET /a/b?c=d", "1 end"}));
  const http::Request& request = world.session.request(1);
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query, "c=d");
  EXPECT_EQ(request.major_version, 2);
  EXPECT_EQ(request.field("Host"), "example.org");
  EXPECT_EQ(request.field("Cookie"), "x=1; y=2");
  EXPECT_EQ(request.count("Cookie"), 1U);
  EXPECT_FALSE(request.has_body);
}

TEST(Http2Session, Answers) {
  SessionWorld world;
  Http2Peer peer;
  peer.ask(get("/"));
  world.talk(peer);
  http::Response response{.status = 200, .body = "hello"};
  response.set("Content-Type", "text/plain");
  response.set("Connection", "close");  // means nothing here
  response.set("X-Bad", "a\r\nb");
  world.session.respond(1, response);
  world.talk(peer);
  EXPECT_EQ(peer.notes, (std::vector<std::string>{"1 status 200", "1 data hello", "1 end"}));
  EXPECT_EQ(field(peer.answers[1], "content-type"), "text/plain");
  EXPECT_EQ(field(peer.answers[1], "content-length"), "5");
  EXPECT_EQ(field(peer.answers[1], "connection"), "none");
  EXPECT_EQ(field(peer.answers[1], "x-bad"), "none");
  EXPECT_EQ(world.notes.back(), "1 closed 0");
  EXPECT_EQ(world.session.streams(), 0U);
}

TEST(Http2Session, SendsNoBodyForHeadNor304) {
  SessionWorld world;
  Http2Peer peer;
  Fields head = get("/");
  head[0].second = "HEAD";
  peer.ask(head);
  peer.ask(get("/cached"));
  world.talk(peer);
  world.session.respond(1, {.status = 200, .body = "hello"});
  world.session.respond(3, {.status = 304, .body = "hello"});
  world.talk(peer);
  EXPECT_EQ(peer.notes,
            (std::vector<std::string>{"1 status 200", "1 end", "3 status 304", "3 end"}));
  EXPECT_EQ(field(peer.answers[1], "content-length"), "5");
}

TEST(Http2Session, TakesABody) {
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(post("/", {{"content-length", "10"}}));
  peer.send(id, "01234");
  world.talk(peer);
  EXPECT_TRUE(world.session.request(1).has_body);
  world.session.send_continue(1);
  world.talk(peer);
  peer.send(id, "56789");
  peer.end(id);
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 POST /", "1 data 0123456789", "1 end"}));
  EXPECT_EQ(peer.notes, (std::vector<std::string>{"1 status 100"}));
}

TEST(Http2Session, LeavesTrailersOut) {
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(post("/"));
  peer.send(id, "body");
  world.talk(peer);
  nghttp2_nv trailer{};
  std::string name = "x-trailer";
  trailer.name = reinterpret_cast<std::uint8_t*>(name.data());
  trailer.namelen = name.size();
  nghttp2_submit_headers(peer.session, NGHTTP2_FLAG_END_STREAM, id, nullptr, &trailer, 1, nullptr);
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 POST /", "1 data body", "1 end"}));
  EXPECT_EQ(world.session.request(1).count("x-trailer"), 0U);
}

TEST(Http2Session, SaysTheSameHoweverItsInputIsCut) {
  Http2Peer peer;
  const auto body = peer.open(post("/form", {{"content-length", "5"}}));
  peer.send(body, "hello");
  peer.end(body);
  peer.ask(get("/page", {{"accept-language", "ko"}}));
  const auto tunnel = peer.open(extended_connect("/chat"));
  peer.send(tunnel, "frames");
  const auto gone = peer.open(post("/gone"));
  std::string input = peer.output();
  peer.reset(gone);
  peer.send(tunnel, " and more");
  peer.end(tunnel);
  input += peer.output();
  test::for_each_split(input, [](const std::vector<std::string>& pieces) {
    SessionWorld world;
    for (const std::string& piece : pieces) EXPECT_TRUE(world.receive(piece));
    // What was taken back in the same bytes is not heard of at all.
    std::erase_if(world.notes, [](const std::string& note) { return note.starts_with("7 "); });
    return world.notes;
  });
}

// ---- limits of one request

// GET https://x/ by HPACK: three fields of the static table, and a literal :authority.
const std::string kRequestBlock = "\x82\x87\x84\x41\x01x";

TEST(Http2Session, RefusesAnUpperCaseName) {  // RFC 9113 section 8.2.1
  SessionWorld world;
  const std::string block = kRequestBlock + std::string("\0\1X\1x", 5);
  EXPECT_TRUE(world.receive(testing::kPreface + testing::raw_frame(1, 0x05, 1, block)));
  world.output();
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 refused 0"}));
}

TEST(Http2Session, RefusesAHeadThatIsTooLarge) {
  SessionWorld world;
  Http2Peer peer;
  peer.ask(get("/", {{"x-large", std::string(17000, 'x')}}));
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 refused 431"}));
  EXPECT_TRUE(peer.heard("1 status 431"));
}

TEST(Http2Session, RefusesTooManyFields) {  // CVE-2024-37890
  SessionWorld world({.message = {.head_bytes = 1000000}});
  Http2Peer peer;
  Fields fields = get("/");
  for (int i = 0; i < 2000; ++i) fields.emplace_back("a", "b");
  peer.ask(fields);
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 refused 431"}));
}

TEST(Http2Session, RefusesATargetThatIsTooLong) {
  SessionWorld world;
  Http2Peer peer;
  peer.ask(get("/" + std::string(8192, 'x')));
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 refused 414"}));
}

// HPACK lets a byte stand for a field of kilobytes.
TEST(Http2Session, RefusesAHeadThatUnpacksToTooMuch) {
  SessionWorld world;
  // A literal of 3900 bytes that enters the table, and 500 times its index (RFC 7541 6.1, 6.2.1).
  const std::string block = kRequestBlock + "\x40\x06x-bomb\x7f\xbd\x1d" + std::string(3900, 'x') +
                            std::string(500, '\xbe');
  EXPECT_TRUE(world.receive(testing::kPreface + testing::raw_frame(1, 0x05, 1, block)));
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 refused 431"}));
}

TEST(Http2Session, EndsAConnectionOfManyContinuations) {  // CERT VU#421644
  SessionWorld world;
  EXPECT_TRUE(world.receive(testing::kPreface));
  std::string flood = testing::raw_frame(1, 0x01, 1, {});  // HEADERS without END_HEADERS
  for (int i = 0; i < 20; ++i) flood += testing::raw_frame(9, 0, 1, {});
  world.receive(flood);
  world.output();
  EXPECT_TRUE(world.session.finished());
}

TEST(Http2Session, RefusesAnotherHostThanTheAuthority) {
  SessionWorld world;
  Http2Peer peer;
  peer.ask(get("/", {{"host", "evil.example"}}));
  peer.ask(get("/", {{"host", "Example.ORG"}}));
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 refused 400", "3 GET /", "3 end"}));
  EXPECT_EQ(world.session.request(3).count("host"), 1U);
}

// ---- malformed requests (RFC 9113 sections 8.1.1, 8.2.1, 8.3)

struct Malformed {
  const char* name;
  Fields fields;
};

class Http2Malformed : public ::testing::TestWithParam<Malformed> {};

TEST_P(Http2Malformed, IsReset) {
  SessionWorld world;
  Http2Peer peer;
  peer.ask(GetParam().fields);
  peer.ask(get("/next"));
  world.talk(peer);
  EXPECT_TRUE(peer.heard("1 reset 1")) << ::testing::PrintToString(peer.notes);
  EXPECT_TRUE(world.heard("1 refused 0"));
  EXPECT_TRUE(world.heard("3 GET /next"));
}

Fields without(Fields fields, const std::string& name) {
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return fields;
}

INSTANTIATE_TEST_SUITE_P(
    All, Http2Malformed,
    ::testing::Values(Malformed{"ConnectionField", get("/", {{"connection", "close"}})},
                      Malformed{"UpgradeField", get("/", {{"upgrade", "websocket"}})},
                      Malformed{"TransferEncoding", get("/", {{"transfer-encoding", "chunked"}})},
                      Malformed{"KeepAlive", get("/", {{"keep-alive", "5"}})},
                      Malformed{"ProxyConnection", get("/", {{"proxy-connection", "x"}})},
                      Malformed{"TeOther", get("/", {{"te", "gzip"}})},
                      Malformed{"SpaceInName", get("/", {{"x y", "x"}})},
                      Malformed{"ColonInName", get("/", {{"x:y", "x"}})},
                      Malformed{"LineBreakInValue", get("/", {{"x", "a\r\nb: c"}})},
                      Malformed{"NulInValue", get("/", {{"x", std::string("a\0b", 3)}})},
                      Malformed{"SpaceBeforeValue", get("/", {{"x", " a"}})},
                      Malformed{"UnknownPseudo", get("/", {{":unknown", "x"}})},
                      Malformed{"PseudoBehindField", get("/", {{"x", "y"}, {":method", "GET"}})},
                      Malformed{"PseudoTwice", get("/", {{":path", "/b"}})},
                      Malformed{"NoPath", without(get("/"), ":path")},
                      Malformed{"EmptyPath", get("")},
                      Malformed{"NoMethod", without(get("/"), ":method")},
                      Malformed{"NoScheme", without(get("/"), ":scheme")},
                      Malformed{"TwoLengths",
                                post("/", {{"content-length", "1"}, {"content-length", "2"}})},
                      Malformed{"LengthWithoutBody", post("/", {{"content-length", "1"}})}),
    [](const auto& test) { return test.param.name; });

// ---- extended CONNECT (RFC 8441; websocket.md 11.1)

TEST(Http2Tunnel, CarriesBytesBothWays) {
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(extended_connect("/chat"));
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 CONNECT:websocket /chat"}));
  SendQueue source(world.chunks);
  http::Response accepted{.status = 101};
  accepted.set("Sec-WebSocket-Protocol", "chat");
  accepted.set("Upgrade", "websocket");
  source.append(std::string_view("welcome"));
  world.session.accept(1, accepted, source);
  peer.send(id, "hello");
  world.talk(peer);
  EXPECT_EQ(peer.notes, (std::vector<std::string>{"1 status 200", "1 data welcome"}));
  EXPECT_EQ(field(peer.answers[1], "sec-websocket-protocol"), "chat");
  EXPECT_EQ(field(peer.answers[1], "upgrade"), "none");
  EXPECT_EQ(field(peer.answers[1], "content-length"), "none");
  EXPECT_EQ(world.notes.back(), "1 data hello");
  source.append(std::string_view("again"));
  world.session.resume(1);
  world.talk(peer);
  EXPECT_EQ(peer.notes.back(), "1 data again");
}

TEST(Http2Tunnel, EndsBothWays) {
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(extended_connect("/"));
  world.talk(peer);
  SendQueue source(world.chunks);
  world.session.accept(1, {}, source);
  source.append(std::string_view("bye"));
  world.session.end(1);
  world.talk(peer);
  EXPECT_TRUE(world.session.ended(1));
  EXPECT_EQ(peer.notes, (std::vector<std::string>{"1 status 200", "1 data bye", "1 end"}));
  peer.send(id, "late");
  peer.end(id);
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 CONNECT:websocket /", "1 data late", "1 end",
                                                   "1 closed 0"}));
}

TEST(Http2Tunnel, HearsOfTheirReset) {
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(extended_connect("/"));
  world.talk(peer);
  SendQueue source(world.chunks);
  world.session.accept(1, {}, source);
  source.append(std::string_view("lost"));
  peer.reset(id);
  world.receive(peer.output());
  EXPECT_EQ(world.notes.back(), "1 closed 8");
  EXPECT_EQ(world.session.streams(), 0U);
  world.session.resume(1);
  world.session.end(1);
  world.session.reset(1, ErrorCode::cancel);
  world.talk(peer);
}

TEST(Http2Tunnel, ResetsAndHearsNoMore) {
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(extended_connect("/"));
  world.talk(peer);
  {
    SendQueue source(world.chunks);
    world.session.accept(1, {}, source);
    source.append(std::string_view("never sent"));
    world.session.reset(1, ErrorCode::cancel);
  }
  peer.send(id, "late");
  world.receive(peer.output());
  world.talk(peer);
  EXPECT_EQ(world.notes, (std::vector<std::string>{"1 CONNECT:websocket /"}));
  EXPECT_EQ(peer.notes.back(), "1 reset 8");
}

TEST(Http2Tunnel, RefusesAnEndInTheRequest) {  // websocket.md section 14, group 11
  SessionWorld world;
  Http2Peer peer;
  peer.ask(extended_connect("/"));
  world.talk(peer);
  EXPECT_TRUE(peer.heard("1 reset 1"));
  EXPECT_EQ(world.notes.front(), "1 refused 0");
}

TEST(Http2Tunnel, RefusesALength) {
  SessionWorld world;
  Http2Peer peer;
  peer.open(extended_connect("/", {{"content-length", "5"}}));
  world.talk(peer);
  EXPECT_TRUE(peer.heard("1 reset 1"));
}

TEST(Http2Tunnel, RefusesTrailers) {  // RFC 8441 section 4
  SessionWorld world;
  Http2Peer peer;
  const auto id = peer.open(extended_connect("/"));
  world.talk(peer);
  SendQueue source(world.chunks);
  world.session.accept(1, {}, source);
  world.talk(peer);
  nghttp2_nv trailer{};
  std::string name = "x";
  trailer.name = reinterpret_cast<std::uint8_t*>(name.data());
  trailer.namelen = 1;
  nghttp2_submit_headers(peer.session, NGHTTP2_FLAG_END_STREAM, id, nullptr, &trailer, 1, nullptr);
  world.talk(peer);
  EXPECT_EQ(peer.notes.back(), "1 reset 1");
  EXPECT_TRUE(world.heard("1 closed 1"));
}

TEST(Http2Tunnel, IsForWebSocketsOnly) {
  SessionWorld world;
  Http2Peer peer;
  Fields other = extended_connect("/");
  other[1].second = "connect-udp";
  peer.open(other);
  peer.open({{":method", "CONNECT"}, {":authority", "example.org:443"}});
  Fields no_path = extended_connect("/");
  peer.open(without(no_path, ":path"));
  world.talk(peer);
  EXPECT_TRUE(peer.heard("1 status 501"));
  EXPECT_TRUE(peer.heard("3 status 501"));
  EXPECT_TRUE(peer.heard("5 reset 1"));
  EXPECT_EQ(world.session.streams(), 0U);  // none is left open for a body
}

}  // namespace
}  // namespace naru::http2
