// websocket.md 2.1 and 2.2: targets, Host, and how the end of a body is found.
#include "http/head_rules.hpp"

#include "http/decoding.hpp"

namespace naru::http {
namespace {

std::string post_with(std::string_view lines, std::string_view body = {}) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

TEST(Target, SplitsPathAndQuery) {
  EXPECT_EQ(decoded(line("GET /a%20b?x=1&y=?z HTTP/1.1")),
            "head GET /a%20b?x=1&y=?z 1.1 keep [Host=h]\ncomplete \n");
}

TEST(Target, AbsoluteFormIsReducedAndOverridesHost) {
  EXPECT_EQ(decoded(line("GET http://other:81/a?b HTTP/1.1")),
            "head GET /a?b 1.1 keep [Host=other:81]\ncomplete \n");
  EXPECT_EQ(decoded(line("GET HTTPS://other HTTP/1.1")),
            "head GET /? 1.1 keep [Host=other]\ncomplete \n");
  EXPECT_EQ(decoded(line("GET http://other?b/c HTTP/1.1")),
            "head GET /?b/c 1.1 keep [Host=other]\ncomplete \n");
  EXPECT_EQ(decoded(line("OPTIONS http://other HTTP/1.1")),
            "head OPTIONS *? 1.1 keep [Host=other]\ncomplete \n");
}

TEST(Target, AbsoluteFormStillNeedsAHost) {
  EXPECT_EQ(refusal("GET http://other/ HTTP/1.1\r\n\r\n"), 400);
}

TEST(Target, RefusesMalformedAbsoluteForms) {
  EXPECT_EQ(refusal(line("GET http:///a HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET http://user@other/ HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET http://other:99999/ HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET ftp://other/ HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET http:/ HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET a/b HTTP/1.1")), 400);
}

TEST(Target, AuthorityFormIsNotImplemented) {
  EXPECT_EQ(refusal(line("CONNECT other:443 HTTP/1.1")), 501);
  EXPECT_EQ(refusal(line("GET other:443 HTTP/1.1")), 400);
}

TEST(Target, AsteriskFormIsForOptionsAlone) {
  EXPECT_EQ(decoded(line("OPTIONS * HTTP/1.1")), "head OPTIONS *? 1.1 keep [Host=h]\ncomplete \n");
  EXPECT_EQ(refusal(line("GET * HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("OPTIONS *a HTTP/1.1")), 400);
}

TEST(Target, RefusesFragments) {
  EXPECT_EQ(refusal(line("GET /a#b HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET /?a#b HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET http://other/#b HTTP/1.1")), 400);
}

TEST(Target, RefusesOctetsOutsideVisibleAscii) {
  EXPECT_EQ(refusal(line("GET /\x7f HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET /\x80 HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET /\xc3\xa9 HTTP/1.1")), 400);
  EXPECT_EQ(refusal(line("GET /\x01 HTTP/1.1")), 400);
}

TEST(Target, RulesHoldByThemselves) {
  for (const char* target : {"/\x7f", "/\x80", "/ ", "/\t", "/\n", ""}) {
    Request request;
    request.method = "GET";
    request.target = target;
    std::string storage;
    EXPECT_TRUE(resolve_target(request, storage).has_value()) << target;
  }
}

TEST(Host, MustBeThereExactlyOnce) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: h\r\nhost: i\r\n\r\n"), 400);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"), 400);
}

TEST(Host, MayBeMissingInHttp10) {
  EXPECT_EQ(decoded("GET / HTTP/1.0\r\n\r\n"), "head GET /? 1.0\ncomplete \n");
}

TEST(Host, MustBeWellFormed) {
  for (const char* host : {"", "a b", "a,b", "a:b", "a:0", "a:65536", "a:1:2", "user@a", "a/b",
                           "[::1", "[]", "[g::]", "::1", "\xc3\xa9", "http://a"}) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 400) << host;
  }
  for (const char* host : {"a", "a.b-c_d:8080", "127.0.0.1", "[::1]", "[::1]:80", "a:"}) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 0) << host;
  }
}

TEST(Framing, RefusesTransferEncodingBesideContentLength) {
  const std::string body = "0\r\n\r\n";
  EXPECT_EQ(refusal(post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body)), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body)), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", body)), 400);
}

TEST(Framing, RefusesTransferEncodingInHttp10) {
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
}

TEST(Framing, RefusesCodingsThatDoNotEndInChunked) {
  for (const char* coding : {"gzip", "identity", "chunked, identity", "chunked, gzip", "xchunked",
                             "chunkedx", "", ",", "\"chunked\""}) {
    EXPECT_EQ(refusal(post_with("Transfer-Encoding: " + std::string(coding) + "\r\n")), 400)
        << coding;
  }
}

TEST(Framing, RefusesChunkedTwiceOrWithParameters) {
  for (const char* coding : {"chunked, chunked", "chunked;a=b", "chunked ;a", "chunked,",
                             ",chunked", "chunked, gzip, chunked", "chunked\v"}) {
    EXPECT_EQ(refusal(post_with("Transfer-Encoding: " + std::string(coding) + "\r\n")), 400)
        << coding;
  }
  EXPECT_EQ(refusal(post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            400);
  EXPECT_EQ(refusal(post_with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")), 400);
}

TEST(Framing, AnswersUnknownCodingsWith501) {
  EXPECT_EQ(refusal(post_with("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(refusal(post_with("Transfer-Encoding: a, b, chunked\r\n")), 501);
}

// The parser below refuses these as well; the rules must not lean on it.
TEST(Framing, RulesHoldByThemselves) {
  const auto status = [](std::vector<Field> fields) {
    Request request;
    request.fields = std::move(fields);
    Framing framing;
    const auto refusal = find_framing(request, framing);
    return refusal ? refusal->status : 0;
  };
  EXPECT_EQ(status({{"Transfer-Encoding", "chunked"}}), 0);
  EXPECT_EQ(status({{"Transfer-Encoding", "chunked"}, {"Content-Length", "0"}}), 400);
  EXPECT_EQ(status({{"Content-Length", "0"}, {"Transfer-Encoding", "chunked"}}), 400);
  EXPECT_EQ(status({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}), 400);
  EXPECT_EQ(status({{"Content-Length", "+1"}}), 400);
  EXPECT_EQ(status({{"Content-Length", ""}}), 400);
}

TEST(Framing, ChunkedComparesWithoutCase) {
  EXPECT_EQ(decoded(post_with("transfer-encoding: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n")),
            "head POST /? 1.1 keep body [Host=h] [transfer-encoding=CHUNKED]\ncomplete a\n");
}

TEST(Framing, RefusesContentLengthsThatAreNotDigits) {
  for (const char* length : {"", "+5", "-5", "0x5", "5 5", "5a", "5.0", "five", "\"5\"", " "}) {
    EXPECT_EQ(refusal(post_with("Content-Length: " + std::string(length) + "\r\n", "aaaaa")), 400)
        << length;
  }
}

TEST(Framing, RefusesSeveralContentLengths) {
  EXPECT_EQ(refusal(post_with("Content-Length: 5\r\nContent-Length: 5\r\n", "aaaaa")), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 5\r\nContent-Length: 6\r\n", "aaaaa")), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 5, 5\r\n", "aaaaa")), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 5,\r\n", "aaaaa")), 400);
}

// CVE-2026-32239 (KJ): lengths that turned negative.
TEST(Framing, Cve2026_32239RefusesLengthsOf63BitsAndMore) {
  EXPECT_EQ(refusal(post_with("Content-Length: 9223372036854775807\r\n")), 413);
  EXPECT_EQ(refusal(post_with("Content-Length: 9223372036854775808\r\n")), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 18446744073709551615\r\n")), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 18446744073709551621\r\n")), 400);
  EXPECT_EQ(refusal(post_with("Content-Length: 99999999999999999999999\r\n")), 400);
}

TEST(Framing, PostWithoutLengthHasNoBody) {
  EXPECT_EQ(decoded(post_with("")), "head POST /? 1.1 keep [Host=h]\ncomplete \n");
}

// aiohttp CVE-2026-69243, nghttpx CVE-2026-58055: a body on the request that upgrades.
TEST(Framing, Cve2026_69243ABodyOnAnUpgradeRequestShows) {
  const auto has_body = [](std::string_view lines) {
    return decoded(get_with("Upgrade: websocket\r\nConnection: Upgrade\r\n" + std::string(lines)))
               .find(" body ") != std::string::npos;
  };
  EXPECT_TRUE(has_body("Content-Length: 5\r\n"));
  EXPECT_TRUE(has_body("Transfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(has_body("Content-Length: 0\r\n"));
  EXPECT_FALSE(has_body(""));
}

TEST(KeepAlive, Http11PersistsUnlessClosed) {
  const auto persists = [](std::string_view request) {
    return decoded(request).find(" keep ") != std::string::npos;
  };
  EXPECT_TRUE(persists(get_with("")));
  EXPECT_FALSE(persists(get_with("Connection: close\r\n")));
  EXPECT_FALSE(persists(get_with("Connection: Upgrade, CLOSE\r\n")));
  EXPECT_FALSE(persists(get_with("Connection: keep-alive\r\nConnection: close\r\n")));
  EXPECT_FALSE(persists("GET / HTTP/1.0\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(persists("GET / HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n"));
}

}  // namespace
}  // namespace naru::http
