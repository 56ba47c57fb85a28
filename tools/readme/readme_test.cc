// The code of README.md, which readme_code_test.sh compares with this file.
#include <memory>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/sink.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/watchers/pipeline.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Status WatchConf(std::stop_token stop, absl::Clock& clock, std::unique_ptr<Sink> sink) {
  absl::StatusOr<std::unique_ptr<FileSource>> conf =
      FileSource::Create({.path = "conf", .recursive = true}, clock);
  if (!conf.ok()) return conf.status();
  Pipeline pipeline("conf", clock, {.queue = {.flush_interval = absl::Milliseconds(500)}});
  pipeline.AddSource(std::make_unique<RestartingSource>(*std::move(conf), clock));
  pipeline.AddSink(std::move(sink));
  return pipeline.Run(stop);
}

TEST(ReadmeTest, ABatchComesWithItsInterval) {
  FakeClock clock;
  RecordingSink sink;
  EventQueue queue(
      "q", clock, {.flush_interval = absl::Seconds(1)},
      [&](absl::Span<Event> batch) { sink.Write(batch).IgnoreError(); }, [](absl::Status) {});
  ASSERT_TRUE(queue.Start().ok());
  queue.Push(ContainerEvent(Action::kContainerStart, "nginx"));
  clock.AwaitTimers(1);  // the queue's thread now waits for its interval
  EXPECT_THAT(sink.events(), IsEmpty());
  clock.Advance(absl::Seconds(1));
  EXPECT_THAT(sink.WaitForCount(1), ElementsAre(IsEvent(Action::kContainerStart, "nginx")));
}

TEST(ReadmeTest, ASourceThatCannotBeIsTheResult) {
  FakeClock clock;
  EXPECT_EQ(WatchConf({}, clock, std::make_unique<RecordingSink>()).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace lookout
