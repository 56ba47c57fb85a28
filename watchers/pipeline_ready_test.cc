// A Pipeline is ready once, when the last of its sources is, also if another has ended by then.
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/watchers/pipeline.h"

namespace lookout {
namespace {

// Is ready when it is told to be, and then idles.
class LateSource final : public Source {
 public:
  explicit LateSource(absl::Notification& go) : go_(go) {}
  absl::string_view name() const override { return "late"; }
  absl::Status Run(std::stop_token stop, Receiver& receiver) override {
    go_.WaitForNotification();
    receiver.OnReady();
    absl::Notification stopped;
    std::stop_callback on_stop(stop, [&stopped] { stopped.Notify(); });
    stopped.WaitForNotification();
    return absl::OkStatus();
  }

 private:
  absl::Notification& go_;
};

// Fails when it is told to, without ever having been ready.
class HopelessSource final : public Source {
 public:
  explicit HopelessSource(absl::Notification& go) : go_(go) {}
  absl::string_view name() const override { return "hopeless"; }
  absl::Status Run(std::stop_token, Receiver&) override {
    go_.WaitForNotification();
    return absl::UnavailableError("no route");
  }

 private:
  absl::Notification& go_;
};

TEST(PipelineReadyTest, WhereTheLastOneFailsAndTheOthersHaveEndedNoneIsLive) {
  FakeClock clock;
  absl::Notification ended;
  bool ready = false, told = false;
  Pipeline pipeline("pipe", clock,
                    {.on_ready = [&] { ready = true; },
                     .on_error =
                         [&](absl::Status) {
                           if (!std::exchange(told, true)) ended.Notify();
                         }});
  auto first = std::make_unique<FakeSource>("first");
  first->Fail(absl::DataLossError("broken"));
  pipeline.AddSource(std::move(first));
  pipeline.AddSource(std::make_unique<HopelessSource>(ended));
  pipeline.AddSink(std::make_unique<RecordingSink>());
  EXPECT_EQ(pipeline.Run(std::stop_token()).code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(ready);
}

TEST(PipelineReadyTest, ASourceThatWasReadyAndEndedCountsOnce) {
  FakeClock clock;
  absl::Notification go, ended, ready;  // a Notification that is told twice ends the process
  Pipeline pipeline("pipe", clock,
                    {.on_ready = [&] { ready.Notify(); }, .on_error = [&](absl::Status) { ended.Notify(); }});
  auto first = std::make_unique<FakeSource>("first");
  first->Fail(absl::DataLossError("broken"));
  pipeline.AddSource(std::move(first));
  pipeline.AddSource(std::make_unique<LateSource>(go));
  pipeline.AddSink(std::make_unique<RecordingSink>());
  std::jthread run(
      [&](std::stop_token stop) { EXPECT_EQ(pipeline.Run(stop).code(), absl::StatusCode::kDataLoss); });
  ended.WaitForNotification();
  EXPECT_FALSE(ready.HasBeenNotified());
  go.Notify();
  ready.WaitForNotification();
}

// Whoever is the last to decide it: a source that is ready, or one that ends without having been.
class PipelineReadyThrowsTest : public ::testing::TestWithParam<bool> {};

TEST_P(PipelineReadyThrowsTest, IsReportedAndEndsNothing) {
  FakeClock clock;
  absl::Notification go, reported;
  Pipeline pipeline("pipe", clock,
                    {.on_ready = [] { throw std::runtime_error("not yet"); },
                     .on_error =
                         [&](absl::Status error) {
                           if (error.message() == "on_ready: threw: std::runtime_error: not yet")
                             reported.Notify();
                         }});
  auto live = std::make_unique<FakeSource>("live");
  FakeSource& source = *live;
  pipeline.AddSource(std::move(live));
  if (GetParam()) {
    pipeline.AddSource(std::make_unique<HopelessSource>(go));
  } else {
    pipeline.AddSource(std::make_unique<LateSource>(go));
  }
  auto recording = std::make_unique<RecordingSink>();
  RecordingSink& sink = *recording;
  pipeline.AddSink(std::move(recording));
  std::jthread run([&](std::stop_token stop) {
    EXPECT_EQ(pipeline.Run(stop).code(), GetParam() ? absl::StatusCode::kUnavailable : absl::StatusCode::kOk);
  });
  source.AwaitIdle();
  go.Notify();
  reported.WaitForNotification();
  source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  clock.AwaitTimers(1);
  clock.Advance(absl::Hours(1));
  sink.WaitForCount(1);
}

INSTANTIATE_TEST_SUITE_P(Deciders, PipelineReadyThrowsTest, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "OneThatFails" : "OneThatIsReady"; });

}  // namespace
}  // namespace lookout
