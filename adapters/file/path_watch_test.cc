// What the kernel may do to a path that is followed: every call that fails, and records that make no sense.
#include "lookout/adapters/file/path_watch.h"

#include <sys/inotify.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_file_kernel.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PathWatchTest : public ::testing::Test {
 protected:
  PathWatchTest() {
    kernel_.AddDirectory("a");
    kernel_.AddDirectory("a/b");
    kernel_.AddFile("a/b/f");
  }
  std::vector<PathNews> Step(PathWatch& path) {
    std::vector<PathNews> all;
    path.Step([&all](PathNews news) { all.push_back(news); });
    return all;
  }
  std::vector<PathNews> CatchUp(PathWatch& path) {
    std::vector<PathNews> all;
    path.CatchUp([&all](PathNews news) { all.push_back(news); });
    return all;
  }

  FakeFileKernel kernel_;
};

TEST_F(PathWatchTest, TellsOfTheFileAtTheEndAndOfTheWay) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  EXPECT_TRUE(path.target().exists());
  EXPECT_TRUE(path.unwatched().ok());
  EXPECT_EQ(kernel_.watches(0), 4u);
  kernel_.Record("a/b/f", IN_MODIFY);
  EXPECT_THAT(Step(path), ElementsAre(PathNews::kWritten));
  kernel_.Record("a/b", IN_CREATE, "other");
  kernel_.Record("a/b", IN_MOVED_TO, "f");
  kernel_.Record("a/b", IN_DELETE, "f");
  kernel_.Record("a", IN_MOVED_FROM, "b");
  EXPECT_THAT(CatchUp(path), ElementsAre(PathNews::kArrived, PathNews::kLeft, PathNews::kOnTheWay));
}

TEST_F(PathWatchTest, WatchesThatAreNotNeededAnyMoreAreEnded) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  kernel_.Remove("a/b");
  path.Resolve();
  EXPECT_EQ(path.target().error, ENOENT);
  EXPECT_EQ(kernel_.watches(0), 2u);
}

TEST_F(PathWatchTest, WithoutAnInstanceThePathIsFollowedAllTheSame) {
  kernel_.Fail(Call::kInit, "", EMFILE);
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  EXPECT_TRUE(path.target().exists());
  EXPECT_EQ(path.fd(), -1);
  EXPECT_TRUE(absl::IsResourceExhausted(path.unwatched()));
  EXPECT_THAT(std::string(path.unwatched().message()), HasSubstr("fs.inotify.max_user_instances"));
  EXPECT_THAT(std::string(path.unwatched().message()), HasSubstr("a/b/f: "));
  EXPECT_THAT(Step(path), IsEmpty());
  EXPECT_THAT(CatchUp(path), IsEmpty());
}

struct WatchFailure {
  std::string path;
  int error;
  absl::StatusCode code;
  std::string said;
};

class PathWatchFailureTest : public PathWatchTest, public ::testing::WithParamInterface<WatchFailure> {};

TEST_P(PathWatchFailureTest, IsSaidWithPathAndCureUntilItIsOverAndTheRestIsWatched) {
  const WatchFailure& failure = GetParam();
  kernel_.Fail(Call::kAddWatch, failure.path, failure.error);
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  EXPECT_TRUE(path.target().exists());
  EXPECT_EQ(path.unwatched().code(), failure.code);
  EXPECT_THAT(std::string(path.unwatched().message()), HasSubstr(failure.path + ": "));
  EXPECT_THAT(std::string(path.unwatched().message()), HasSubstr(failure.said));
  EXPECT_EQ(kernel_.watches(0), 3u);

  kernel_.Heal();
  path.Resolve();
  EXPECT_TRUE(path.unwatched().ok()) << path.unwatched();
  EXPECT_EQ(kernel_.watches(0), 4u);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, PathWatchFailureTest,
    ::testing::Values(
        WatchFailure{".", EACCES, absl::StatusCode::kPermissionDenied, "allow reading it"},
        WatchFailure{"a", EACCES, absl::StatusCode::kPermissionDenied, "allow reading it"},
        WatchFailure{"a/b/f", EACCES, absl::StatusCode::kPermissionDenied, "allow reading it"},
        WatchFailure{"a", ENOSPC, absl::StatusCode::kResourceExhausted, "fs.inotify.max_user_watches"},
        WatchFailure{"a/b/f", ENOSPC, absl::StatusCode::kResourceExhausted, "fs.inotify.max_user_watches"},
        WatchFailure{"a/b", ENOMEM, absl::StatusCode::kResourceExhausted, "Cannot allocate memory"}));

TEST_F(PathWatchTest, WhatVanishesBeforeItIsWatchedIsToldByTheDirectoryAbove) {
  for (const int error : {ENOENT, ENOTDIR}) {
    kernel_.Fail(Call::kAddWatch, "a/b", error, 1);
    PathWatch path("a/b/f", /*watch=*/true, kernel_);
    path.Resolve();
    EXPECT_TRUE(path.unwatched().ok()) << path.unwatched();
    kernel_.Record("a", IN_DELETE | IN_ISDIR, "b");
    EXPECT_THAT(Step(path), ElementsAre(PathNews::kOnTheWay));
  }
}

TEST_F(PathWatchTest, AStatusThatFailsSaysWhyThePathLeadsNowhere) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  for (const int error : {EACCES, EIO, ENOENT, ENOMEM}) {
    kernel_.Fail(Call::kStatus, "a/b", error);
    path.Resolve();
    EXPECT_EQ(path.target().error, error);
    EXPECT_FALSE(path.target().IsSameAs(path.target()));
    kernel_.Heal();
    path.Resolve();
    EXPECT_TRUE(path.target().exists());
  }
}

TEST_F(PathWatchTest, ALinkThatCannotBeReadLeadsNowhereAndItsReplacementIsTold) {
  kernel_.AddLink("l", "a/b/f");
  for (const int error : {ENOENT, EACCES, EIO}) {
    kernel_.Fail(Call::kReadLink, "l", error);
    PathWatch path("l", /*watch=*/true, kernel_);
    path.Resolve();
    EXPECT_EQ(path.target().error, error);
    kernel_.Heal();
    kernel_.Record(".", IN_MOVED_TO, "l");
    EXPECT_THAT(Step(path), ElementsAre(PathNews::kArrived));
    path.Resolve();
    EXPECT_TRUE(path.target().exists());
    EXPECT_TRUE(path.target().through_link);
  }
}

TEST_F(PathWatchTest, LinksThatLeadToThemselvesEnd) {
  kernel_.AddLink("l", "m");
  kernel_.AddLink("m", "l");
  PathWatch path("l/f", /*watch=*/true, kernel_);
  path.Resolve();
  EXPECT_EQ(path.target().error, ELOOP);
}

TEST_F(PathWatchTest, AnInterruptedReadIsTriedAgain) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  kernel_.Record("a/b/f", IN_MODIFY);
  kernel_.Fail(Call::kRead, "#0", EINTR, 1);
  EXPECT_THAT(Step(path), ElementsAre(PathNews::kWritten));
}

TEST_F(PathWatchTest, GarbageAndAnOverflowAreALoss) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  for (const std::size_t size : {1u, 15u}) {
    kernel_.Bytes(0, std::string(size, '\1'));
    EXPECT_THAT(Step(path), ElementsAre(PathNews::kGarbage));
  }
  inotify_event overflow{};
  overflow.wd = -1;
  overflow.mask = IN_Q_OVERFLOW;
  kernel_.Bytes(0, std::string(reinterpret_cast<const char*>(&overflow), sizeof(overflow)));
  EXPECT_THAT(Step(path), ElementsAre(PathNews::kOverflow));
}

TEST_F(PathWatchTest, CatchingUpGoesOnWhereTheQueuesSizeCannotBeHad) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  kernel_.Fail(Call::kQueued, "#0", EIO);
  kernel_.Record("a/b/f", IN_MODIFY);
  kernel_.Record("a/b", IN_DELETE, "f");
  EXPECT_THAT(CatchUp(path), ElementsAre(PathNews::kWritten, PathNews::kLeft));
}

TEST_F(PathWatchTest, CatchingUpGoesOnAfterAnInterruptedRead) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  kernel_.Record("a/b/f", IN_MODIFY);
  kernel_.Fail(Call::kRead, "#0", EINTR, 1);
  EXPECT_THAT(CatchUp(path), ElementsAre(PathNews::kWritten));
}

// Else its descriptor stays readable, and who waits for it never rests.
TEST_F(PathWatchTest, AReadThatFailsIsSaidAndEndsTheWatching) {
  PathWatch path("a/b/f", /*watch=*/true, kernel_);
  path.Resolve();
  kernel_.Fail(Call::kRead, "#0", EIO);
  EXPECT_THAT(Step(path), ElementsAre(PathNews::kOnTheWay));
  EXPECT_EQ(path.fd(), -1);
  EXPECT_THAT(std::string(path.unwatched().message()), HasSubstr("a/b/f: "));
  path.Resolve();
  EXPECT_TRUE(path.target().exists());
  EXPECT_FALSE(path.unwatched().ok());
}

}  // namespace
}  // namespace lookout::file_internal
