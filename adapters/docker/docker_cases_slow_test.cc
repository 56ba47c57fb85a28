// The Docker source's cases: receivers that are slower than an engine, which is always listened to.
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_case.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/watchers/pipeline.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Some 300 events: what the engine remembers fits.
constexpr std::size_t kSome = 120'000;

class DockerCasesSlowTest : public DockerCase {
 protected:
  // Has the receiver wait at "create first", and then the engine make containers of which the source cannot
  // keep all, so that it gives up the connection. Returns what happened.
  std::vector<std::string> Overflow() {
    std::vector<std::string> happened = {"create first"};
    gate_.Shut();
    engine().Create("first");
    gate_.AwaitWaiting();
    for (int i = 0; i < 400; ++i) {
      engine().Create(absl::StrCat("web", i));
      happened.push_back(absl::StrCat("create web", i));
    }
    engine().AwaitNoStreams();
    EXPECT_EQ(engine().lost_events(), 0u);
    return happened;
  }
};

// What is not read stays in the socket, which holds some 200 kB: an engine that could send all of it is
// listened to.
TEST_F(DockerCasesSlowTest, SinkStalledWith5000EventsAndTheSocketIsDrained) {
  FakeDockerEngine engine;
  Begin({.host = engine.host()});
  FakeEngineConnection stream = engine.AcceptEvents();
  const auto send = [&](int i) {
    stream.SendChunk(absl::StrCat(R"({"Type":"container","Action":"create","Actor":{"ID":"id)", i,
                                  R"(","Attributes":{"image":")", std::string(400, 'i'), R"(","name":"web)",
                                  i, R"("}},"timeNano":)", i, "}\n"));
  };
  gate_.Shut();
  send(0);
  gate_.AwaitWaiting();
  for (int i = 1; i < 5000; ++i) send(i);
  gate_.Open();
  const std::vector<std::string> told = Words(receiver_.WaitForCount(5000));
  ASSERT_THAT(told, SizeIs(5000));
  for (std::size_t i = 0; i < told.size(); ++i) ASSERT_EQ(told[i], absl::StrCat("create web", i));
  EXPECT_EQ(run().Stop(), absl::OkStatus());
  EXPECT_EQ(counters().losses, 0u);
  EXPECT_EQ(counters().emitted, 5000u);
}

TEST_F(DockerCasesSlowTest, OverflowCostsNoEventThatIsRemembered) {
  StartRestarting({.max_buffered_bytes = kSome});
  const std::vector<std::string> happened = Overflow();
  gate_.Open();
  EXPECT_THAT(std::string(receiver_.WaitForErrors(1)[0].message()), HasSubstr("given up"));
  Retry();
  EXPECT_EQ(AwaitTold(happened.size()), happened);
  Settle();
  EXPECT_EQ(Told(), happened);
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesSlowTest, OverflowCostsOneForceReloadAndNoEventThatWasRead) {
  StartRestarting({.max_buffered_bytes = kSome});
  const std::vector<std::string> happened = Overflow();
  engine().OtherEvents(300);
  engine().Run("unseen");
  gate_.Open();
  receiver_.WaitForErrors(1);
  Retry();
  // Those that were not read are made up for by the list.
  const std::vector<std::string> told = AwaitTold(happened.size() + 3);
  for (const std::string& word : happened) {
    EXPECT_EQ(Count(told, word) + Count(told, word + "*"), 1) << word;
  }
  std::size_t read = 0;
  while (read < happened.size() && told[read] == happened[read]) ++read;
  EXPECT_GT(read, 256u);
  EXPECT_LT(read, 400u);
  EXPECT_EQ(Count(told, "ForceReload"), 1);
  EXPECT_EQ(told.back(), "ForceReload");
  Settle();
  EXPECT_EQ(Told(), told);
  EXPECT_EQ(counters().losses, 1u);
}

// The receiver blocks for as long as it likes: what comes meanwhile waits in the source.
TEST_F(DockerCasesSlowTest, ManyStalls) {
  Start();
  std::vector<std::string> expected;
  for (int round = 0; round < 10; ++round) {
    gate_.Shut();
    for (int i = 0; i < 50; ++i) {
      engine().RunOnce(absl::StrCat("web", round, "-", i));
      for (absl::string_view verb : {"create", "start", "die", "destroy"}) {
        expected.push_back(absl::StrCat(verb, " web", round, "-", i));
      }
      if (i == 0) gate_.AwaitWaiting();
    }
    gate_.Open();
    EXPECT_EQ(AwaitTold(expected.size()), expected);
  }
  EXPECT_EQ(engine().lost_events(), 0u);
}

class DockerCasesPipelineTest : public DockerCase {
 protected:
  void RunPipeline(EventQueueOptions queue) {
    PipelineOptions options;
    options.queue = queue;
    options.on_ready = [this] { ready_.OnReady(); };
    pipeline_ = std::make_unique<Pipeline>("docker", clock_, std::move(options));
    pipeline_->AddSource(
        std::make_unique<RestartingSource>(*DockerSource::Create({.host = engine().host()}, clock_), clock_));
    auto sink = std::make_unique<RecordingSink>();
    sink_ = sink.get();
    pipeline_->AddSink(std::move(sink));
    thread_ = std::jthread([this](std::stop_token stop) { result_ = pipeline_->Run(stop); });
    ready_.WaitForReady();
    engine().AwaitStreams(1);
  }
  void Stop() {
    thread_.request_stop();
    thread_.join();
    EXPECT_EQ(result_, absl::OkStatus());
  }

  RecordingReceiver ready_;
  std::unique_ptr<Pipeline> pipeline_;
  RecordingSink* sink_ = nullptr;  // the pipeline's
  absl::Status result_;
  std::jthread thread_;
};

TEST_F(DockerCasesPipelineTest, SlowSinkThatEachSenderWaitsFor) {
  RunPipeline({.flush_interval = absl::ZeroDuration(), .capacity = 10, .on_stop = OnStop::kDrain});
  sink_->Hold();
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    engine().RunOnce(absl::StrCat("web", i));
    for (absl::string_view verb : {"create", "start", "die", "destroy"}) {
      expected.push_back(absl::StrCat(verb, " web", i));
    }
    if (i == 0) sink_->WaitForCount(1);
  }
  sink_->Release();
  EXPECT_EQ(Words(sink_->WaitForCount(expected.size())), expected);
  Stop();
  EXPECT_EQ(engine().lost_events(), 0u);
}

TEST_F(DockerCasesPipelineTest, SlowSinkWhoseQueueDropsAndSaysSoOnce) {
  RunPipeline({.flush_interval = absl::ZeroDuration(),
               .capacity = 10,
               .when_full = WhenFull::kDropNewest,
               .on_stop = OnStop::kDrain});
  sink_->Hold();
  engine().Create("first");
  sink_->WaitForCount(1);
  for (int i = 0; i < 100; ++i) engine().Create(absl::StrCat("web", i));
  while (pipeline_->counters().received < 101) std::this_thread::yield();
  sink_->Release();
  const std::vector<Event> events = sink_->WaitForCount(12);
  Stop();
  EXPECT_EQ(Count(Words(sink_->events()), "ForceReload"), 1) << "the queue's own";
  EXPECT_THAT(sink_->events(), SizeIs(12));
}

TEST_F(DockerCasesPipelineTest, AnEngineThatRestartsEndsInItsRealStates) {
  RunPipeline({.flush_interval = absl::ZeroDuration(), .on_stop = OnStop::kDrain});
  engine().Run("web");
  engine().Run("db");
  sink_->WaitForCount(4);
  engine().Down();
  engine().DieSilently("web");
  engine().Up();
  // Whatever the pause is, and whether it has begun.
  while (sink_->events().size() < 6) {
    clock_.Advance(absl::Milliseconds(10));
    std::this_thread::yield();
  }
  Stop();
  EXPECT_THAT(Words(sink_->events()),
              ElementsAre("create web", "start web", "create db", "start db", "die web*", "ForceReload"));
}

}  // namespace
}  // namespace lookout
