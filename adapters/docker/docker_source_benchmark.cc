// What an event costs on its whole way, from an engine's unix socket to a Receiver.
//
//   ./bazelw run -c opt //adapters/docker:docker_source_benchmark
//
// Items are events. An engine in this process sends them as fast as the socket takes them; CPU is the whole
// process's, the engine's sending and the thread that reads the socket included. Each iteration connects
// anew. tools/bench/docker_stream.sh measures the command, beside the docker command.
#include <cstdint>
#include <memory>

#include "absl/log/check.h"
#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_container_engine.h"

namespace lookout {
namespace {

// Within what may wait for a receiver (DockerSourceOptions::max_buffered_bytes).
constexpr int kEvents = 100'000;

// Lets the flood come when it is ready, and takes no more after its last event.
class CountingReceiver final : public Receiver {
 public:
  explicit CountingReceiver(FakeContainerEngine& engine) : engine_(engine) {}

  // It may be ready before the engine has subscribed it; a flood is not remembered for later.
  void OnReady() override {
    engine_.AwaitStreams(1);
    engine_.Flood();
  }
  bool OnEvent(Event event) override {
    CHECK(event.action != Action::kForceReload) << event.attributes.Get(kReason);
    return ++events_ < kEvents;
  }
  bool OnEvents(absl::Span<Event> events) override {
    benchmark::DoNotOptimize(events.data());
    events_ += static_cast<int>(events.size());
    return events_ < kEvents;
  }
  void OnError(absl::Status error) override { LOG(FATAL) << error; }

  int events() const { return events_; }

 private:
  FakeContainerEngine& engine_;
  int events_ = 0;
};

void BM_SocketToReceiver(benchmark::State& state) {
  absl::Clock& clock = absl::Clock::GetRealClock();
  FakeContainerEngine engine(clock);
  engine.PrepareFlood(kEvents);
  for (auto _ : state) {
    const absl::StatusOr<std::unique_ptr<DockerSource>> source =
        DockerSource::Create({.host = engine.host()}, clock);
    CHECK_OK(source);
    CountingReceiver receiver(engine);
    CHECK_OK((*source)->Run({}, receiver));
    CHECK_EQ(receiver.events(), kEvents);
    engine.AwaitNoStreams();
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{kEvents});
}
BENCHMARK(BM_SocketToReceiver)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace lookout
