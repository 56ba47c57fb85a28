#include "lookout/watchers/pipeline.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/sink.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/watchers/retrying_sink.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ThrowingSource final : public Source {
 public:
  absl::string_view name() const override { return "thrower"; }
  absl::Status Run(std::stop_token, Receiver&) override { throw std::runtime_error("no memory"); }
};

// Its Write() blocks until GiveUp(), as that of a sink that tries and tries.
class PatientSink final : public Sink {
 public:
  absl::Status Write(absl::Span<const Event>) override {
    absl::MutexLock lock(mu_);
    ++writes_;
    mu_.Await(absl::Condition(&gave_up_));
    return absl::UnavailableError("no route");
  }
  void GiveUp() override {
    absl::MutexLock lock(mu_);
    gave_up_ = true;
  }
  void AwaitWrites(int n) {
    absl::MutexLock lock(mu_);
    const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return writes_ >= n; };
    mu_.Await(absl::Condition(&enough));
  }
  bool gave_up() {
    absl::MutexLock lock(mu_);
    return gave_up_;
  }

 private:
  absl::Mutex mu_;
  int writes_ ABSL_GUARDED_BY(mu_) = 0;
  bool gave_up_ ABSL_GUARDED_BY(mu_) = false;
};

// Takes everything, and counts what came after GiveUp().
class CalmSink final : public Sink {
 public:
  absl::Status Write(absl::Span<const Event>) override {
    ++(gave_up_ ? late_ : in_time_);
    return absl::OkStatus();
  }
  void GiveUp() override { gave_up_ = true; }

  int in_time() const { return in_time_; }
  int late() const { return late_; }
  bool gave_up() const { return gave_up_; }

 private:
  std::atomic<bool> gave_up_ = false;
  std::atomic<int> in_time_ = 0, late_ = 0;
};

// A Pipeline with recorders, run by a thread.
class PipelineTest : public ::testing::Test {
 protected:
  static EventQueueOptions AtOnce() { return {.flush_interval = absl::ZeroDuration()}; }

  void Make(EventQueueOptions queue = AtOnce()) {
    pipeline_ =
        std::make_unique<Pipeline>("pipe", clock_,
                                   PipelineOptions{.queue = queue,
                                                   .on_ready = [this] { ready_.Notify(); },
                                                   .on_error =
                                                       [this](absl::Status error) {
                                                         absl::MutexLock lock(mu_);
                                                         errors_.push_back(std::string(error.message()));
                                                       }});
  }
  // One source, which ends after one event; the drain may take 5 s.
  void MakeOfOneEventAndADrain() {
    Make({.flush_interval = absl::ZeroDuration(),
          .on_stop = OnStop::kDrain,
          .drain_timeout = absl::Seconds(5)});
    FakeSource& source = AddSource("one");
    source.Emit(ContainerEvent(Action::kContainerStart, "a"));
    source.Fail(absl::OkStatus());
  }
  FakeSource& AddSource(std::string name) {
    auto source = std::make_unique<FakeSource>(std::move(name));
    FakeSource& added = *source;
    pipeline_->AddSource(std::move(source));
    return added;
  }
  RecordingSink& AddSink() {
    auto sink = std::make_unique<RecordingSink>();
    RecordingSink& added = *sink;
    pipeline_->AddSink(std::move(sink));
    return added;
  }
  PatientSink& AddPatientSink() {
    auto sink = std::make_unique<PatientSink>();
    PatientSink& added = *sink;
    pipeline_->AddSink(std::move(sink));
    return added;
  }
  void Start() {
    thread_ = std::jthread([this](std::stop_token stop) { result_ = pipeline_->Run(stop); });
  }
  absl::Status Stop() {
    thread_.request_stop();
    return Join();
  }
  absl::Status Join() {
    thread_.join();
    return result_;
  }
  void AwaitErrors(std::size_t n) {
    absl::MutexLock lock(mu_);
    const auto enough = [this, n] { return errors_.size() >= n; };
    mu_.Await(absl::Condition(&enough));
  }

  FakeClock clock_;
  absl::Notification ready_;  // notified twice, it would end the process
  absl::Mutex mu_;
  std::vector<std::string> errors_;
  absl::Status result_;
  std::unique_ptr<Pipeline> pipeline_;
  std::jthread thread_;
};

TEST_F(PipelineTest, CarriesEventsOfAllSourcesToAllSinks) {
  Make();
  AddSource("one").Emit(ContainerEvent(Action::kContainerStart, "a"));
  AddSource("two").Emit(ContainerEvent(Action::kContainerStart, "b"));
  RecordingSink& first = AddSink();
  RecordingSink& second = AddSink();
  Start();
  const auto both =
      UnorderedElementsAre(IsEvent(Action::kContainerStart, "a"), IsEvent(Action::kContainerStart, "b"));
  EXPECT_THAT(first.WaitForCount(2), both);
  EXPECT_THAT(second.WaitForCount(2), both);
  EXPECT_TRUE(Stop().ok());
}

TEST_F(PipelineTest, IsReadyWhenAllSourcesAre) {
  Make();
  AddSource("one");
  FakeSource& failing = AddSource("two");
  failing.FailBeforeReady(absl::PermissionDeniedError("no"));
  AddSink();
  Start();
  ready_.WaitForNotification();
  EXPECT_EQ(Stop().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(PipelineTest, IsNeverReadyWhenNoSourceIs) {
  Make();
  AddSource("one").FailBeforeReady(absl::PermissionDeniedError("no"));
  AddSink();
  Start();
  EXPECT_EQ(Join(), absl::PermissionDeniedError("one: no"));
  EXPECT_FALSE(ready_.HasBeenNotified());
}

TEST_F(PipelineTest, ASourceThatFailsForGoodDoesNotStopTheOthers) {
  Make();
  AddSource("bad").Fail(absl::DataLossError("broken"));
  FakeSource& good = AddSource("good");
  RecordingSink& sink = AddSink();
  Start();
  AwaitErrors(1);
  good.Emit(ContainerEvent(Action::kContainerStart, "a"));
  EXPECT_THAT(sink.WaitForCount(1), SizeIs(1));
  EXPECT_EQ(Stop(), absl::DataLossError("bad: broken"));
}

TEST_F(PipelineTest, ASourceThatThrowsIsAFailureLikeAnother) {
  Make();
  pipeline_->AddSource(std::make_unique<ThrowingSource>());
  AddSink();
  Start();
  EXPECT_EQ(Join(), absl::InternalError("thrower: threw: std::runtime_error: no memory"));
}

TEST_F(PipelineTest, ReportsErrorsWithTheNameOfTheirSource) {
  Make();
  AddSource("one").Report(absl::NotFoundError("a line"));
  AddSink();
  Start();
  AwaitErrors(1);
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(errors_, Contains("one: a line"));
}

TEST_F(PipelineTest, ReportsWhatASinkRefuses) {
  Make();
  FakeSource& source = AddSource("one");
  RecordingSink& sink = AddSink();
  sink.FailNext(absl::ResourceExhaustedError("disk full"));
  source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  Start();
  AwaitErrors(1);
  source.Emit(ContainerEvent(Action::kContainerStop, "a"));
  EXPECT_THAT(sink.WaitForCount(1), Contains(IsEvent(Action::kContainerStop, "a")));
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(errors_, Contains(HasSubstr("disk full")));
}

TEST_F(PipelineTest, DrainsWhatWasEmittedBeforeTheStop) {
  Make({.flush_interval = absl::Hours(1), .capacity = 100, .on_stop = OnStop::kDrain});
  FakeSource& source = AddSource("one");
  for (int i = 0; i < 50; ++i) source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  RecordingSink& sink = AddSink();
  Start();
  source.AwaitIdle();
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(sink.events(), SizeIs(50));
}

TEST_F(PipelineTest, DiscardsLetASenderGoThatWaitsForRoom) {
  Make({.flush_interval = absl::Hours(1), .capacity = 1});
  FakeSource& source = AddSource("one");
  for (int i = 0; i < 3; ++i) source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  RecordingSink& sink = AddSink();
  Start();
  while (pipeline_->counters().waiting == 0) std::this_thread::yield();
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(sink.events(), SizeIs(0));
}

TEST_F(PipelineTest, EndsWhenAllSourcesHaveEnded) {
  Make({.flush_interval = absl::Hours(1), .capacity = 100, .on_stop = OnStop::kDrain});
  FakeSource& source = AddSource("one");
  source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  source.Fail(absl::OkStatus());
  RecordingSink& sink = AddSink();
  Start();
  EXPECT_TRUE(Join().ok());
  EXPECT_THAT(sink.events(), SizeIs(1));
}

TEST_F(PipelineTest, UnderDiscardAStopTellsSinksToGiveUpAtOnce) {
  Make();
  AddSource("one").Emit(ContainerEvent(Action::kContainerStart, "a"));
  PatientSink& sink = AddPatientSink();
  Start();
  sink.AwaitWrites(1);
  EXPECT_FALSE(sink.gave_up());
  EXPECT_TRUE(Stop().ok());  // no time passes
  EXPECT_THAT(errors_, Contains(HasSubstr("no route")));
}

TEST_F(PipelineTest, UnderDiscardASourceThatFlushesItselfIsLetGoToo) {
  Make({.flush_interval = absl::ZeroDuration(), .flush_on_sender = true});
  AddSource("one").Emit(ContainerEvent(Action::kContainerStart, "a"));
  PatientSink& sink = AddPatientSink();
  Start();
  sink.AwaitWrites(1);
  EXPECT_TRUE(Stop().ok());
}

TEST_F(PipelineTest, UnderDiscardAStopEndsTheTriesAndTheBatchIsADeadLetter) {
  Make();
  AddSource("one").Emit(ContainerEvent(Action::kContainerStart, "a"));
  auto far_side = std::make_unique<RecordingSink>();
  far_side->FailNext(absl::UnavailableError("no route"));
  std::vector<Event> dead;
  pipeline_->AddSink(std::make_unique<RetryingSink>(
      std::move(far_side), clock_,
      RetryingSinkOptions{.on_dead_letters = [&](absl::Span<const Event> batch, const absl::Status&) {
        dead.assign(batch.begin(), batch.end());
      }}));
  Start();
  clock_.AwaitTimers(1);  // between two tries
  EXPECT_TRUE(Stop().ok());
  EXPECT_THAT(dead, ElementsAre(IsEvent(Action::kContainerStart, "a")));
  EXPECT_THAT(errors_, Contains(HasSubstr("no route (given up after 1 try")));
}

TEST_F(PipelineTest, UnderDrainSinksGiveUpWhenTheDeadlineIsOver) {
  MakeOfOneEventAndADrain();
  PatientSink& sink = AddPatientSink();
  Start();
  sink.AwaitWrites(1);
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(5) - absl::Nanoseconds(1));
  clock_.AwaitTimers(1);
  EXPECT_FALSE(sink.gave_up());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(Join().ok());
  EXPECT_THAT(errors_, Contains(HasSubstr("no route")));  // Run() has waited for the Write()
}

TEST_F(PipelineTest, UnderDrainRunWaitsForAWriteThatDoesNotHeedTheDeadline) {
  MakeOfOneEventAndADrain();
  RecordingSink& sink = AddSink();
  sink.Hold();
  Start();
  sink.WaitForCount(1);
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(5));
  clock_.AwaitWaiters(1);  // Run() again, without a timer
  EXPECT_EQ(clock_.timers(), 0);
  sink.Release();
  EXPECT_TRUE(Join().ok());
}

TEST_F(PipelineTest, UnderDrainASourceThatWaitsForRoomIsLetGoWhenTheDeadlineIsOver) {
  Make({.flush_interval = absl::ZeroDuration(),
        .capacity = 1,
        .on_stop = OnStop::kDrain,
        .drain_timeout = absl::Seconds(5)});
  FakeSource& source = AddSource("one");
  source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  PatientSink& sink = AddPatientSink();
  Start();
  sink.AwaitWrites(1);
  for (int i = 0; i < 2; ++i) source.Emit(ContainerEvent(Action::kContainerStop, "a"));
  clock_.AwaitWaiters(1);  // the second finds the buffer full
  thread_.request_stop();
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(5) - absl::Nanoseconds(1));
  clock_.AwaitTimers(1);
  EXPECT_FALSE(sink.gave_up());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_TRUE(Join().ok());
  // All that it emitted was offered.
  EXPECT_EQ(pipeline_->counters().flushed, 3u);
  EXPECT_EQ(pipeline_->counters().refused, 0u);
}

TEST_F(PipelineTest, ADrainThatIsDoneInTimeHurriesNobody) {
  Make({.flush_interval = absl::Hours(1), .capacity = 100, .on_stop = OnStop::kDrain});
  FakeSource& source = AddSource("one");
  source.Emit(ContainerEvent(Action::kContainerStart, "a"));
  auto owned = std::make_unique<CalmSink>();
  CalmSink& sink = *owned;
  pipeline_->AddSink(std::move(owned));
  Start();
  source.AwaitIdle();
  EXPECT_FALSE(sink.gave_up());
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(sink.in_time(), 1);
  EXPECT_EQ(sink.late(), 0);
}

TEST_F(PipelineTest, RefusesToRunWithoutPartsOrTwice) {
  Make();
  EXPECT_EQ(pipeline_->Run({}).code(), absl::StatusCode::kInvalidArgument);
  Make();
  AddSource("one").Fail(absl::OkStatus());
  AddSink();
  EXPECT_TRUE(pipeline_->Run({}).ok());
  EXPECT_EQ(pipeline_->Run({}).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace lookout
