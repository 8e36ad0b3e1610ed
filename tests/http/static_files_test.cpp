#include "http/static_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace naru::http {
namespace {

File file() {
  return {std::make_shared<const std::string>("hello"), "\"4.8.3\""};
}

Request request(std::string_view method, std::string_view if_none_match = {}) {
  Request out;
  out.method = method;
  if (!if_none_match.empty()) out.fields.push_back({"If-None-Match", if_none_match});
  return out;
}

std::string field(const Response& response, std::string_view name) {
  for (const auto& [field, value] : response.fields) {
    if (iequals(field, name)) return value;
  }
  return {};
}

TEST(ContentType, ComesFromTheExtension) {
  EXPECT_EQ(content_type("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(content_type("a/b.min.JS"), "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type("a.js.map"), "application/json; charset=utf-8");
  EXPECT_EQ(content_type("a.css/b"), "application/octet-stream");
  EXPECT_EQ(content_type("a"), "application/octet-stream");
  EXPECT_EQ(content_type("a."), "application/octet-stream");
  EXPECT_EQ(content_type(""), "application/octet-stream");
}

TEST(RelativePath, DecodesAndAddsTheIndex) {
  EXPECT_EQ(relative_path("/"), "index.html");
  EXPECT_EQ(relative_path("/a/"), "a/index.html");
  EXPECT_EQ(relative_path("/a/b%20c.txt"), "a/b c.txt");
  EXPECT_EQ(relative_path("/a..b/c.d"), "a..b/c.d");
}

TEST(RelativePath, RefusesWhatCouldLeaveTheRoot) {
  for (const char* path : {"",      "a",         "/..",     "/../a",  "/a/../b", "/a/..", "/.",
                           "/./a",  "/%2e%2e/a", "/.%2E/a", "/.git",  "/a/.env", "//a",   "/a//b",
                           "/a\\b", "/a%5cb",    "/..%5ca", "/a%2fb", "/..%2fa", "/%2f",  "/a%00",
                           "/a%0a", "/a%7f",     "/%",      "/%zz",   "/c:",     "*"}) {
    EXPECT_EQ(relative_path(path), std::nullopt) << path;
  }
}

TEST(AnswerFile, SendsTheFile) {
  const File found = file();
  const Response response = answer_file(request("GET"), "a.js", &found);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.shared_body, found.bytes);
  EXPECT_EQ(field(response, "ETag"), "\"4.8.3\"");
  EXPECT_EQ(field(response, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(answer_file(request("HEAD"), "a.js", &found).status, 200);
}

TEST(AnswerFile, Is304WhenTheTagIsNamed) {
  const File found = file();
  for (const char* tags : {"\"4.8.3\"", "W/\"4.8.3\"", "*", "\"x\", W/\"4.8.3\""}) {
    const Response response = answer_file(request("GET", tags), "a.js", &found);
    EXPECT_EQ(response.status, 304) << tags;
    EXPECT_EQ(field(response, "ETag"), "\"4.8.3\"") << tags;
    EXPECT_EQ(response.shared_body, nullptr) << tags;
  }
  for (const char* tags : {"\"4.8.2\"", "4.8.3", "W/"}) {
    EXPECT_EQ(answer_file(request("GET", tags), "a.js", &found).status, 200) << tags;
  }
}

TEST(AnswerFile, Is404WithoutAFile) {
  EXPECT_EQ(answer_file(request("GET"), "a.js", nullptr).status, 404);
}

TEST(AnswerFile, Is405WithAllowForOtherMethods) {
  const File found = file();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const Response response = answer_file(request(method), "a.js", &found);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(field(response, "Allow"), "GET, HEAD") << method;
  }
}

}  // namespace
}  // namespace naru::http
