#include "naru/json.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace naru {
namespace {

struct Written {
  std::string text;
  std::vector<std::string> attachments;
};

template <class Write>
Written written(Write write) {
  Written out;
  JsonWriter writer(out.text, out.attachments);
  write(writer);
  return out;
}

TEST(JsonWriter, PutsCommasItself) {
  const auto out = written([](JsonWriter& writer) {
    writer.begin_array();
    writer.string("say");
    writer.begin_object();
    writer.key("a");
    writer.begin_array();
    writer.end_array();
    writer.key("b\"");
    writer.boolean(true);
    writer.key("c");
    writer.begin_object();
    writer.end_object();
    writer.end_object();
    writer.null();
    writer.raw("[1,2]");
    writer.number(0.5);
    writer.end_array();
  });
  EXPECT_EQ(out.text, R"(["say",{"a":[],"b\"":true,"c":{}},null,[1,2],0.5])");
}

TEST(JsonWriter, WritesTheExtremesOfIntegers) {
  const auto out = written([](JsonWriter& writer) {
    writer.begin_array();
    writer.integer(std::numeric_limits<std::int64_t>::min());
    writer.unsigned_integer(std::numeric_limits<std::uint64_t>::max());
    writer.end_array();
  });
  EXPECT_EQ(out.text, "[-9223372036854775808,18446744073709551615]");
}

TEST(JsonWriter, NumbersPlaceholdersInOrder) {
  const auto out = written([](JsonWriter& writer) {
    writer.begin_array();
    writer.binary(as_bytes("one"));
    writer.binary(as_bytes("two"));
    writer.end_array();
  });
  EXPECT_EQ(out.text, R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  EXPECT_EQ(out.attachments, (std::vector<std::string>{"one", "two"}));
}

TEST(JsonWriter, WritesAViewAsItCame) {
  const auto out = written([](JsonWriter& writer) {
    writer.begin_array();
    json_write(writer, JsonView{R"({"a": 1.0})"});
    json_write(writer,
               JsonView{R"({"_placeholder":true,"num":0})"});  // nothing attached: mere text
    writer.end_array();
  });
  EXPECT_EQ(out.text, R"([{"a": 1.0},{"_placeholder":true,"num":0}])");
}

TEST(JsonWriter, RenumbersTheAttachmentsOfAView) {
  const std::vector<std::string> attachments{"zero", "one"};
  const auto out = written([&](JsonWriter& writer) {
    writer.begin_array();
    writer.binary(as_bytes("mine"));
    json_write(writer, JsonView{R"({"b":{"num":1,"_placeholder":true},"c":2})", attachments});
    json_write(writer, JsonView{R"({"_placeholder":true,"num":0})", attachments});
    json_write(writer, JsonView{"3", attachments});
    writer.end_array();
  });
  EXPECT_EQ(out.text, R"([{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1},"c":2},)"
                      R"({"_placeholder":true,"num":2},3])");
  EXPECT_EQ(out.attachments, (std::vector<std::string>{"mine", "one", "zero"}));
}

TEST(JsonWriter, TakesTheOuterOfTwoPlaceholders) {
  const std::vector<std::string> attachments{"zero", "one"};
  const auto out = written([&](JsonWriter& writer) {
    const std::string_view text =
        R"([{"_placeholder":true,"num":1,"in":{"_placeholder":true,"num":0}},4])";
    json_write(writer, JsonView{text, attachments});
  });
  EXPECT_EQ(out.text, R"([{"_placeholder":true,"num":0},4])");
  EXPECT_EQ(out.attachments, std::vector<std::string>{"one"});
}

TEST(JsonWrite, TakesTheUsualTypes) {
  const auto out = written([](JsonWriter& writer) {
    writer.begin_array();
    json_write(writer, 1);
    json_write(writer, 2U);
    json_write(writer, true);
    json_write(writer, 1.5F);
    json_write(writer, "literal");
    json_write(writer, std::string("text"));
    json_write(writer, std::string_view("view"));
    json_write(writer, nullptr);
    json_write(writer, std::optional<int>());
    json_write(writer, std::vector<std::string>{"a", "b"});
    json_write(writer, std::map<std::string, int>{{"k", 1}});
    writer.end_array();
  });
  EXPECT_EQ(out.text, R"([1,2,true,1.5,"literal","text","view",null,null,["a","b"],{"k":1}])");
}

}  // namespace
}  // namespace naru
