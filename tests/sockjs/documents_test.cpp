// Info, the page for frames, and the beginning of htmlfile (sockjs.md 3, 6.5, 6.6).
#include "sockjs/documents.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::sockjs {
namespace {

TEST(SockJsInfo, SaysWhatClientsAskFor) {
  EXPECT_EQ(info_document({.websocket = true, .cookie_needed = false, .entropy = 4294967295}),
            R"({"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":4294967295})");
  EXPECT_EQ(info_document({.websocket = false, .cookie_needed = true, .entropy = 0}),
            R"({"websocket":false,"origins":["*:*"],"cookie_needed":true,"entropy":0})");
}

TEST(SockJsIframe, NamesTheScript) {
  const std::string page = iframe_page("/sockjs.min.js");
  EXPECT_NE(page.find("  <script src=\"/sockjs.min.js\"></script>\n  <script>\n"),
            std::string::npos);
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n<html>\n<head>\n  <meta http-equiv=\"X-UA"));
  EXPECT_TRUE(page.ends_with("</p>\n</body>\n</html>"));
}

TEST(SockJsIframe, HasATagOfItsOwn) {
  EXPECT_EQ(entity_tag("a").size(), 42U);
  EXPECT_EQ(entity_tag("abc"), "\"a9993e364706816aba3e25717850c26c9cd0d89d\"");
  EXPECT_NE(entity_tag(iframe_page("/a.js")), entity_tag(iframe_page("/b.js")));
}

TEST(SockJsIframe, TakesNoScriptThatWouldLeaveItsQuotes) {
  EXPECT_TRUE(is_client_url("/sockjs.js"));
  EXPECT_TRUE(is_client_url("https://cdn.example.org/sockjs-client@1/sockjs.min.js"));
  for (const char* url : {"", "sockjs.js", "javascript:x", "/a\"b", "/a<b", "/a b", "/a\nb"}) {
    EXPECT_FALSE(is_client_url(url)) << url;
  }
}

TEST(SockJsHtmlFile, BeginsWithMoreThanBrowsersWaitFor) {
  const std::string head = htmlfile_head("_jp.abc");
  EXPECT_GT(head.size(), 1024U);
  EXPECT_TRUE(head.ends_with(" \r\n\r\n"));
  EXPECT_NE(head.find("    var c = parent._jp.abc;\n    c.start();\n"), std::string::npos);
}

// CVE-2020-8823, and sockjs-tornado's two incomplete fixes.
TEST(SockJsCallback, IsANameAndNothingElse) {
  for (const char* name : {"callback", "_jp.a1b2c3", "a-b", "A.b_9"}) {
    EXPECT_TRUE(is_callback(name)) << name;
  }
  for (const char* name :
       {"", "alert(1)", "a b", "*", "(", "a;b", "</script>", "a'b", "a\"b", "a\\b", "a\nb",
        "a\xe2\x80\xa8"
        "b",
        "\xc3\xa9", "a[0]", "a`b", "a%28b", "a/b", "a=b"}) {
    EXPECT_FALSE(is_callback(name)) << name;
  }
  EXPECT_TRUE(is_callback(std::string(kCallbackBytes, 'a')));
  EXPECT_FALSE(is_callback(std::string(kCallbackBytes + 1, 'a')));
}

}  // namespace
}  // namespace naru::sockjs
