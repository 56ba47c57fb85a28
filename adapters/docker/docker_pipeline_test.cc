// The recordings through the whole way: engine, source, restarts, queue, sink.
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/watchers/pipeline.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class DockerPipelineTest : public ::testing::TestWithParam<std::string> {
 protected:
  DockerPipelineTest() {
    PipelineOptions options;
    options.queue.flush_interval = absl::ZeroDuration();
    options.queue.on_stop = OnStop::kDrain;
    options.on_error = [this](absl::Status error) { errors_.OnError(std::move(error)); };
    pipeline_ = std::make_unique<Pipeline>("docker", clock_, std::move(options));
    pipeline_->AddSource(
        std::make_unique<RestartingSource>(*DockerSource::Create({.host = engine_.host()}, clock_), clock_));
    auto sink = std::make_unique<RecordingSink>();
    sink_ = sink.get();
    pipeline_->AddSink(std::move(sink));
    thread_ = std::jthread([this](std::stop_token stop) { result_ = pipeline_->Run(stop); });
  }
  void Stop() {
    thread_.request_stop();
    thread_.join();
    EXPECT_EQ(result_, absl::OkStatus());
  }

  FakeClock clock_;
  FakeDockerEngine engine_;
  RecordingReceiver errors_;
  std::unique_ptr<Pipeline> pipeline_;
  RecordingSink* sink_ = nullptr;  // the pipeline's
  absl::Status result_;
  std::jthread thread_;
};

TEST_P(DockerPipelineTest, ARecordingArrivesWithExactCountsInItsOrder) {
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(ReadTestData(GetParam()));
  sink_->WaitForCount(213);
  Stop();
  std::map<std::string, int> actions;
  for (const Event& event : sink_->events()) ++actions[ActionName(event.action)];
  EXPECT_THAT(actions, UnorderedElementsAre(Pair("create", 48), Pair("start", 52), Pair("pause", 1),
                                            Pair("unpause", 1), Pair("kill", 9), Pair("die", 52),
                                            Pair("stop", 2), Pair("destroy", 48)));
  EXPECT_EQ(pipeline_->counters().flushed, 213u);
}

INSTANTIATE_TEST_SUITE_P(Engines, DockerPipelineTest,
                         ::testing::Values("docker-20.10-events.ndjson",
                                           "docker-20.10-events-v1.41-containers.ndjson",
                                           "docker-28.5-events.ndjson",
                                           "docker-28.5-events-v1.41-containers.ndjson"),
                         [](const auto& param) { return "Recording" + std::to_string(param.index); });

class DockerRestartTest : public DockerPipelineTest {};

TEST_P(DockerRestartTest, AnEngineThatForgotIsHeardAgainAndAForceReloadSaysSo) {
  const auto line = [](absl::string_view action) {
    return absl::StrCat(R"({"Type":"container","Action":")", action,
                        R"(","Actor":{"ID":"i","Attributes":{"name":"web"}},"timeNano":7})");
  };
  constexpr absl::string_view kPaused = R"([{"Id":"i","Names":["/web"],"State":"paused"}])";
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(line("start"));
  sink_->WaitForCount(1);
  stream.Close();
  errors_.WaitForErrors(1);
  clock_.AwaitTimers(1);  // it waits before it tries again
  clock_.Advance(absl::Seconds(30));
  stream = engine_.AcceptAgain(line("pause"));
  EXPECT_TRUE(engine_.Answer("/containers/json", kPaused));
  EXPECT_TRUE(engine_.Answer("until=", line("pause")));
  EXPECT_THAT(sink_->WaitForCount(3),
              ElementsAre(IsEvent(Action::kContainerStart, "web"), IsEvent(Action::kContainerPause, "web"),
                          IsForceReload(engine_.host())));
  Stop();
}

INSTANTIATE_TEST_SUITE_P(Restart, DockerRestartTest, ::testing::Values(""));

}  // namespace
}  // namespace lookout
