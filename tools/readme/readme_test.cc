// The code of README.md, which readme_code_test.sh compares with this file.
#include <filesystem>
#include <memory>
#include <stop_token>
#include <thread>
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
#include "lookout/testing/scoped_temp_dir.h"
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

TEST(ReadmeTest, ConfIsWatched) {
  ScopedTempDir dir;
  dir.MakeDirs("conf");
  std::filesystem::current_path(dir.path());
  FakeClock clock;
  auto owned = std::make_unique<RecordingSink>();
  RecordingSink& sink = *owned;
  std::jthread watch(
      [&](std::stop_token stop) { EXPECT_EQ(WatchConf(stop, clock, std::move(owned)), absl::OkStatus()); });
  clock.AwaitWaiters(2);  // the source for the kernel, the queue for the source
  dir.WriteFile("conf/app.yml");
  clock.AwaitTimers(1);
  clock.Advance(absl::Milliseconds(500));
  EXPECT_THAT(sink.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, "conf/app.yml")));
  watch.request_stop();
  watch.join();
  std::filesystem::current_path("/");
}

}  // namespace
}  // namespace lookout
