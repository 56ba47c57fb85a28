// The Docker source's cases: how it ends. The clock stands still from where a stop is requested: nothing but
// the stop wakes the source. (From inside look-ups, connects and TLS: engine_connection_test.cc.)
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
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
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_container_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

using ::testing::IsEmpty;

// What a test is about: an engine, and a source that comes back after failures.
struct Scene {
  std::unique_ptr<Source> Make(DockerSourceOptions options = {}) {
    options.host = engine.host();
    return std::make_unique<RestartingSource>(*DockerSource::Create(std::move(options), clock), clock);
  }

  FakeClock clock;
  FakeContainerEngine engine{clock};
  RecordingReceiver receiver;
};

// Where a source is when it is stopped. `prepare` is called before it runs; `arrive` blocks until it is
// there; `leave` is called after it has ended.
struct Place {
  std::string name;
  std::function<void(Scene&)> prepare;
  std::function<void(Scene&)> arrive;
  std::function<void(Scene&)> leave;
};

void Nothing(Scene&) {}

void Thaw(Scene& scene) {
  scene.engine.SetBeforeSubscribe(nullptr);
  scene.engine.SetAfterLook(nullptr);
  scene.engine.Thaw();
}

std::vector<Place> Places() {
  return {
      {"ping", [](Scene& s) { s.engine.Freeze(); }, [](Scene& s) { s.clock.AwaitTimers(1); }, Thaw},
      {"mark", [](Scene& s) { s.engine.SetBeforeSubscribe([&s] { s.engine.Freeze(); }); },
       [](Scene& s) {
         s.engine.AwaitRequests("/events", 1);
         s.clock.AwaitTimers(1);
       },
       Thaw},
      {"list", [](Scene& s) { s.engine.SetAfterLook([&s] { s.engine.Freeze(); }); },
       [](Scene& s) {
         s.engine.AwaitRequests("/containers/json", 1);
         s.clock.AwaitTimers(1);
       },
       Thaw},
      {"idle stream", Nothing,
       [](Scene& s) {
         s.receiver.WaitForReady();
         s.clock.AwaitWaiters(2);
       },
       Nothing},
      {"withheld head", [](Scene& s) { s.engine.WithholdHeads(true); },
       [](Scene& s) {
         s.receiver.WaitForReady();
         s.clock.AwaitWaiters(2);
       },
       [](Scene& s) { s.engine.WithholdHeads(false); }},
      {"liveness", Nothing,
       [](Scene& s) {
         s.receiver.WaitForReady();
         s.clock.AwaitTimers(1);
         s.engine.Freeze();
         s.clock.Advance(absl::Seconds(30));
         s.clock.AwaitTimers(1);
       },
       Thaw},
      {"back-off", [](Scene& s) { s.engine.Down(); },
       [](Scene& s) {
         s.receiver.WaitForErrors(1);
         s.clock.AwaitTimers(1);
       },
       [](Scene& s) { s.engine.Up(); }},
      {"back-off after a cut", Nothing,
       [](Scene& s) {
         s.receiver.WaitForReady();
         s.engine.AwaitStreams(1);
         s.engine.BreakStreams();
         s.receiver.WaitForErrors(1);
         s.clock.AwaitTimers(1);
       },
       Nothing},
  };
}

// "" if the source ends well, and tells nothing.
void StopAt(const Place& place, Scene& scene) {
  SCOPED_TRACE(place.name);
  place.prepare(scene);
  const std::unique_ptr<Source> source = scene.Make();
  {
    SourceRun run(*source, scene.receiver);
    place.arrive(scene);
    EXPECT_EQ(run.Stop(), absl::OkStatus());
  }
  EXPECT_THAT(scene.receiver.events(), IsEmpty());
  place.leave(scene);
}

TEST(DockerCasesLifecycleTest, StopsWhereverItIs) {
  for (const Place& place : Places()) {
    Scene scene;
    StopAt(place, scene);
  }
}

// Ends once stop was requested from inside one of its calls, and must not be called after that run.
class StoppingReceiver final : public Receiver {
 public:
  std::function<void()> on_ready = [] {};
  std::function<void()> on_event = [] {};

  void OnReady() override {
    Note();
    on_ready();
  }
  bool OnEvent(Event) override {
    Note();
    if (stop.stop_requested()) ++events_after_stop;
    ++events;
    on_event();
    return true;
  }
  void OnError(absl::Status) override { Note(); }

  void Note() { EXPECT_FALSE(ended) << "called after Run() returned"; }

  std::stop_source stop;
  int events = 0;
  int events_after_stop = 0;
  bool ended = false;
};

TEST(DockerCasesLifecycleTest, StopsFromInsideOnReady) {
  Scene scene;
  const std::unique_ptr<Source> source = scene.Make({.initial = true});
  scene.engine.Run("web");
  StoppingReceiver receiver;
  receiver.on_ready = [&] { receiver.stop.request_stop(); };
  EXPECT_EQ(source->Run(receiver.stop.get_token(), receiver), absl::OkStatus());
  receiver.ended = true;
  scene.engine.RunOnce("web2");
}

TEST(DockerCasesLifecycleTest, StopsFromInsideOnEvent) {
  Scene scene;
  const std::unique_ptr<Source> source = scene.Make();
  StoppingReceiver receiver;
  receiver.on_ready = [&] { scene.engine.RunOnce("web", 10); };
  receiver.on_event = [&] {
    if (receiver.events == 3) receiver.stop.request_stop();
  };
  EXPECT_EQ(source->Run(receiver.stop.get_token(), receiver), absl::OkStatus());
  receiver.ended = true;
  scene.engine.RunOnce("after", 10);
}

// What waits to be told when the stop comes is not told first.
TEST(DockerCasesLifecycleTest, StopsWithMuchAtHand) {
  Scene scene;
  const std::unique_ptr<Source> source = scene.Make({.max_buffered_bytes = 4'000'000});
  StoppingReceiver receiver;
  receiver.on_ready = [&] { scene.engine.Create("first"); };
  receiver.on_event = [&] {
    if (receiver.events == 1) {
      scene.engine.AwaitStreams(1);
      scene.engine.Flood(20'000);  // more than fits: the source gives up the stream
      scene.engine.AwaitNoStreams();
    } else {
      receiver.stop.request_stop();
    }
  };
  EXPECT_EQ(source->Run(receiver.stop.get_token(), receiver), absl::OkStatus());
  EXPECT_LE(receiver.events_after_stop, 500) << "but for what was handed over together";
}

TEST(DockerCasesLifecycleTest, StopsInAFlood) {
  Scene scene;
  scene.engine.PrepareFlood(4'000);
  const std::unique_ptr<Source> source = scene.Make();
  SourceRun run(*source, scene.receiver);
  scene.receiver.WaitForReady();
  scene.engine.AwaitStreams(1);
  for (int i = 0; i < 5; ++i) scene.engine.Flood();
  scene.receiver.WaitForCount(100);
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

std::size_t CountIn(const char* directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), std::filesystem::directory_iterator()));
}

struct Resources {
  std::size_t descriptors = 0, threads = 0;
};

// What the process has; a thread that was joined may be there for a moment still.
Resources Count(Resources expected = {}) {
  Resources count;
  for (int i = 0; i < 100'000; ++i) {
    count = {.descriptors = CountIn("/proc/self/fd"), .threads = CountIn("/proc/self/task")};
    if (i > 100 && (count.threads <= expected.threads || expected.threads == 0)) break;
    std::this_thread::yield();
  }
  return count;
}

TEST(DockerCasesLifecycleTest, AThousandRunsLeakNothing) {
  const std::vector<Place> places = Places();
  const auto run = [&](int times) {
    for (int i = 0; i < times; ++i) {
      Scene scene;
      StopAt(places[static_cast<std::size_t>(i) % places.size()], scene);
    }
  };
  run(static_cast<int>(places.size()));
  const Resources before = Count();
  run(1000);
  const Resources after = Count(before);
  EXPECT_LE(after.descriptors, before.descriptors);
  EXPECT_LE(after.threads, before.threads);
}

// The same source, again and again: it goes on from where it was, and keeps nothing of a run.
TEST(DockerCasesLifecycleTest, AHundredRunsOfOneSourceLeakNothing) {
  Scene scene;
  const std::unique_ptr<Source> source = scene.Make();
  int told = 0;
  const auto run = [&](int times) {
    for (int i = 0; i < times; ++i) {
      RecordingReceiver receiver;
      SourceRun one(*source, receiver);
      receiver.WaitForReady();
      scene.engine.Create(absl::StrCat("web", ++told));
      receiver.WaitForCount(1);
      EXPECT_EQ(receiver.events().size(), 1u);
      EXPECT_EQ(receiver.events()[0].actor_name, absl::StrCat("web", told));
      EXPECT_EQ(one.Stop(), absl::OkStatus());
      scene.engine.AwaitNoStreams();
    }
  };
  run(10);
  const Resources before = Count();
  run(100);
  // The engine's own connections come and go; it closes those that are over with the next.
  const Resources after = Count(before);
  EXPECT_LE(after.descriptors, before.descriptors + 20);
  EXPECT_LE(after.threads, before.threads + 10);
}

}  // namespace
}  // namespace lookout
