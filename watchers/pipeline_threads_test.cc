// A Pipeline on a system that has no thread left for its sources.
#include <pthread.h>

#include <cstddef>
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

// Once it was asked, nobody has room for a thread's stack. The queue asks it when its own thread has begun.
class LastThreadClock final : public absl::SimulatedClock {
 public:
  LastThreadClock() {
    pthread_attr_t attributes;
    CHECK_EQ(pthread_getattr_default_np(&attributes), 0);
    CHECK_EQ(pthread_attr_getstacksize(&attributes, &usual_), 0);
    pthread_attr_destroy(&attributes);
  }
  ~LastThreadClock() override { SetStackSize(usual_); }

  absl::Time TimeNow() override {
    SetStackSize(std::size_t{1} << 47);  // all the address space there is
    return absl::SimulatedClock::TimeNow();
  }

 private:
  static void SetStackSize(std::size_t size) {
    pthread_attr_t attributes;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, size), 0);
    CHECK_EQ(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
  }

  std::size_t usual_ = 0;
};

TEST(PipelineThreadsTest, WithoutAThreadForItsSourcesARunEndsAndSaysWhy) {
  LastThreadClock clock;
  bool ready = false;
  Pipeline pipeline("pipe", clock, {.on_ready = [&] { ready = true; }});
  pipeline.AddSource(std::make_unique<FakeSource>("first"));
  pipeline.AddSource(std::make_unique<FakeSource>("second"));
  pipeline.AddSink(std::make_unique<RecordingSink>());
  const absl::Status end = pipeline.Run(std::stop_token());
  EXPECT_EQ(end.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(end.message()), HasSubstr("first: no thread"));
  EXPECT_FALSE(ready);
}

}  // namespace
}  // namespace lookout
