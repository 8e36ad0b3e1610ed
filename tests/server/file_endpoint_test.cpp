// Files, and requests that no route takes.
#include "support/test_server.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace naru::test {
namespace {

namespace fs = std::filesystem;

class FileEndpoint : public ::testing::Test {
 protected:
  FileEndpoint() {
    fs::create_directories(root / "sub");
    write(root / "index.html", "<p>index");
    write(root / "sub" / "a b.js", "code");
    write(root / ".hidden", "secret");
    write(base / "outside.txt", "secret");
    fs::create_symlink(base / "outside.txt", root / "link.txt");
    fs::create_directory_symlink(base, root / "up");
    fs::create_symlink(root / "index.html", root / "inside.html");
    server.server.files("/", root.string());
    server.server.websocket("/ws", {});
    server.start();
  }
  ~FileEndpoint() override { fs::remove_all(base); }
  static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  Answer get(std::string_view target, std::string_view fields = {}) {
    return Peer(server.port).get(target, fields);
  }

  const fs::path base = fs::path(::testing::TempDir()) / ("naru-files-" + std::to_string(getpid()));
  const fs::path root = base / "root";
  TestServer server{1};
};

TEST_F(FileEndpoint, SendsFiles) {
  const Answer index = get("/");
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(index.body, "<p>index");
  EXPECT_TRUE(index.field("content-type").starts_with("text/html"));
  EXPECT_EQ(get("/sub/a%20b.js?x=y").body, "code");
  EXPECT_EQ(get("/inside.html").body, "<p>index");
}

TEST_F(FileEndpoint, AnswersHeadWithoutABody) {
  Peer peer(server.port);
  peer.ask("HEAD", "/index.html");
  EXPECT_EQ(peer.answer("HEAD").field("content-length"), "8");
  EXPECT_EQ(peer.get("/index.html").body, "<p>index");
}

TEST_F(FileEndpoint, KnowsWhatThePeerHasAlready) {
  const std::string tag = get("/index.html").field("etag");
  EXPECT_FALSE(tag.empty());
  const Answer same = get("/index.html", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  write(root / "index.html", "<p>changed");
  EXPECT_EQ(get("/index.html", "If-None-Match: " + tag + "\r\n").body, "<p>changed");
}

TEST_F(FileEndpoint, NeverLeavesItsRoot) {
  for (const char* target :
       {"/../outside.txt", "/%2e%2e/outside.txt", "/sub/../../outside.txt", "/..%2foutside.txt",
        "/link.txt", "/up/outside.txt", "/.hidden", "/sub/%00", "/sub\\..\\..\\outside.txt",
        "//outside.txt", "/nothing", "/sub"}) {
    const Answer answer = get(target);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << target << " " << answer.status;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos) << target;
  }
}

TEST_F(FileEndpoint, TakesNoOtherMethods) {
  Peer peer(server.port);
  const Answer answer = peer.post("/index.html", "x");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.field("allow"), "GET, HEAD");
}

// An upgrade where none is served is an HTTP error, on every route.
TEST_F(FileEndpoint, IsNoWebSocket) {  // CVE-2020-7693
  for (const char* target : {"/", "/index.html", "/nothing"}) {
    WebSocketPeer peer(server.port);
    EXPECT_NE(peer.open(target).status, 101) << target;
  }
}

TEST(Routes, AnswerWhatNobodyTakes) {
  TestServer server;
  server.server.websocket("/ws", {});
  server.start();
  Peer peer(server.port);
  EXPECT_EQ(peer.get("/other").status, 404);
  EXPECT_EQ(peer.post("/other", "body").status, 404);
  peer.ask("OPTIONS", "*");
  EXPECT_EQ(peer.answer().status, 404);
  const std::string large(70'000, 'x');
  Peer posting(server.port);
  EXPECT_EQ(posting.post("/other", large).status, 413);
}

TEST(Routes, AreFixedOnceTheServerRuns) {
  TestServer server;
  server.start();
  EXPECT_THROW(server.server.websocket("/late", {}), std::logic_error);
}

}  // namespace
}  // namespace naru::test
