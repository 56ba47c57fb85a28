// No test waits for time: the clock stands still unless a test moves it.
#include "lookout/adapters/docker/stream_pump.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/hang_up.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;

// A stream that says what the test tells it to, in the test's own thread.
class Script {
 public:
  ~Script() { ::close(end_fd_); }

  StreamPump::Run run() {
    return [this](StoppableWait& wait, StreamEvents events) {
      events_ = &events;
      begun_.Notify();
      absl::Status stopped = wait.For(end_fd_, POLLIN, absl::InfiniteDuration());
      absl::MutexLock lock(mu_);
      return stopped.ok() ? end_ : stopped;
    };
  }

  StreamEvents& events() {
    begun_.WaitForNotification();
    return *events_;
  }
  void Say(absl::string_view bytes) { EXPECT_TRUE(events().on_data(bytes)); }
  void End(absl::Status end) {
    begun_.WaitForNotification();
    absl::MutexLock lock(mu_);
    end_ = std::move(end);
    ::eventfd_write(end_fd_, 1);
  }

 private:
  const int end_fd_ = ::eventfd(0, EFD_CLOEXEC);
  absl::Notification begun_;
  StreamEvents* events_ = nullptr;
  absl::Mutex mu_;
  absl::Status end_ ABSL_GUARDED_BY(mu_);
};

// The bytes, "nothing", or the end's message.
std::string Show(const absl::StatusOr<std::string>& bytes) {
  if (!bytes.ok()) return bytes.status().ToString();
  return bytes->empty() ? "nothing" : *bytes;
}

class StreamPumpTest : public ::testing::Test {
 protected:
  std::string Next(StreamPump& pump, absl::Duration timeout = absl::ZeroDuration()) {
    return Show(pump.Next(timeout, {}));
  }

  FakeClock clock_;
  Script script_;
};

TEST_F(StreamPumpTest, HandsOverAllThatIsThereAtOnce) {
  StreamPump pump(script_.run(), {}, clock_);
  EXPECT_EQ(Next(pump), "nothing");
  script_.Say("a\n");
  script_.Say("b\n");
  EXPECT_EQ(Next(pump), "a\nb\n");
  EXPECT_EQ(Next(pump), "nothing");
  EXPECT_EQ(pump.counters().received_bytes, 4u);
  EXPECT_EQ(pump.counters().wakeups, 0u) << "nobody waited";
}

TEST_F(StreamPumpTest, AReaderThatWaitsIsWokenOnceForAllThatComes) {
  StreamPump pump(script_.run(), {}, clock_);
  std::string got;
  std::thread reader([&] { got = Next(pump, absl::InfiniteDuration()); });
  clock_.AwaitWaiters(2);  // the script's end, and the reader
  for (int i = 0; i < 2000; ++i) script_.Say("x\n");
  reader.join();
  got += Next(pump);
  EXPECT_EQ(absl::StripSuffix(got, "nothing").size(), 4000u);
  EXPECT_EQ(pump.counters().wakeups, 1u);
}

TEST_F(StreamPumpTest, WaitsNoLongerThanTold) {
  StreamPump pump(script_.run(), {}, clock_);
  std::string got;
  std::thread reader([&] { got = Next(pump, absl::Seconds(30)); });
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(30));
  reader.join();
  EXPECT_EQ(got, "nothing");
}

TEST_F(StreamPumpTest, AtTheBoundTheStreamIsGivenUpAndWhatWasReadStays) {
  StreamPump pump(script_.run(), {.max_buffered_bytes = 8}, clock_);
  script_.Say("1234567\n");
  EXPECT_FALSE(script_.events().on_data("9\n")) << "no more is wanted";
  script_.End(absl::CancelledError("as the client says then"));
  EXPECT_EQ(Next(pump, absl::InfiniteDuration()), "1234567\n");
  EXPECT_EQ(Next(pump, absl::InfiniteDuration()),
            "RESOURCE_EXHAUSTED: given up: 8 bytes of events wait to be taken");
}

TEST_F(StreamPumpTest, TheBoundIsOfWhatIsNotTakenYet) {
  StreamPump pump(script_.run(), {.max_buffered_bytes = 8}, clock_);
  for (int i = 0; i < 100; ++i) {
    script_.Say("1234567\n");
    EXPECT_EQ(Next(pump), "1234567\n");
  }
}

TEST_F(StreamPumpTest, MemoryIsBoundedWhileNobodyReads) {
  StreamPump pump(script_.run(), {.max_buffered_bytes = 100'000}, clock_);
  const std::string piece(999, 'x');
  for (int i = 0; i < 100; ++i) script_.Say(piece);
  EXPECT_FALSE(script_.events().on_data(piece));
  const auto bytes = pump.Next(absl::ZeroDuration(), {});
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->size(), 99'900u);
  EXPECT_LE(bytes->capacity(), 200'000u);
}

TEST_F(StreamPumpTest, ABufferIsUsedAgain) {
  StreamPump pump(script_.run(), {}, clock_);
  std::string spare(1000, 'x');
  const void* const first = spare.data();
  EXPECT_TRUE(pump.Next(absl::ZeroDuration(), {}, "").ok());
  script_.Say("a\n");
  EXPECT_EQ(pump.Next(absl::ZeroDuration(), {}, std::move(spare)).value(), "a\n");
  script_.Say("b\n");
  const auto chunk = pump.Next(absl::ZeroDuration(), {});
  EXPECT_EQ(*chunk, "b\n");
  EXPECT_EQ(chunk->data(), first);
}

TEST_F(StreamPumpTest, TheEndComesAfterAllBytesAndStays) {
  StreamPump pump(script_.run(), {}, clock_);
  script_.Say("a\n");
  script_.End(absl::UnavailableError("the end"));
  std::string got = Next(pump, absl::InfiniteDuration());
  EXPECT_EQ(got, "a\n");
  EXPECT_EQ(Next(pump, absl::InfiniteDuration()), "UNAVAILABLE: the end");
  EXPECT_EQ(Next(pump, absl::InfiniteDuration()), "UNAVAILABLE: the end");
}

TEST_F(StreamPumpTest, SaysWhenTheRequestIsSentAndTheHeadIsThere) {
  StreamPump pump(script_.run(), {}, clock_);
  absl::Notification sent;
  std::thread reader([&] {
    EXPECT_EQ(pump.AwaitSent({}), absl::OkStatus());
    sent.Notify();
  });
  clock_.AwaitWaiters(2);
  EXPECT_FALSE(sent.HasBeenNotified());
  EXPECT_TRUE(script_.events().on_sent());
  reader.join();
  EXPECT_FALSE(pump.head_seen());
  EXPECT_TRUE(script_.events().on_head());
  EXPECT_TRUE(pump.head_seen());
}

TEST_F(StreamPumpTest, ARequestThatIsNotSentSaysWhy) {
  StreamPump pump(script_.run(), {}, clock_);
  script_.End(absl::PermissionDeniedError("no"));
  EXPECT_EQ(pump.AwaitSent({}), absl::PermissionDeniedError("no"));
  EXPECT_EQ(Next(pump, absl::InfiniteDuration()), "PERMISSION_DENIED: no");
}

TEST_F(StreamPumpTest, AReaderThatIsStoppedReturnsAndMayComeAgain) {
  StreamPump pump(script_.run(), {}, clock_);
  for (const bool sent : {false, true}) {
    std::stop_source stop;
    absl::Status status;
    std::thread reader([&] {
      status = sent ? pump.Next(absl::InfiniteDuration(), stop.get_token()).status()
                    : pump.AwaitSent(stop.get_token());
    });
    clock_.AwaitWaiters(2);
    stop.request_stop();
    reader.join();
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  }
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(pump.Next(absl::InfiniteDuration(), stopped.get_token()).status().code(),
            absl::StatusCode::kCancelled);
  script_.Say("a\n");
  EXPECT_EQ(Next(pump), "a\n");
}

TEST_F(StreamPumpTest, QuietIsCountedFromTheLastSign) {
  StreamPump pump(script_.run(), {}, clock_);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(pump.quiet_for(), absl::Seconds(5));
  EXPECT_TRUE(script_.events().on_sent());
  EXPECT_EQ(pump.quiet_for(), absl::ZeroDuration());
  clock_.Advance(absl::Seconds(2));
  clock_.StepWallClock(-absl::Hours(5));
  EXPECT_EQ(pump.quiet_for(), absl::Seconds(2));
  script_.Say("a\n");
  EXPECT_EQ(pump.quiet_for(), absl::ZeroDuration());
}

// Against an engine on a socket.
class StreamPumpSocketTest : public ::testing::Test {
 protected:
  std::unique_ptr<StreamPump> Start(absl::Duration timeout = absl::Seconds(10)) {
    return std::make_unique<StreamPump>(
        EngineClient(*ParseDockerEndpoint(engine_.host()), timeout, resolver_), "/events?since=0",
        StreamPumpOptions{}, clock_);
  }
  FakeEngineConnection Accept() {
    FakeEngineConnection connection = engine_.Accept();
    EXPECT_THAT(connection.ReadRequest(), HasSubstr("GET /events?since=0 HTTP/1.1\r\n"));
    return connection;
  }

  FakeClock clock_;
  HostResolver resolver_;
  FakeDockerEngine engine_;
};

TEST_F(StreamPumpSocketTest, ReadsWhatTheEngineSaysUntilItEnds) {
  const auto pump = Start();
  FakeEngineConnection stream = Accept();
  EXPECT_EQ(pump->AwaitSent({}), absl::OkStatus());
  stream.SendStreamHead();
  stream.SendChunk("a\n");
  EXPECT_EQ(Show(pump->Next(absl::InfiniteDuration(), {})), "a\n");
  EXPECT_TRUE(pump->head_seen());
  stream.Send("0\r\n\r\n");
  EXPECT_EQ(Show(pump->Next(absl::InfiniteDuration(), {})),
            Show(HangUp(absl::StrCat(engine_.host(), ": the engine ended the stream"))));
}

TEST_F(StreamPumpSocketTest, IsSentAlthoughTheHeadIsWithheldForHours) {
  const auto pump = Start();
  FakeEngineConnection stream = Accept();
  EXPECT_EQ(pump->AwaitSent({}), absl::OkStatus());
  clock_.AwaitWaiters(1);
  EXPECT_EQ(clock_.timers(), 0);
  clock_.Advance(absl::Hours(10));
  EXPECT_FALSE(pump->head_seen());
  stream.SendStreamHead();
  stream.SendChunk("a\n");
  EXPECT_EQ(Show(pump->Next(absl::InfiniteDuration(), {})), "a\n");
}

TEST_F(StreamPumpSocketTest, AHeadThatStopsHalfwayIsGivenUp) {
  const auto pump = Start(absl::Seconds(3));
  FakeEngineConnection stream = Accept();
  stream.Send("HTTP/1.1 200 OK\r\n");
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(pump->Next(absl::InfiniteDuration(), {}).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(StreamPumpSocketTest, ARefusalComesOutInTheEnginesWords) {
  const auto pump = Start();
  FakeEngineConnection stream = Accept();
  EXPECT_EQ(pump->AwaitSent({}), absl::OkStatus());
  stream.SendReply("403 Forbidden", "", "<html>\n\n  no</html>");
  EXPECT_EQ(Show(pump->Next(absl::InfiniteDuration(), {})),
            absl::StrCat("PERMISSION_DENIED: ", engine_.host(),
                         ": events: the engine answers 403 \"<html> no</html>\""));
}

TEST_F(StreamPumpSocketTest, TheSocketIsReadWhileNobodyTakesAnything) {
  const auto pump = Start();
  FakeEngineConnection stream = Accept();
  stream.SendStreamHead();
  const std::string chunk(10'000, 'x');
  for (int i = 0; i < 1000; ++i) stream.SendChunk(chunk);  // blocks for ever if it were not read
  stream.Close();
  std::size_t got = 0;
  while (true) {
    const auto next = pump->Next(absl::InfiniteDuration(), {});
    if (!next.ok()) break;
    got += next->size();
  }
  EXPECT_EQ(got, 10'000'000u);
}

// The stops below need nothing but themselves: the clock stands still.
TEST_F(StreamPumpSocketTest, StopsBeforeTheHeadIdleAndWithinAChunk) {
  for (const std::string begun : {"none", "head", "chunk"}) {
    auto pump = Start();
    FakeEngineConnection stream = Accept();
    if (begun != "none") stream.SendStreamHead();
    if (begun == "chunk") {
      stream.Send("9\r\nabc");
      EXPECT_EQ(Show(pump->Next(absl::InfiniteDuration(), {})), "abc");
    }
    clock_.AwaitWaiters(1);
    pump.reset();
    stream.AwaitHangUp();
  }
}

TEST_F(StreamPumpSocketTest, StopsInAStreamThatNeverPauses) {
  auto pump = Start();
  FakeEngineConnection stream = Accept();
  stream.SendStreamHead();
  std::jthread busy([&](std::stop_token stop) {
    while (!stop.stop_requested()) stream.SendChunk("a\n");
  });
  EXPECT_TRUE(pump->Next(absl::InfiniteDuration(), {}).ok());
  pump.reset();
}

TEST_F(StreamPumpSocketTest, StopsWhileItConnects) {
  const int never = ::eventfd(0, EFD_CLOEXEC);
  auto pump = std::make_unique<StreamPump>(
      EngineClient("slow", "slow", absl::Seconds(10),
                   [&](StoppableWait& wait,
                       absl::Duration deadline) -> absl::StatusOr<std::unique_ptr<EngineConnection>> {
                     return wait.For(never, POLLIN, deadline);
                   }),
      "/events", StreamPumpOptions{}, clock_);
  clock_.AwaitTimers(1);
  pump.reset();
  ::close(never);
}

std::int64_t CountEntries(const char* directory) {
  return std::distance(std::filesystem::directory_iterator(directory), {});
}

TEST_F(StreamPumpSocketTest, AThousandLeaveNoDescriptorAndNoThread) {
  const auto once = [&] {
    auto pump = Start();
    FakeEngineConnection stream = Accept();
    stream.SendStreamHead();
    stream.SendChunk("a\n");
    EXPECT_TRUE(pump->Next(absl::InfiniteDuration(), {}).ok());
  };
  once();
  const std::int64_t files = CountEntries("/proc/self/fd");
  const std::int64_t threads = CountEntries("/proc/self/task");
  for (int i = 0; i < 1000; ++i) once();
  EXPECT_EQ(CountEntries("/proc/self/fd"), files);
  EXPECT_EQ(CountEntries("/proc/self/task"), threads);
}

}  // namespace
}  // namespace lookout::docker_internal
