// What every Source must do, as tests that any of them can be put through.
//
//   class HeartbeatHarness final : public SourceHarness {
//    public:
//     Source& source() override { return source_; }
//     void MakeEvent() override {
//       clock_.AwaitTimers(1);
//       clock_.Advance(absl::Seconds(1));
//     }
//    private:
//     FakeClock clock_;
//     HeartbeatSource source_{clock_};
//   };
//   INSTANTIATE_TEST_SUITE_P(Heartbeat, SourceConformanceTest,
//   ::testing::Values(&MakeHarness<HeartbeatHarness>));
//
// Include it in one .cc of a test.
#ifndef LOOKOUT_TESTING_SOURCE_CONFORMANCE_H_
#define LOOKOUT_TESTING_SOURCE_CONFORMANCE_H_

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {

// A source in the surroundings it needs to be live, and a hand that makes things happen there.
class SourceHarness {
 public:
  virtual ~SourceHarness() = default;

  virtual Source& source() = 0;

  // Makes something happen that the source reports, by one event or more. Called while it runs and is ready.
  virtual void MakeEvent() = 0;
};

using SourceHarnessFactory = std::unique_ptr<SourceHarness> (*)();

template <typename Harness>
std::unique_ptr<SourceHarness> MakeHarness() {
  return std::make_unique<Harness>();
}

class SourceConformanceTest : public ::testing::TestWithParam<SourceHarnessFactory> {
 protected:
  SourceConformanceTest() : harness_(GetParam()()) {}

  Source& source() { return harness_->source(); }

  const std::unique_ptr<SourceHarness> harness_;
  RecordingReceiver receiver_;
};

TEST_P(SourceConformanceTest, ItsNameSaysSomethingAndIsConstant) {
  const std::string name(source().name());
  EXPECT_FALSE(name.empty());
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  EXPECT_EQ(source().name(), name) << "while it runs";
  EXPECT_TRUE(run.Stop().ok());
  EXPECT_EQ(source().name(), name) << "afterwards";
}

TEST_P(SourceConformanceTest, AStopRequestedBeforeRunIsOk) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(source().Run(stop.get_token(), receiver_), absl::OkStatus());
  EXPECT_LE(receiver_.ready_count(), 1);
}

TEST_P(SourceConformanceTest, AStopWhileItIdlesIsOk) {
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_P(SourceConformanceTest, AStopWhileItReportsIsOk) {
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  harness_->MakeEvent();
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_P(SourceConformanceTest, ItIsReadyOnceAndBeforeItsFirstEvent) {
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  harness_->MakeEvent();
  receiver_.WaitForCount(1);
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  EXPECT_EQ(receiver_.ready_count(), 1);
  EXPECT_EQ(receiver_.events_before_ready(), 0u);
}

TEST_P(SourceConformanceTest, ItsEventsAreWellFormed) {
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  for (std::size_t i = 1; i <= 3; ++i) {
    harness_->MakeEvent();
    receiver_.WaitForCount(i);
  }
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  for (const Event& event : receiver_.events()) {
    SCOPED_TRACE(absl::StrCat(event));
    EXPECT_FALSE(event.actor_name.empty());
    EXPECT_NE(event.action, Action::kNone);
    EXPECT_NE(event.time, absl::Time()) << "the source stamps its events";
    EXPECT_EQ(absl::StrCat(event), absl::StrCat(event.action, " ", event.actor_name));
    if (event.type == EventType::kFile) {
      EXPECT_EQ(event.actor_id, "");
    }
  }
}

TEST_P(SourceConformanceTest, ItReturnsWhenTheReceiverTakesNoMore) {
  receiver_.RefuseAfter(0);
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  harness_->MakeEvent();
  EXPECT_EQ(run.AwaitEnd(), absl::OkStatus()) << "without a stop";
  EXPECT_EQ(receiver_.refused(), 1) << "and offers nothing more";
}

TEST_P(SourceConformanceTest, ItRunsAgainAfterAStop) {
  for (int round = 1; round <= 3; ++round) {
    RecordingReceiver receiver;
    SourceRun run(source(), receiver);
    receiver.WaitForReady();
    harness_->MakeEvent();
    receiver.WaitUntil([](const std::vector<Event>& events) {
      // What it cannot vouch for between two runs it says first.
      return !events.empty() && events.back().action != Action::kForceReload;
    });
    EXPECT_EQ(run.Stop(), absl::OkStatus()) << "round " << round;
    EXPECT_EQ(receiver.ready_count(), 1);
    EXPECT_EQ(receiver.events_before_ready(), 0u);
  }
}

TEST_P(SourceConformanceTest, ItRunsAgainAfterTheReceiverRefused) {
  {
    RecordingReceiver refusing;
    refusing.RefuseAfter(0);
    SourceRun run(source(), refusing);
    refusing.WaitForReady();
    harness_->MakeEvent();
    EXPECT_EQ(run.AwaitEnd(), absl::OkStatus());
  }
  SourceRun run(source(), receiver_);
  receiver_.WaitForReady();
  harness_->MakeEvent();
  receiver_.WaitForCount(1);
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

}  // namespace lookout

#endif  // LOOKOUT_TESTING_SOURCE_CONFORMANCE_H_
