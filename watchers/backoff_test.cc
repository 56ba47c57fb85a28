#include "lookout/watchers/backoff.h"

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

constexpr int kVeryMany = std::numeric_limits<int>::max();

TEST(BackoffTest, APauseGrowsByItsFactorUpToTheBound) {
  Backoff backoff(
      {.first_delay = absl::Seconds(1), .max_delay = absl::Seconds(10), .factor = 3, .jitter = 0});
  EXPECT_EQ(backoff.PauseAfter(1), absl::Seconds(1));
  EXPECT_EQ(backoff.PauseAfter(2), absl::Seconds(3));
  EXPECT_EQ(backoff.PauseAfter(3), absl::Seconds(9));
  EXPECT_EQ(backoff.PauseAfter(4), absl::Seconds(10));
  EXPECT_EQ(backoff.PauseAfter(kVeryMany), absl::Seconds(10));
}

TEST(BackoffTest, TheBoundHoldsForTheFirstPauseToo) {
  Backoff backoff({.first_delay = absl::Seconds(7), .max_delay = absl::Seconds(5), .jitter = 0});
  EXPECT_EQ(backoff.PauseAfter(1), absl::Seconds(5));
}

TEST(BackoffTest, AFactorOfOneStaysAndNothingStaysNothing) {
  Backoff even({.first_delay = absl::Seconds(1), .max_delay = absl::Hours(1), .factor = 1, .jitter = 0});
  EXPECT_EQ(even.PauseAfter(kVeryMany), absl::Seconds(1));
  Backoff none({.first_delay = absl::ZeroDuration(), .max_delay = absl::Hours(1)});
  EXPECT_EQ(none.PauseAfter(1), absl::ZeroDuration());
  EXPECT_EQ(none.PauseAfter(kVeryMany), absl::ZeroDuration());
}

TEST(BackoffTest, JitterOnlyShortensAPauseAndIsNotAlwaysTheSame) {
  Backoff backoff({.first_delay = absl::Seconds(10), .max_delay = absl::Seconds(10), .jitter = 0.5});
  absl::Duration shortest = absl::InfiniteDuration();
  absl::Duration longest = absl::ZeroDuration();
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration pause = backoff.PauseAfter(1);
    shortest = std::min(shortest, pause);
    longest = std::max(longest, pause);
  }
  EXPECT_GE(shortest, absl::Seconds(5));
  EXPECT_LE(longest, absl::Seconds(10));
  // Of a thousand, spread over five seconds.
  EXPECT_LT(shortest, absl::Seconds(6));
  EXPECT_GT(longest, absl::Seconds(9));
}

TEST(IsPermanentTest, OnlyOfWhatWillNotGoAwayByItself) {
  for (const absl::Status& failure : {absl::InvalidArgumentError(""), absl::PermissionDeniedError(""),
                                      absl::UnimplementedError(""), absl::FailedPreconditionError("")}) {
    EXPECT_TRUE(IsPermanent(failure)) << failure;
  }
  for (const absl::Status& failure :
       {absl::OkStatus(), absl::CancelledError(""), absl::UnknownError(""), absl::DeadlineExceededError(""),
        absl::NotFoundError(""), absl::AlreadyExistsError(""), absl::ResourceExhaustedError(""),
        absl::AbortedError(""), absl::OutOfRangeError(""), absl::InternalError(""),
        absl::UnavailableError(""), absl::DataLossError(""), absl::UnauthenticatedError("")}) {
    EXPECT_FALSE(IsPermanent(failure)) << failure;
  }
}

}  // namespace
}  // namespace lookout
