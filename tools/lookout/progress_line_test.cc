#include "lookout/tools/lookout/progress_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/tools/lookout/diagnostics.h"

namespace lookout {
namespace {

class ProgressLineTest : public ::testing::Test {
 protected:
  // What was shown since the last call; "" is nothing.
  std::string Shown() {
    char buffer[4096];
    const ssize_t got = read(terminal_.fds[0], buffer, sizeof(buffer));
    const std::string all(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
    return all.substr(all.rfind('\r') + 1);
  }

  struct Pipe {
    Pipe() { EXPECT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0); }
    ~Pipe() {
      close(fds[0]);
      close(fds[1]);
    }
    int fds[2] = {-1, -1};
  };

  Pipe terminal_;
  FakeClock clock_;
  Diagnostics diagnostics_{terminal_.fds[1]};
  ProgressLine progress_{clock_, diagnostics_};
};

TEST_F(ProgressLineTest, AShortCrawlShowsNothing) {
  auto crawl = progress_.AddCrawl();
  crawl(1);
  clock_.Advance(absl::Milliseconds(999));
  crawl(1000);
  EXPECT_EQ(Shown(), "");
}

TEST_F(ProgressLineTest, ALongOneShowsHowManySoFarFromTimeToTime) {
  auto crawl = progress_.AddCrawl();
  clock_.Advance(absl::Seconds(1));
  crawl(5000);
  EXPECT_EQ(Shown(), "lookout: 5000 directories so far");
  crawl(5001);
  clock_.Advance(absl::Milliseconds(199));
  crawl(6000);
  EXPECT_EQ(Shown(), "");
  clock_.Advance(absl::Milliseconds(1));
  crawl(6001);
  EXPECT_EQ(Shown(), "lookout: 6001 directories so far");
}

TEST_F(ProgressLineTest, SeveralAreAddedUpAndOneThatBeginsAnewCountsAnew) {
  auto a = progress_.AddCrawl();
  auto b = progress_.AddCrawl();
  clock_.Advance(absl::Seconds(1));
  a(100);
  EXPECT_EQ(Shown(), "lookout: 100 directories so far");
  clock_.Advance(absl::Seconds(1));
  b(20);
  EXPECT_EQ(Shown(), "lookout: 120 directories so far");
  clock_.Advance(absl::Seconds(1));
  a(3);
  EXPECT_EQ(Shown(), "lookout: 23 directories so far");
}

TEST_F(ProgressLineTest, AWallClockThatIsSetBackOrAheadChangesNothing) {
  auto crawl = progress_.AddCrawl();
  clock_.StepWallClock(absl::Hours(1));
  crawl(1);
  EXPECT_EQ(Shown(), "");
  clock_.StepWallClock(-absl::Hours(2));
  clock_.Advance(absl::Seconds(1));
  crawl(2);
  EXPECT_EQ(Shown(), "lookout: 2 directories so far");
}

TEST_F(ProgressLineTest, ManyThreadsMayCrawl) {
  constexpr int kCrawls = 4;
  clock_.Advance(absl::Seconds(1));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kCrawls; ++i) {
      threads.emplace_back([crawl = progress_.AddCrawl()]() mutable {
        for (std::uint64_t found = 1; found <= 1000; ++found) crawl(found);
      });
    }
  }
  Shown();
  clock_.Advance(absl::Seconds(1));
  progress_.AddCrawl()(0);
  EXPECT_EQ(Shown(), absl::StrCat("lookout: ", kCrawls * 1000, " directories so far"));
}

}  // namespace
}  // namespace lookout
