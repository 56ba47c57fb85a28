#include <memory>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_container_engine.h"
#include "lookout/testing/source_conformance.h"

namespace lookout {
namespace {

class DockerHarness final : public SourceHarness {
 public:
  DockerHarness() : source_(*DockerSource::Create({.host = engine_.host()}, clock_)) {}

  Source& source() override { return *source_; }

  void MakeEvent() override { engine_.Create(absl::StrCat("web", ++made_)); }

 private:
  FakeClock clock_;
  FakeContainerEngine engine_{clock_};
  std::unique_ptr<DockerSource> source_;
  int made_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Docker, SourceConformanceTest, ::testing::Values(&MakeHarness<DockerHarness>));

}  // namespace
}  // namespace lookout
