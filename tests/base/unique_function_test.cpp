#include "base/unique_function.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace naru {
namespace {

int twice(int value) {
  return 2 * value;
}

TEST(UniqueFunction, IsEmptyByDefault) {
  EXPECT_FALSE(static_cast<bool>(UniqueFunction<void()>()));
  EXPECT_FALSE(static_cast<bool>(UniqueFunction<void()>(nullptr)));
}

TEST(UniqueFunction, CallsLambdasAndFunctions) {
  UniqueFunction<int(int)> lambda = [](int value) { return value + 1; };
  UniqueFunction<int(int)> function = twice;
  EXPECT_EQ(lambda(4), 5);
  EXPECT_EQ(function(4), 8);
}

TEST(UniqueFunction, OwnsWhatCannotBeCopied) {
  auto value = std::make_unique<int>(5);
  UniqueFunction<int()> function = [value = std::move(value)] { return ++*value; };
  EXPECT_EQ(function(), 6);
  EXPECT_EQ(function(), 7);
}

TEST(UniqueFunction, MovesItsTarget) {
  UniqueFunction<int(int)> from = twice;
  UniqueFunction<int(int)> to = std::move(from);
  EXPECT_FALSE(static_cast<bool>(from));  // NOLINT(bugprone-use-after-move): it is the fact
  EXPECT_EQ(to(3), 6);
}

TEST(UniqueFunction, CopiesACallableItIsGivenByName) {
  const auto callable = [text = std::string("abc")] { return text; };
  UniqueFunction<std::string()> function = callable;
  EXPECT_EQ(function(), "abc");
  EXPECT_EQ(callable(), "abc");
}

TEST(UniqueFunction, PassesReferencesAndMoveOnlyArguments) {
  UniqueFunction<void(int&, std::unique_ptr<int>)> function =
      [](int& out, std::unique_ptr<int> in) { out = *in; };
  int out = 0;
  function(out, std::make_unique<int>(5));
  EXPECT_EQ(out, 5);
}

TEST(UniqueFunction, DropsAResultThatItsSignatureDoesNotHave) {
  int calls = 0;
  UniqueFunction<void()> function = [&calls] { return ++calls; };
  function();
  EXPECT_EQ(calls, 1);
}

TEST(UniqueFunction, EndsItsTargetWithItself) {
  const auto shared = std::make_shared<int>(0);
  {
    const UniqueFunction<void()> function = [shared] { ++*shared; };
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(UniqueFunction, AssigningNullEmptiesIt) {
  UniqueFunction<int(int)> function = twice;
  function = nullptr;
  EXPECT_FALSE(static_cast<bool>(function));
}

}  // namespace
}  // namespace naru
