// The suite applied to FakeSource, and to the example of a Source in events/source.h.
#include "lookout/testing/source_conformance.h"

#include <stop_token>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/source.h"
#include "lookout/events/wait.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"

namespace lookout {
namespace {

class FakeSourceHarness final : public SourceHarness {
 public:
  Source& source() override { return source_; }
  void MakeEvent() override { source_.Emit(ContainerEvent(Action::kContainerStart, "nginx")); }

 private:
  FakeSource source_;
};

class HeartbeatSource final : public Source {
 public:
  explicit HeartbeatSource(absl::Clock& clock) : clock_(clock) {}
  absl::string_view name() const override { return "heartbeat"; }
  absl::Status Run(std::stop_token stop, Receiver& receiver) override {
    receiver.OnReady();
    while (SleepUnlessStopped(clock_, stop, absl::Seconds(1))) {
      const bool taken = receiver.OnEvent(
          {.actor_name = "pulse", .action = Action::kContainerStart, .time = clock_.TimeNow()});
      if (!taken) break;
    }
    return absl::OkStatus();
  }

 private:
  absl::Clock& clock_;
};

class HeartbeatHarness final : public SourceHarness {
 public:
  Source& source() override { return source_; }
  void MakeEvent() override {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(1));
  }

 private:
  FakeClock clock_;
  HeartbeatSource source_{clock_};
};

INSTANTIATE_TEST_SUITE_P(Fake, SourceConformanceTest, ::testing::Values(&MakeHarness<FakeSourceHarness>));
INSTANTIATE_TEST_SUITE_P(Heartbeat, SourceConformanceTest, ::testing::Values(&MakeHarness<HeartbeatHarness>));

}  // namespace
}  // namespace lookout
