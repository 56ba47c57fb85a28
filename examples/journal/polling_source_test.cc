#include "journal/polling_source.h"

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/mock_receiver.h"
#include "lookout/testing/source_conformance.h"
#include "lookout/testing/source_run.h"

namespace journal {
namespace {

using ::lookout::Action;
using ::lookout::Event;
using ::lookout::FakeClock;
using ::lookout::IsEvent;
using ::lookout::MockReceiver;
using ::lookout::SourceRun;
using ::testing::AllOf;
using ::testing::Field;
using ::testing::InSequence;
using ::testing::StrictMock;

TEST(PollingSourceTest, TellsAChangeAtTheNextSecondAndNothingElse) {
  FakeClock clock;
  std::atomic<int> contents = 1;
  PollingSource source("/proc/mdstat", [&] { return absl::StrCat(contents.load()); }, clock);

  StrictMock<MockReceiver> receiver;
  absl::Notification told;
  {
    InSequence in_this_order;
    EXPECT_CALL(receiver, OnReady);
    EXPECT_CALL(receiver, OnEvent(AllOf(IsEvent(Action::kFileWritten, "/proc/mdstat"),
                                        Field(&Event::time, FakeClock::DefaultStart() + absl::Seconds(2)))))
        .WillOnce([&](Event) {
          told.Notify();
          return true;
        });
  }

  SourceRun run(source, receiver);
  clock.AwaitTimers(1);  // the source sleeps
  clock.Advance(absl::Seconds(1));
  clock.AwaitTimers(1);  // it has looked, and sleeps again
  contents = 2;
  clock.Advance(absl::Seconds(1));
  told.WaitForNotification();
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

// What lookout asks of every Source.
class PollingHarness final : public lookout::SourceHarness {
 public:
  lookout::Source& source() override { return source_; }
  void MakeEvent() override {
    clock_.AwaitTimers(1);
    ++contents_;
    clock_.Advance(absl::Seconds(1));
  }

 private:
  FakeClock clock_;
  std::atomic<int> contents_ = 0;
  PollingSource source_{"/proc/mdstat", [this] { return absl::StrCat(contents_.load()); }, clock_};
};

}  // namespace
}  // namespace journal

namespace lookout {
INSTANTIATE_TEST_SUITE_P(Polling, SourceConformanceTest,
                         ::testing::Values(&MakeHarness<journal::PollingHarness>));
}  // namespace lookout
