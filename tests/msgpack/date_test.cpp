#include "msgpack/date.hpp"

#include <gtest/gtest.h>

namespace naru::msgpack {
namespace {

// Each as new Date(ms).toISOString() says it.
TEST(IsoDate, WritesWhatJavaScriptWrites) {
  EXPECT_EQ(iso_date(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_date(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(iso_date(951'782'400'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(iso_date(951'868'799'999), "2000-02-29T23:59:59.999Z");
  EXPECT_EQ(iso_date(4'107'542'400'000), "2100-03-01T00:00:00.000Z");  // no leap year
  EXPECT_EQ(iso_date(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_date(-62'167'219'200'000), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_date(-62'167'219'200'001), "-000001-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_date(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_date(253'402'300'800'000), "+010000-01-01T00:00:00.000Z");
}

TEST(IsoDate, EndsWhereJavaScriptsDatesEnd) {
  EXPECT_EQ(iso_date(8'640'000'000'000'000), "+275760-09-13T00:00:00.000Z");
  EXPECT_EQ(iso_date(-8'640'000'000'000'000), "-271821-04-20T00:00:00.000Z");
  EXPECT_EQ(iso_date(8'640'000'000'000'001), "");
  EXPECT_EQ(iso_date(-8'640'000'000'000'001), "");
  EXPECT_EQ(iso_date(INT64_MIN), "");
}

}  // namespace
}  // namespace naru::msgpack
