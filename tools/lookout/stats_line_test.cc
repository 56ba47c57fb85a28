#include "lookout/tools/lookout/stats_line.h"

#include "gtest/gtest.h"
#include "lookout/adapters/file/file_counters.h"

namespace lookout {
namespace {

TEST(StatsLineTest, EachCounterHasItsNameAndItsPlace) {
  EXPECT_EQ(StatsLine("file conf", FileSourceCounters{.events = 1,
                                                      .records = 2,
                                                      .overflows = 3,
                                                      .scans = 4,
                                                      .directories = 5,
                                                      .watched = 6,
                                                      .polled = 7,
                                                      .backend = FileBackend::kInotify}),
            "stats file conf: backend=inotify events=1 records=2 overflows=3 scans=4 directories=5 watched=6 "
            "polled=7");
}

TEST(StatsLineTest, WithoutABackEndYetItIsAuto) {
  EXPECT_EQ(StatsLine("file /", FileSourceCounters{}),
            "stats file /: backend=auto events=0 records=0 overflows=0 scans=0 directories=0 watched=0 "
            "polled=0");
}

TEST(StatsLineTest, OfAnEngine) {
  EXPECT_EQ(StatsLine("docker tcp://h:1", DockerSourceCounters{.emitted = 1,
                                                               .synthesized = 2,
                                                               .losses = 3,
                                                               .duplicates = 4,
                                                               .filtered = 5,
                                                               .unknown_actions = 6,
                                                               .other_types = 7,
                                                               .malformed = 8,
                                                               .connections = 9,
                                                               .audits = 10,
                                                               .pings = 11,
                                                               .failures = 12}),
            "stats docker tcp://h:1: events=1 synthesized=2 losses=3 duplicates=4 filtered=5 "
            "unknown_actions=6 other_types=7 malformed=8 connections=9 audits=10 pings=11 failures=12");
}

}  // namespace
}  // namespace lookout
