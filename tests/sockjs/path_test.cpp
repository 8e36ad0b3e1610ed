// Which paths are whose (sockjs.md 1).
#include "sockjs/path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::sockjs {
namespace {

TEST(SockJsPath, KnowsWhatHasNoSession) {
  EXPECT_EQ(parse_path("").resource, Resource::greeting);
  EXPECT_EQ(parse_path("/").resource, Resource::greeting);
  EXPECT_EQ(parse_path("/info").resource, Resource::info);
  EXPECT_EQ(parse_path("/info/").resource, Resource::info);
  EXPECT_EQ(parse_path("/websocket").resource, Resource::raw_websocket);
  for (const char* path : {"/iframe.html", "/iframe-.html", "/iframe-0.1.2abc-dirty.2144.html"}) {
    EXPECT_EQ(parse_path(path).resource, Resource::iframe) << path;
  }
}

TEST(SockJsPath, KnowsWhatBelongsToASession) {
  const Path path = parse_path("/000/k3_-%20x/xhr_send");
  EXPECT_EQ(path.resource, Resource::xhr_send);
  EXPECT_EQ(path.session, "k3_-%20x");
  EXPECT_EQ(parse_path("/a/b/websocket").resource, Resource::websocket);
  EXPECT_EQ(parse_path("/a/b/xhr/").resource, Resource::xhr);
  EXPECT_EQ(parse_path("/a/b/xhr_streaming").resource, Resource::xhr_streaming);
  EXPECT_EQ(parse_path("/a/b/eventsource").resource, Resource::eventsource);
  EXPECT_EQ(parse_path("/a/b/htmlfile").resource, Resource::htmlfile);
  EXPECT_EQ(parse_path("/a/b/jsonp").resource, Resource::jsonp);
  EXPECT_EQ(parse_path("/a/b/jsonp_send").resource, Resource::jsonp_send);
}

TEST(SockJsPath, KnowsNothingElse) {
  for (const char* path : {"/a",           "/a.html",        "//",
                           "///",          "/a/a",           "/a/a/",
                           "/a/",          "/iframe.htm",    "/iframe",
                           "/IFRAME.HTML", "/IFRAME",        "/iframe.HTML",
                           "/iframe.xml",  "/iframe-/.html", "/iframe;x.html",
                           "///xhr",       "/a./a/xhr",      "/a/a./xhr",
                           "/././xhr",     "//xhr",          "////xhr",
                           "/a/b/c/xhr",   "/a/b/xhr//",     "/a/b/XHR",
                           "/a/b/",        "/a//xhr",        "//b/xhr",
                           "/a/b/xhr;x=y", "/info;x=y",      "/websocket2",
                           "/../a/xhr"}) {
    EXPECT_EQ(parse_path(path).resource, Resource::none) << path;
  }
}

TEST(SockJsPath, BoundsTheNameOfASession) {
  const std::string name(kSessionBytes, 'x');
  EXPECT_EQ(parse_path("/0/" + name + "/xhr").resource, Resource::xhr);
  EXPECT_EQ(parse_path("/0/" + name + "x/xhr").resource, Resource::none);
}

}  // namespace
}  // namespace naru::sockjs
