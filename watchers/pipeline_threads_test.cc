// A Pipeline on a system that has no thread left for its sources.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <fstream>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/watchers/pipeline.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kStack = std::size_t{1} << 30;

// Once it was asked, there is room for the stacks of `threads` more. The queue asks it when its own thread
// has begun.
class LastThreadsClock final : public absl::SimulatedClock {
 public:
  explicit LastThreadsClock(std::size_t threads) : threads_(threads) {
    pthread_attr_t attributes;
    CHECK_EQ(pthread_getattr_default_np(&attributes), 0);
    CHECK_EQ(pthread_attr_getstacksize(&attributes, &usual_stack_), 0);
    pthread_attr_destroy(&attributes);
    CHECK_EQ(getrlimit(RLIMIT_AS, &usual_space_), 0);
  }
  ~LastThreadsClock() override {
    SetStackSize(usual_stack_);
    CHECK_EQ(setrlimit(RLIMIT_AS, &usual_space_), 0);
  }

  absl::Time TimeNow() override {
    if (!asked_.exchange(true)) {
      SetStackSize(kStack);
      LimitSpace(AddressSpace() + threads_ * kStack + kStack / 2);  // half a stack for all else
    }
    return absl::SimulatedClock::TimeNow();
  }

 private:
  static std::size_t AddressSpace() {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    CHECK_GT(pages, 0u);
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }
  void LimitSpace(std::size_t bytes) const {
    rlimit limit = usual_space_;
    limit.rlim_cur = bytes;
    CHECK_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  }
  static void SetStackSize(std::size_t size) {
    pthread_attr_t attributes;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, size), 0);
    CHECK_EQ(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
  }

  const std::size_t threads_;
  std::atomic<bool> asked_ = false;
  std::size_t usual_stack_ = 0;
  rlimit usual_space_ = {};
};

// How many sources get one.
class PipelineThreadsTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(PipelineThreadsTest, WithoutAThreadForEachSourceARunEndsAndSaysWhy) {
  LastThreadsClock clock(GetParam());
  std::atomic<bool> ready = false;
  Pipeline pipeline("pipe", clock, {.on_ready = [&] { ready = true; }});
  pipeline.AddSource(std::make_unique<FakeSource>("first"));
  pipeline.AddSource(std::make_unique<FakeSource>("second"));
  pipeline.AddSink(std::make_unique<RecordingSink>());
  const absl::Status end = pipeline.Run(std::stop_token());
  EXPECT_EQ(end.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(end.message()),
              HasSubstr(GetParam() == 0 ? "first: no thread" : "second: no thread"));
  EXPECT_FALSE(ready);
}

INSTANTIATE_TEST_SUITE_P(Threads, PipelineThreadsTest, ::testing::Values(0u, 1u));

}  // namespace
}  // namespace lookout
