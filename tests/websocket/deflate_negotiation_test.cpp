#include "websocket/deflate_negotiation.hpp"

#include <gtest/gtest.h>

#include <string>

// RFC 7692 section 7.1, both roles.

namespace naru::websocket {
namespace {

using Mode = DeflateConfig::Mode;

DeflateConfig config(Mode mode, int window_bits = 15) {
  return {.mode = mode, .window_bits = window_bits};
}
const DeflateConfig kDedicated = config(Mode::dedicated);
const DeflateConfig kShared = config(Mode::shared);

std::string describe(const DeflateAgreement& agreed) {
  return std::to_string(agreed.own_window_bits) + (agreed.own_context ? "+" : "-") + " " +
         std::to_string(agreed.peer_window_bits) + (agreed.peer_context ? "+" : "-");
}

// What the server says to an offer: its answer and "own window, context, peer window, context".
std::string answered(std::string_view offer, const DeflateConfig& config) {
  const auto offers = parse_extensions(offer);
  if (!offers) return "malformed";
  const auto answer = answer_deflate(*offers, config);
  return answer ? answer->answer + " | " + describe(answer->agreement) : "declined";
}

const std::string kNoContexts =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(AnswerDeflate, AcceptsAPlainOffer) {
  EXPECT_EQ(answered("permessage-deflate", kDedicated), "permessage-deflate | 15+ 15+");
  EXPECT_EQ(answered("permessage-deflate", kShared), kNoContexts + " | 15- 15-");
}

TEST(AnswerDeflate, DeclinesWhatItDoesNotKnow) {
  EXPECT_EQ(answered("", kDedicated), "declined");
  EXPECT_EQ(answered("x-webkit-deflate-frame", kDedicated), "declined");
  EXPECT_EQ(answered("permessage-deflate", config(Mode::off)), "declined");
  EXPECT_EQ(answered("permessage-deflate; unknown", kDedicated), "declined");
  EXPECT_EQ(answered("permessage-deflate; unknown=1", kDedicated), "declined");
  EXPECT_EQ(answered("Permessage-Deflate", kDedicated), "declined");
}

TEST(AnswerDeflate, DeclinesInvalidValues) {
  for (const char* parameter :
       {"server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16",
        "server_max_window_bits=08", "server_max_window_bits=0", "server_max_window_bits=-8",
        "server_max_window_bits=8.0", "server_max_window_bits=+8", "server_max_window_bits=100",
        "server_max_window_bits=1a", "server_max_window_bits=4294967304",
        "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=08",
        "server_no_context_takeover=1", "client_no_context_takeover=true",
        "server_no_context_takeover=0"}) {
    EXPECT_EQ(answered("permessage-deflate; " + std::string(parameter), kDedicated), "declined")
        << parameter;
  }
}

TEST(AnswerDeflate, DeclinesDuplicateParameters) {
  for (const char* parameter :
       {"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits",
        "client_max_window_bits=10", "server_max_window_bits=10"}) {
    const std::string offer = "permessage-deflate; " + std::string(parameter);
    EXPECT_NE(answered(offer, kDedicated), "declined") << parameter;
    EXPECT_EQ(answered(offer + "; " + parameter, kDedicated), "declined") << parameter;
  }
  EXPECT_EQ(
      answered("permessage-deflate; client_max_window_bits; client_max_window_bits=10", kDedicated),
      "declined");
}

TEST(AnswerDeflate, TakesTheFirstAcceptableOffer) {
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=7, "
                     "permessage-deflate; unknown, x-other, "
                     "permessage-deflate; server_max_window_bits=10, permessage-deflate",
                     kDedicated),
            "permessage-deflate; server_max_window_bits=10 | 10+ 15+");
}

TEST(AnswerDeflate, TakesQuotedValuesForTokens) {
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=\"10\"", kDedicated),
            "permessage-deflate; server_max_window_bits=10 | 10+ 15+");
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=\"1\\0\"", kDedicated),
            "permessage-deflate; server_max_window_bits=10 | 10+ 15+");
}

// uWebSockets neither echoes nor honours it with a dedicated compressor.
TEST(AnswerDeflate, EchoesServerNoContextTakeover) {
  EXPECT_EQ(answered("permessage-deflate; server_no_context_takeover", kDedicated),
            "permessage-deflate; server_no_context_takeover | 15- 15+");
}

TEST(AnswerDeflate, TakesTheHintOfClientNoContextTakeover) {
  EXPECT_EQ(answered("permessage-deflate; client_no_context_takeover", kDedicated),
            "permessage-deflate; client_no_context_takeover | 15+ 15-");
}

// The table of client_max_window_bits: ours unlimited or 10; the offer absent, without value, v.
TEST(AnswerDeflate, AnswersClientWindow) {
  const DeflateConfig ten = config(Mode::dedicated, 10);
  EXPECT_EQ(answered("permessage-deflate; client_max_window_bits", kDedicated),
            "permessage-deflate | 15+ 15+");
  EXPECT_EQ(answered("permessage-deflate; client_max_window_bits=12", kDedicated),
            "permessage-deflate; client_max_window_bits=12 | 15+ 12+");
  EXPECT_EQ(answered("permessage-deflate; client_max_window_bits", ten),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10 | 10+ 10+");
  EXPECT_EQ(answered("permessage-deflate; client_max_window_bits=12", ten),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10 | 10+ 10+");
  EXPECT_EQ(answered("permessage-deflate; client_max_window_bits=8", ten),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=8 | 10+ 8+");
  // It must not be answered when it was not offered: no context bounds the memory instead.
  EXPECT_EQ(answered("permessage-deflate", ten),
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=10 | 10+ 15-");
}

TEST(AnswerDeflate, AnswersServerWindow) {
  const DeflateConfig ten = config(Mode::dedicated, 10);
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=12", kDedicated),
            "permessage-deflate; server_max_window_bits=12 | 12+ 15+");
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=15", kDedicated),
            "permessage-deflate; server_max_window_bits=15 | 15+ 15+");
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=12; client_max_window_bits", ten),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10 | 10+ 10+");
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=9; client_max_window_bits", ten),
            "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10 | 9+ 10+");
}

// uWebSockets, Beast and websocketpp answer 9, which is more than was offered.
TEST(AnswerDeflate, AnswersEightWithEight) {
  EXPECT_EQ(answered("permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
                     kDedicated),
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8 | 8+ 8+");
}

// The client's side.

std::string judged(std::string_view answer, const DeflateConfig& config) {
  const auto extensions = parse_extensions(answer);
  if (!extensions) return "malformed";
  const auto agreed = judge_deflate(*extensions, config);
  if (!agreed) {
    EXPECT_EQ(agreed.error().code, Errc::protocol_error);
    return "refused";
  }
  return *agreed ? describe(**agreed) : "none";
}

TEST(OfferDeflate, IsPlainUnlessMoreIsWanted) {
  EXPECT_EQ(offer_deflate(config(Mode::off)), "");
  EXPECT_EQ(offer_deflate(kDedicated), "permessage-deflate");
  EXPECT_EQ(offer_deflate(kShared), kNoContexts);
  EXPECT_EQ(offer_deflate(config(Mode::dedicated, 10)),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10");
}

TEST(OfferDeflate, LetsTheServerAskForASmallerWindowByChoice) {
  const DeflateConfig offering{.mode = Mode::dedicated, .offer_window = true};
  EXPECT_EQ(offer_deflate(offering), "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(judged("permessage-deflate; client_max_window_bits=9", offering), "9+ 15+");
  EXPECT_EQ(judged("permessage-deflate; client_max_window_bits", offering), "refused");
  EXPECT_EQ(judged("permessage-deflate; client_max_window_bits=9", kDedicated), "refused");
}

TEST(JudgeDeflate, AcceptsWhatTheRfcAllows) {
  EXPECT_EQ(judged("", kDedicated), "none");
  EXPECT_EQ(judged("permessage-deflate", kDedicated), "15+ 15+");
  EXPECT_EQ(judged("permessage-deflate; server_no_context_takeover", kDedicated), "15+ 15-");
  EXPECT_EQ(judged("permessage-deflate; client_no_context_takeover", kDedicated), "15- 15+");
  // Unasked, the server may bind itself (coder/websocket#443, libsoup#166 refused it).
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=9", kDedicated), "15+ 9+");
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=\"8\"", kDedicated), "15+ 8+");
  EXPECT_EQ(judged(kNoContexts, kShared), "15- 15-");
  EXPECT_EQ(judged("permessage-deflate; server_no_context_takeover", kShared), "15- 15-");
  const DeflateConfig ten = config(Mode::dedicated, 10);
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=9; client_max_window_bits=8", ten),
            "8+ 9+");
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=10", ten), "10+ 10+");
}

TEST(JudgeDeflate, RefusesWhatWasNotOffered) {
  EXPECT_EQ(judged("permessage-deflate", config(Mode::off)), "refused");
  EXPECT_EQ(judged("x-webkit-deflate-frame", kDedicated), "refused");
  EXPECT_EQ(judged("permessage-deflate; client_max_window_bits=15", kDedicated), "refused");
  EXPECT_EQ(judged("permessage-deflate; client_max_window_bits=10", kDedicated), "refused");
}

// lws b0073c76d: twice in one answer overflowed an array.
TEST(JudgeDeflate, RefusesItTwice) {
  EXPECT_EQ(judged("permessage-deflate, permessage-deflate", kDedicated), "refused");
  EXPECT_EQ(judged("permessage-deflate, x-other", kDedicated), "refused");
}

TEST(JudgeDeflate, RefusesInvalidParameters) {
  for (const char* parameter :
       {"unknown", "server_no_context_takeover=1", "client_no_context_takeover=1",
        "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16",
        "server_max_window_bits=010", "client_max_window_bits",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=9; server_max_window_bits=9"}) {
    EXPECT_EQ(judged("permessage-deflate; " + std::string(parameter), kDedicated), "refused")
        << parameter;
  }
}

// undici CVE-2026-2229: an invalid server_max_window_bits ended the process.
TEST(JudgeDeflate, RefusesAnAnswerBeyondTheOffer) {
  const DeflateConfig ten = config(Mode::dedicated, 10);
  EXPECT_EQ(judged("permessage-deflate", ten), "refused");
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=11", ten), "refused");
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=9999999999", ten), "refused");
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=18446744073709551624", ten),
            "refused");
  EXPECT_EQ(judged("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11", ten),
            "refused");
  EXPECT_EQ(judged("permessage-deflate", kShared), "refused");
  EXPECT_EQ(judged("permessage-deflate; client_no_context_takeover", kShared), "refused");
}

// What we answer, we accept, whatever both sides want.
TEST(Deflate, OurRolesAgree) {
  for (const Mode client_mode : {Mode::shared, Mode::dedicated}) {
    for (const Mode server_mode : {Mode::shared, Mode::dedicated}) {
      for (int client_bits = 8; client_bits <= 15; ++client_bits) {
        for (int server_bits = 8; server_bits <= 15; ++server_bits) {
          const DeflateConfig client = config(client_mode, client_bits);
          const std::string offer = offer_deflate(client);
          const auto answer =
              answer_deflate(*parse_extensions(offer), config(server_mode, server_bits));
          ASSERT_TRUE(answer);
          const auto agreed = judge_deflate(*parse_extensions(answer->answer), client);
          ASSERT_TRUE(agreed && *agreed) << offer << " / " << answer->answer;
          const DeflateAgreement& theirs = answer->agreement;
          const DeflateAgreement& ours = **agreed;
          EXPECT_LE(ours.own_window_bits, theirs.peer_window_bits);
          EXPECT_LE(theirs.own_window_bits, ours.peer_window_bits);
          EXPECT_LE(ours.own_context, theirs.peer_context);
          EXPECT_LE(theirs.own_context, ours.peer_context);
        }
      }
    }
  }
}

}  // namespace
}  // namespace naru::websocket
