// The browser client's bundle under the path (socketio.md 5).
#include "support/test_server.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace naru::test {
namespace {

namespace fs = std::filesystem;

class ClientFiles : public ::testing::Test {
 protected:
  ClientFiles() {
    std::string pattern = (fs::temp_directory_path() / "naru-client-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~ClientFiles() override { fs::remove_all(directory); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory / name, std::ios::binary) << text;
  }
  void start() {
    server.server.socketio("/socket.io/", {.transport = {.cors = {.origins = {"*"}}},
                                           .client_directory = directory.string()});
    server.start();
  }
  Answer get(const std::string& file, std::string_view fields = {}) {
    return Peer(server.port).get("/socket.io/" + file, fields);
  }

  fs::path directory;
  TestServer server;
};

TEST_F(ClientFiles, AreServedBesideTheEngine) {
  write("socket.io.js", "var io;");
  write("socket.io.js.map", "{}");
  write("secret.txt", "not for you");
  start();
  const Answer script = get("socket.io.js?v=1");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.body, "var io;");
  EXPECT_EQ(script.field("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script.field("cache-control"), "public, max-age=0");
  EXPECT_EQ(script.field("access-control-allow-origin"), "*");
  EXPECT_EQ(get("socket.io.js.map").field("content-type"), "application/json; charset=utf-8");
  // What is not of the bundle is the engine's.
  for (const char* other : {"secret.txt", "socket.io.min.js", "socket.io.js/", "SOCKET.IO.JS"}) {
    EXPECT_EQ(get(other).body, R"({"code":0,"message":"Transport unknown"})") << other;
  }
  EXPECT_EQ(get("?EIO=4&transport=polling").status, 200);
}

TEST_F(ClientFiles, AreSentOnceAndCompressed) {
  const std::string text(10'000, 'x');
  write("socket.io.js", text);
  start();
  const Answer plain = get("socket.io.js");
  const std::string tag = plain.field("etag");
  ASSERT_FALSE(tag.empty());
  EXPECT_EQ(get("socket.io.js", "If-None-Match: " + tag + "\r\n").status, 304);
  EXPECT_EQ(get("socket.io.js", "If-None-Match: W/" + tag + "\r\n").status, 304);
  EXPECT_EQ(get("socket.io.js", "If-None-Match: \"4.8.3\"\r\n").body, text);
  const Answer gzip = get("socket.io.js", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(gzip.field("content-encoding"), "gzip");
  EXPECT_EQ(gzip.field("vary"), "Accept-Encoding");
  EXPECT_LT(gzip.body.size(), 200U);
  EXPECT_NE(gzip.field("etag"), tag);
}

TEST_F(ClientFiles, AreMissedAtTheStart) {
  EXPECT_THROW(start(), std::invalid_argument);
}

}  // namespace
}  // namespace naru::test
