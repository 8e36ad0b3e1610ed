#include "json/number.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace naru::json {
namespace {

std::string written(double value) {
  std::string out;
  append_number(value, out);
  return out;
}

// Expected texts are those of JSON.stringify in Node.
TEST(AppendNumber, WritesWhatJavaScriptWrites) {
  EXPECT_EQ(written(0), "0");
  EXPECT_EQ(written(-0.0), "0");
  EXPECT_EQ(written(1), "1");
  EXPECT_EQ(written(-1), "-1");
  EXPECT_EQ(written(1.5), "1.5");
  EXPECT_EQ(written(-1.25), "-1.25");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(123.456), "123.456");
  EXPECT_EQ(written(9007199254740991), "9007199254740991");
  EXPECT_EQ(written(9007199254740992), "9007199254740992");
  EXPECT_EQ(written(1e20), "100000000000000000000");
  EXPECT_EQ(written(1.2345e20), "123450000000000000000");
  EXPECT_EQ(written(1e21), "1e+21");
  EXPECT_EQ(written(-1.5e300), "-1.5e+300");
  EXPECT_EQ(written(0.000001), "0.000001");
  EXPECT_EQ(written(0.00000123), "0.00000123");
  EXPECT_EQ(written(1e-7), "1e-7");
  EXPECT_EQ(written(1.5e-10), "1.5e-10");
  EXPECT_EQ(written(5e-324), "5e-324");
  EXPECT_EQ(written(1.7976931348623157e308), "1.7976931348623157e+308");
}

TEST(AppendNumber, WritesNullForWhatJsonCannotSay) {
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "null");
}

TEST(ParseDouble, ReadsBackWhatWasWritten) {
  for (const double value :
       {0.1, 1.0 / 3, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 123456.789}) {
    EXPECT_EQ(*parse_double(written(value)), value);
    EXPECT_EQ(*parse_double(written(-value)), -value);
  }
}

TEST(ParseDouble, TreatsTheTinyAsZeroAndRefusesTheHuge) {
  EXPECT_EQ(*parse_double("1e-999"), 0.0);
  EXPECT_TRUE(std::signbit(*parse_double("-1e-999")));
  EXPECT_EQ(*parse_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(*parse_double("1e-99999999999999999999999"), 0.0);
  EXPECT_EQ(*parse_double("0." + std::string(400, '0') + "1e5"), 0.0);
  EXPECT_FALSE(parse_double("1e999"));
  EXPECT_FALSE(parse_double("-1e999"));
  EXPECT_FALSE(parse_double("1e99999999999999999999999"));
  EXPECT_FALSE(parse_double("1" + std::string(400, '0')));
  EXPECT_FALSE(parse_double("1" + std::string(400, '0') + ".5"));
  EXPECT_FALSE(parse_double("1" + std::string(400, '0') + "e-5"));
}

TEST(ParseDouble, RefusesWhatJsonRefuses) {
  for (const std::string_view text :
       {"", "-", "01", "1.", ".5", "+1", "0x10", "inf", "nan", "1e", "1 ", " 1", "\"1\"", "null"}) {
    EXPECT_FALSE(parse_double(text)) << text;
    EXPECT_FALSE(parse_int64(text)) << text;
    EXPECT_FALSE(parse_uint64(text)) << text;
  }
}

TEST(ParseInt64, TakesWholeNumbersInAnyForm) {
  EXPECT_EQ(*parse_int64("3"), 3);
  EXPECT_EQ(*parse_int64("-7"), -7);
  EXPECT_EQ(*parse_int64("-0"), 0);
  EXPECT_EQ(*parse_int64("3.0"), 3);
  EXPECT_EQ(*parse_int64("1e2"), 100);
  EXPECT_EQ(*parse_int64("-1.5e1"), -15);
  EXPECT_EQ(*parse_int64("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*parse_int64("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
}

TEST(ParseInt64, RefusesFractionsAndWhatIsOutOfRange) {
  for (const std::string_view text : {"1.5", "1e-1", "9223372036854775808", "-9223372036854775809",
                                      "1e19", "1e400", "9007199254740994.0"}) {
    EXPECT_FALSE(parse_int64(text)) << text;
  }
}

TEST(ParseUint64, RefusesTheNegative) {
  EXPECT_EQ(*parse_uint64("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*parse_uint64("1e2"), 100U);
  EXPECT_EQ(*parse_uint64("-0"), 0U);
  for (const std::string_view text : {"-1", "-1.0", "18446744073709551616", "0.5"}) {
    EXPECT_FALSE(parse_uint64(text)) << text;
  }
}

}  // namespace
}  // namespace naru::json
