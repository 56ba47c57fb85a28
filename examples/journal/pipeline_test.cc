// The whole way, from the application's Source to its Sink, without a second of real time.
#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "events/event.h"
#include "gtest/gtest.h"
#include "journal/journal_sink.h"
#include "journal/polling_source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/watchers/pipeline.h"

namespace journal {
namespace {

TEST(PipelineTest, AChangeIsInTheJournalAfterTheNextFlush) {
  lookout::FakeClock clock;
  std::atomic<int> contents = 1;
  Event line;
  absl::Notification written;

  lookout::Pipeline pipeline("journal", clock, {.queue = {.flush_interval = absl::Seconds(5)}});
  pipeline.AddSource(
      std::make_unique<PollingSource>("/proc/mdstat", [&] { return absl::StrCat(contents.load()); }, clock));
  pipeline.AddSink(std::make_unique<JournalSink>([&](const Event& event) {
    line = event;
    written.Notify();
    return true;
  }));

  std::stop_source stop;
  absl::Status end;
  std::thread thread([&] { end = pipeline.Run(stop.get_token()); });
  clock.AwaitTimers(1);  // the source sleeps
  contents = 2;
  clock.Advance(absl::Seconds(1));
  clock.AwaitTimers(2);  // it sleeps again, and the queue waits for its interval
  EXPECT_FALSE(written.HasBeenNotified());
  clock.Advance(absl::Seconds(4));
  written.WaitForNotification();
  stop.request_stop();
  thread.join();

  EXPECT_EQ(end, absl::OkStatus());
  EXPECT_EQ(line.text, "written /proc/mdstat");
  EXPECT_EQ(line.time, lookout::FakeClock::DefaultStart() + absl::Seconds(1));
}

}  // namespace
}  // namespace journal
