#if __has_include(<nlohmann/json.hpp>)

#include "naru/nlohmann.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace naru {
namespace {

TEST(Nlohmann, ReadsWhatComesIn) {
  const std::vector<std::string> attachments{"bytes"};
  const auto value = json_cast<nlohmann::json>(
      {R"({"a":[1,-2,1.5,null,true,"é"],"b":{"num":0,"_placeholder":true}})", attachments});
  ASSERT_TRUE(value);
  EXPECT_EQ((*value)["a"], nlohmann::json::parse(R"([1,-2,1.5,null,true,"é"])"));
  const auto& binary = (*value)["b"].get_binary();
  EXPECT_EQ(std::string(binary.begin(), binary.end()), "bytes");
}

TEST(Nlohmann, WritesWhatGoesOut) {
  std::string text;
  std::vector<std::string> attachments;
  JsonWriter out(text, attachments);
  nlohmann::ordered_json value{{"z", {1, -2, 1.5, nullptr, true}}, {"a", "é\n"}};
  value["u"] = 18446744073709551615U;
  value["b"] = nlohmann::ordered_json::binary({1, 2});
  json_write(out, value);
  EXPECT_EQ(
      text,
      R"({"z":[1,-2,1.5,null,true],"a":"é\n","u":18446744073709551615,"b":{"_placeholder":true,"num":0}})");
  EXPECT_EQ(attachments, std::vector<std::string>{"\1\2"});
}

TEST(Nlohmann, RefusesWhatIsNotJson) {
  EXPECT_FALSE(json_cast<nlohmann::json>({"{"}));
  EXPECT_FALSE(json_cast<nlohmann::json>({"1e999"}));
  const std::vector<std::string> one{"bytes"};
  EXPECT_FALSE(json_cast<nlohmann::json>({R"([{"_placeholder":true,"num":1}])", one}));
}

TEST(Nlohmann, TakesDeepNestingWithoutRecursion) {
  const std::vector<std::string> one{"bytes"};
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_TRUE(json_cast<nlohmann::json>({deep, one}));
}

}  // namespace
}  // namespace naru

#endif
