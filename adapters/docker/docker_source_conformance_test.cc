#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/source_conformance.h"

namespace lookout {
namespace {

class DockerHarness final : public SourceHarness {
 public:
  DockerHarness() : source_(*DockerSource::Create({.host = engine_.host()}, clock_)) {}
  ~DockerHarness() override { engine_.Stop(); }

  Source& source() override { return *source_; }

  void MakeEvent() override {
    absl::MutexLock lock(mu_);
    stream_->SendChunk(
        R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"name":"n"}},"timeNano":7})");
  }

 private:
  void Serve() {
    while (true) {
      if (!engine_.AnswerPing()) return;
      FakeEngineConnection stream = engine_.Accept();
      if (stream.ReadRequest().empty()) continue;
      // The source is ready from here on: MakeEvent() must find the new stream.
      absl::MutexLock lock(mu_);
      stream_ = std::move(stream);
      stream_->SendStreamHead();
    }
  }

  FakeDockerEngine engine_;
  FakeClock clock_;
  std::unique_ptr<DockerSource> source_;
  absl::Mutex mu_;
  std::optional<FakeEngineConnection> stream_ ABSL_GUARDED_BY(mu_);
  std::jthread server_{[this] { Serve(); }};
};

INSTANTIATE_TEST_SUITE_P(Docker, SourceConformanceTest, ::testing::Values(&MakeHarness<DockerHarness>));

}  // namespace
}  // namespace lookout
