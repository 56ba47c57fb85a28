#include "lookout/events/current_exception.h"

#include <stdexcept>
#include <string>

#include "absl/functional/function_ref.h"
#include "gtest/gtest.h"

namespace lookout::events_internal {

struct Unheard {};

namespace {

std::string Describe(absl::FunctionRef<void()> thrower) {
  try {
    thrower();
  } catch (...) {
    return DescribeCurrentException();
  }
  return "nothing was thrown";
}

TEST(DescribeCurrentExceptionTest, GivesTypeAndTextOfAStdException) {
  EXPECT_EQ(Describe([] { throw std::runtime_error("disk on fire"); }), "std::runtime_error: disk on fire");
}

TEST(DescribeCurrentExceptionTest, GivesTheTypeOfAnythingElse) {
  EXPECT_EQ(Describe([] { throw 42; }), "int");
  EXPECT_EQ(Describe([] { throw "text"; }), "char const*");
  EXPECT_EQ(Describe([] { throw Unheard(); }), "lookout::events_internal::Unheard");
}

}  // namespace
}  // namespace lookout::events_internal
