// What the tests of DockerSource against a played engine share.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_HARNESS_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_HARNESS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout::docker_internal {

inline std::string Message(absl::string_view action, absl::string_view name) {
  return absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":"id-)", name,
                      R"(","Attributes":{"name":")", name, R"("}},"timeNano":7})", "\n");
}

class DockerSourceHarness : public ::testing::Test {
 protected:
  DockerSourceHarness() : source_(Make({.host = engine_.host()})) {}

  std::unique_ptr<DockerSource> Make(DockerSourceOptions options) {
    auto source = DockerSource::Create(std::move(options), clock_);
    EXPECT_TRUE(source.ok()) << source.status();
    return *std::move(source);
  }
  void Run() { run_.emplace(*source_, receiver_); }

  FakeDockerEngine engine_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<DockerSource> source_;
  std::optional<SourceRun> run_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_HARNESS_H_
