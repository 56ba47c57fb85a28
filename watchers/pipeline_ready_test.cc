// A Pipeline is ready once, when the last of its sources is, also if another has ended by then.
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "lookout/events/source.h"
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
  // Time for it to be counted.
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_FALSE(ready.HasBeenNotified());
  go.Notify();
  ready.WaitForNotification();
}

}  // namespace
}  // namespace lookout
