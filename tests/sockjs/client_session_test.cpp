// SockJS 0.3.3, what a client makes of a server's frames (sockjs.md 5.1 and 9).
#include "sockjs/client_session.hpp"

#include "support/for_each_split.hpp"

#include <gtest/gtest.h>

#include <string>

namespace naru::sockjs {
namespace {

using namespace std::chrono_literals;
using What = ClientSession::What;

Instant at(Duration since) {
  return Instant{} + since;
}

// What the frames of an answer come to, a line each.
std::string lived(const std::vector<std::string>& pieces, std::size_t limit = 4096) {
  ClientSession session({}, at(0s));
  FrameLines lines(limit);
  std::string out;
  for (std::string piece : pieces) {
    for (Cursor in(piece);;) {
      const auto frame = lines.receive(in);
      if (!frame) return out + std::string(frame.error().text);
      if (!*frame) break;
      const auto what = session.receive(**frame, at(1s));
      if (!what) return out + std::string(what.error().text);
      switch (*what) {
        case What::nothing:
          break;
        case What::opened:
          out += "open\n";
          break;
        case What::messages:
          for (const std::string& message : session.messages()) out += message + "\n";
          break;
        case What::closed:
          out += std::to_string(session.code()) + " " + session.reason() + "\n";
          break;
      }
    }
  }
  if (lines.in_frame()) out += "and more";
  return out;
}

TEST(SockJsClientSession, ReadsAStreamHoweverItIsCut) {
  const std::string stream = std::string(40, 'h') +
                             "\no\nh\na[\"one\",\"\\ud55c\"]\na[]\nm\"two\"\nx\n\n"
                             "c[3000,\"Go away!\"]\na[\"late\"]\nh";
  EXPECT_EQ(lived({stream}), "open\none\n한\ntwo\n3000 Go away!\nand more");
  test::for_each_split(stream, [](const auto& pieces) { return lived(pieces); });
}

TEST(SockJsClientSession, RefusesWhatIsNoSockJs) {
  EXPECT_EQ(lived({"<html>\n"}), "a frame before the session is open");
  EXPECT_EQ(lived({"a[\"x\"]\n"}), "a frame before the session is open");
  EXPECT_EQ(lived({"\n"}), "a frame before the session is open");
  EXPECT_EQ(lived({"o\no\n"}), "open\na session that is opened again");
  EXPECT_EQ(lived({"o\na[1]\n"}), "open\nBroken JSON encoding.");
  EXPECT_EQ(lived({"o\na[\"x\n"}), "open\nBroken JSON encoding.");
  for (const char* frame : {"c", "c[]", "c[3000]", "c[\"x\",\"y\"]", "c[3000,x]", "c[70000,\"\"]",
                            "c3000,\"x\"", "c[3000,\"x\""}) {
    EXPECT_EQ(lived({"o\n" + std::string(frame) + "\n"}), "open\na malformed close frame") << frame;
  }
}

TEST(SockJsClientSession, MayBeClosedBeforeItIsOpen) {
  EXPECT_EQ(lived({"c[1002,\"\"]\no\n"}), "1002 \n");
}

TEST(SockJsClientSession, HoldsNoMoreThanItsLimits) {
  const std::string frame = "a[\"" + std::string(60, 'x') + "\"]\n";
  EXPECT_EQ(lived({"o\n" + frame}, 65), "open\n" + std::string(60, 'x') + "\n");
  EXPECT_EQ(lived({"o\n" + frame}, 64), "open\na frame above the limit");
  EXPECT_EQ(lived({"o\n" + frame.substr(0, 40), frame.substr(40)}, 64),
            "open\na frame above the limit");
  EXPECT_EQ(lived({"o\n" + frame.substr(0, 65)}, 64), "open\na frame above the limit");
  ClientSession session({.limits = {.messages = 2}}, at(0s));
  EXPECT_EQ(*session.receive("o", at(0s)), What::opened);
  EXPECT_EQ(session.receive(R"(a["1","2","3"])", at(0s)).error().code, Errc::too_many);
}

TEST(SockJsClientSession, WatchesOverTheHeartbeat) {
  ClientSession session({.open_timeout = 5s, .silence = 60s}, at(0s));
  EXPECT_EQ(session.deadline(), at(5s));
  EXPECT_EQ(*session.receive("hhhh", at(4s)), What::nothing);
  EXPECT_EQ(session.deadline(), at(5s)) << "buffers that are filled are no session";
  EXPECT_FALSE(session.open());
  EXPECT_EQ(*session.receive("o", at(4s)), What::opened);
  EXPECT_TRUE(session.open());
  EXPECT_EQ(session.deadline(), at(64s));
  EXPECT_EQ(*session.receive("h", at(25s)), What::nothing);
  EXPECT_EQ(session.deadline(), at(85s));
  EXPECT_EQ(*session.receive("c[1000,\"\"]", at(26s)), What::closed);
  EXPECT_EQ(session.deadline(), kNever);
  ClientSession unwatched({.silence = 0s}, at(0s));
  EXPECT_EQ(*unwatched.receive("o", at(0s)), What::opened);
  EXPECT_EQ(unwatched.deadline(), kNever);
}

}  // namespace
}  // namespace naru::sockjs
