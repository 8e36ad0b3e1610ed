// socketio.md 1.10, the CORS table.
#include "http/cors.hpp"

#include <gtest/gtest.h>

namespace naru::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Request from(std::string_view origin) {
  Request request;
  request.method = "GET";
  if (!origin.empty()) request.fields.push_back({"Origin", origin});
  return request;
}

Fields cors(const CorsPolicy& policy, const Request& request) {
  Response response;
  add_cors(policy, request, response);
  return response.fields;
}

// CVE-2020-28481 (socket.io): open by default.
TEST(Cors, Cve2020_28481SendsNothingUnlessConfigured) {
  EXPECT_TRUE(cors({}, from("http://a")).empty());
  CorsPolicy policy;
  policy.credentials = true;
  policy.exposed_headers = {"X"};
  EXPECT_TRUE(cors(policy, from("http://a")).empty());
  EXPECT_TRUE(preflight({}, from("http://a")).fields.empty());
}

TEST(Cors, StarAllowsEveryOriginWithoutVary) {
  CorsPolicy policy;
  policy.origins = {"*"};
  EXPECT_EQ(cors(policy, from("http://a")), (Fields{{"Access-Control-Allow-Origin", "*"}}));
  EXPECT_EQ(cors(policy, from("")), (Fields{{"Access-Control-Allow-Origin", "*"}}));
}

TEST(Cors, EchoesAnOriginOfTheList) {
  CorsPolicy policy;
  policy.origins = {"http://a", "http://b"};
  EXPECT_EQ(cors(policy, from("http://b")),
            (Fields{{"Vary", "Origin"}, {"Access-Control-Allow-Origin", "http://b"}}));
}

TEST(Cors, VariesWithoutAMatchToo) {
  CorsPolicy policy;
  policy.origins = {"http://a"};
  EXPECT_EQ(cors(policy, from("http://b")), (Fields{{"Vary", "Origin"}}));
  EXPECT_EQ(cors(policy, from("")), (Fields{{"Vary", "Origin"}}));
  EXPECT_EQ(cors(policy, from("http://a.evil")), (Fields{{"Vary", "Origin"}}));
}

TEST(Cors, StarAmongOthersIsNoOrigin) {
  CorsPolicy policy;
  policy.origins = {"*", "http://a"};
  EXPECT_EQ(cors(policy, from("*")), (Fields{{"Vary", "Origin"}}));
  EXPECT_EQ(cors(policy, from("http://b")), (Fields{{"Vary", "Origin"}}));
}

TEST(Cors, SendsCredentialsAndExposedHeaders) {
  CorsPolicy policy;
  policy.origins = {"http://a"};
  policy.credentials = true;
  policy.exposed_headers = {"X-A", "X-B"};
  EXPECT_EQ(cors(policy, from("http://a")), (Fields{{"Vary", "Origin"},
                                                    {"Access-Control-Allow-Origin", "http://a"},
                                                    {"Access-Control-Allow-Credentials", "true"},
                                                    {"Access-Control-Expose-Headers", "X-A,X-B"}}));
}

TEST(Cors, JoinsVaryThatIsThere) {
  CorsPolicy policy;
  policy.origins = {"http://a"};
  Response response;
  response.add("vary", "Accept");
  response.add("Vary", "Accept-Encoding");
  add_cors(policy, from(""), response);
  EXPECT_EQ(response.fields, (Fields{{"Vary", "Accept, Accept-Encoding, Origin"}}));
  add_cors(policy, from(""), response);
  EXPECT_EQ(response.fields, (Fields{{"Vary", "Accept, Accept-Encoding, Origin"}}));
}

TEST(Preflight, Is204WithMethodsAndEchoedHeaders) {
  CorsPolicy policy;
  policy.origins = {"http://a"};
  Request request = from("http://a");
  request.method = "OPTIONS";
  request.fields.push_back({"Access-Control-Request-Headers", "x-one,x-two"});
  const Response response = preflight(policy, request);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.fields,
            (Fields{{"Access-Control-Allow-Origin", "http://a"},
                    {"Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"},
                    {"Vary", "Origin, Access-Control-Request-Headers"},
                    {"Access-Control-Allow-Headers", "x-one,x-two"}}));
}

TEST(Preflight, SendsConfiguredHeadersAndAge) {
  CorsPolicy policy;
  policy.origins = {"*"};
  policy.allowed_headers = {"X-A", "X-B"};
  policy.methods = "GET";
  policy.max_age_seconds = 600;
  EXPECT_EQ(preflight(policy, from("http://a")).fields,
            (Fields{{"Access-Control-Allow-Origin", "*"},
                    {"Access-Control-Allow-Methods", "GET"},
                    {"Access-Control-Allow-Headers", "X-A,X-B"},
                    {"Access-Control-Max-Age", "600"}}));
}

}  // namespace
}  // namespace naru::http
