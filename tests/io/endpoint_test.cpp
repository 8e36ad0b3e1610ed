#include "io/listener.hpp"

#include <gtest/gtest.h>

namespace naru::io {
namespace {

TEST(Endpoint, ParsesAddressesWithTheirPort) {
  struct Row {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  for (const Row& row :
       {Row{"127.0.0.1:3000", "127.0.0.1", 3000}, Row{"[::1]:3000", "::1", 3000},
        Row{":3000", "", 3000}, Row{"3000", "", 3000}, Row{"0", "", 0},
        Row{"localhost:65535", "localhost", 65535}, Row{"[::]:1", "::", 1},
        Row{"0.0.0.0:80", "0.0.0.0", 80}, Row{"[2001:db8::7:1]:443", "2001:db8::7:1", 443}}) {
    const auto endpoint = parse_endpoint(row.text);
    ASSERT_TRUE(endpoint) << row.text;
    EXPECT_EQ(endpoint->host, row.host) << row.text;
    EXPECT_EQ(endpoint->port, row.port) << row.text;
  }
}

TEST(Endpoint, RefusesWhatIsNoAddress) {
  for (const char* text : {"",
                           ":",
                           "x",
                           "65536",
                           "-1",
                           "+1",
                           " 1",
                           "1 ",
                           "0x10",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:x",
                           "127.0.0.1:70000",
                           "::1",
                           "::1:3000",
                           "[::1]",
                           "[::1]3000",
                           "[::1:3000",
                           "::1]:3000",
                           "[]:3000",
                           "]:1",
                           "[:1",
                           "[127.0.0.1]:80",
                           "[localhost]:80",
                           "256.0.0.1:80",
                           "1.2.3:80",
                           "example.org:80",
                           "*:80",
                           "[::1%lo]:80"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code, Errc::invalid_argument) << text;
  }
}

TEST(Endpoint, PrintsIPv6InBrackets) {
  EXPECT_EQ((Endpoint{"127.0.0.1", 3000}.to_string()), "127.0.0.1:3000");
  EXPECT_EQ((Endpoint{"::1", 3000}.to_string()), "[::1]:3000");
  EXPECT_EQ((Endpoint{"", 3000}.to_string()), ":3000");
}

}  // namespace
}  // namespace naru::io
