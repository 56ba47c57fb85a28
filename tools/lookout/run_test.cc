// The command's core with sources from scripts, a clock that stands still and pipes in place of the terminal.
#include "lookout/tools/lookout/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/options.h"

namespace lookout {
namespace {

// A pipe that is read a line at a time, blocking.
class LinePipe {
 public:
  LinePipe() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    read_fd_ = fds[0];
    write_fd_ = fds[1];
  }
  ~LinePipe() {
    CloseReader();
    CloseWriter();
  }

  int fd() const { return write_fd_; }
  // To as little as the kernel has: how many bytes that is.
  int Shrink() const { return fcntl(write_fd_, F_SETPIPE_SZ, 1); }
  void AwaitUnread(int bytes) const {
    for (int unread = -1; unread < bytes; std::this_thread::yield()) {
      ASSERT_EQ(ioctl(read_fd_, FIONREAD, &unread), 0);
    }
  }
  void CloseReader() { Close(read_fd_); }
  void CloseWriter() { Close(write_fd_); }

  // Without its line break; empty at the end.
  std::string ReadLine() {
    std::string line;
    for (char c = 0; read(read_fd_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  // All that is left, once the writer is closed.
  std::string ReadAll() {
    CloseWriter();
    std::string all;
    for (char c = 0; read(read_fd_, &c, 1) == 1;) all += c;
    return all;
  }

 private:
  static void Close(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  int read_fd_ = -1;
  int write_fd_ = -1;
};

constexpr absl::string_view kTime = "2026-01-01T12:00:00.000Z ";

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    signal(SIGPIPE, SIG_IGN);
    options_.interval = absl::ZeroDuration();
  }
  FakeSource& AddFake(std::string name) {
    auto source = std::make_unique<FakeSource>(std::move(name));
    FakeSource& fake = *source;
    sources_.push_back(std::move(source));
    return fake;
  }
  void Start() {
    thread_ = std::jthread([this](std::stop_token stop) {
      exit_ =
          RunLookout(options_, std::move(sources_), clock_, {.fd = out_.fd()}, diagnostics_, std::move(stop));
    });
  }
  ExitCode Join() {
    thread_.join();
    return exit_;
  }
  ExitCode Stop() {
    thread_.request_stop();
    return Join();
  }

  FakeClock clock_;
  LinePipe out_;
  LinePipe err_;
  Diagnostics diagnostics_{err_.fd()};
  Options options_;
  std::vector<std::unique_ptr<Source>> sources_;
  ExitCode exit_ = kExitUsage;
  std::jthread thread_;  // last: stopped and joined first
};

Event Written(absl::string_view path) { return FileEvent(Action::kFileWritten, path); }

TEST_F(RunTest, PrintsWhatSourcesTellAndEndsWellWhenStopped) {
  FakeSource& fake = AddFake("fake");
  Start();
  EXPECT_EQ(err_.ReadLine(), "lookout: ready");
  fake.Emit(Written("a"));
  EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file written a"));
  EXPECT_EQ(Stop(), kExitOk);
  EXPECT_EQ(out_.ReadAll(), "");
  EXPECT_EQ(err_.ReadAll(), "");
}

// Live when the test says so.
class GatedSource final : public Source {
 public:
  absl::string_view name() const override { return "gated"; }
  absl::Status Run(std::stop_token stop, Receiver& receiver) override {
    if (gate_.ReadLine() == "open") receiver.OnReady();
    SleepUntilStopped(std::move(stop));
    return absl::OkStatus();
  }
  void Say(absl::string_view word) {
    EXPECT_EQ(write(gate_.fd(), absl::StrCat(word, "\n").c_str(), word.size() + 1),
              static_cast<ssize_t>(word.size()) + 1);
  }

 private:
  static void SleepUntilStopped(std::stop_token stop) {
    LinePipe end;
    std::stop_callback close(stop, [&end] { end.CloseWriter(); });
    end.ReadLine();
  }
  LinePipe gate_;
};

TEST_F(RunTest, IsReadyWhenTheLastSourceIsLiveAndNotBefore) {
  FakeSource& fake = AddFake("fake");
  auto gated = std::make_unique<GatedSource>();
  GatedSource& gate = *gated;
  sources_.push_back(std::move(gated));
  Start();
  fake.AwaitIdle();
  fake.Report(absl::UnavailableError("before"));
  EXPECT_EQ(err_.ReadLine(), "lookout: fake: before");
  gate.Say("open");
  EXPECT_EQ(err_.ReadLine(), "lookout: ready");
  EXPECT_EQ(Stop(), kExitOk);
}

TEST_F(RunTest, IsNeverReadyWhenStoppedBefore) {
  AddFake("fake");
  auto gated = std::make_unique<GatedSource>();
  GatedSource& gate = *gated;
  sources_.push_back(std::move(gated));
  Start();
  thread_.request_stop();
  gate.Say("end");
  EXPECT_EQ(Join(), kExitOk);
  EXPECT_EQ(err_.ReadAll(), "");
}

TEST_F(RunTest, WhatIsBufferedIsPrintedWhenStopped) {
  options_.interval = absl::Hours(1);
  FakeSource& fake = AddFake("fake");
  for (int i = 0; i < 100; ++i) fake.Emit(Written(absl::StrCat(i)));
  Start();
  fake.AwaitIdle();
  EXPECT_EQ(Stop(), kExitOk);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file written ", i));
  EXPECT_EQ(out_.ReadAll(), "");
}

TEST_F(RunTest, AStopWaitsForAReaderThatSleepsAsLongAsThatTakes) {
  options_.interval = absl::Seconds(1);
  const int room = out_.Shrink();
  FakeSource& fake = AddFake("fake");
  Start();
  fake.AwaitIdle();
  const std::string long_name(2 * static_cast<std::size_t>(room), 'a');
  fake.Emit(Written(long_name));
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  out_.AwaitUnread(room);  // the rest of the line waits in write(2)
  fake.Emit(Written("b"));
  fake.AwaitIdle();
  thread_.request_stop();
  for (int i = 0; i < 1000; ++i) {
    clock_.Advance(absl::Hours(1));
    std::this_thread::yield();
  }
  EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file written ", long_name));
  EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file written b"));
  EXPECT_EQ(Join(), kExitOk);
}

TEST_F(RunTest, EventsWaitForTheInterval) {
  options_.interval = absl::Seconds(1);
  FakeSource& fake = AddFake("fake");
  Start();
  fake.AwaitIdle();
  fake.Emit(Written("a"));
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file written a"));
  EXPECT_EQ(Stop(), kExitOk);
}

TEST_F(RunTest, EndsAfterCountExactly) {
  options_.count = 2;
  options_.format = OutputFormat::kJson;
  FakeSource& fake = AddFake("fake");
  for (int i = 0; i < 5; ++i) fake.Emit(Written(absl::StrCat(i)));
  Start();
  EXPECT_EQ(Join(), kExitOk);
  EXPECT_TRUE(absl::StrContains(out_.ReadLine(), "\"actor_name\":\"0\""));
  EXPECT_TRUE(absl::StrContains(out_.ReadLine(), "\"actor_name\":\"1\""));
  EXPECT_EQ(out_.ReadAll(), "");
}

TEST_F(RunTest, EndsWhenTheTimeoutIsOverAndPrintsWhatIsBuffered) {
  options_.interval = absl::Hours(1);
  options_.timeout = absl::Seconds(10);
  FakeSource& fake = AddFake("fake");
  fake.Emit(Written("a"));
  Start();
  fake.AwaitIdle();
  clock_.AwaitTimers(2);  // the timeout's and the queue's
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(Join(), kExitOk);
  EXPECT_EQ(out_.ReadAll(), absl::StrCat(kTime, "file written a\n"));
}

TEST_F(RunTest, AnEarlierEndDoesNotWaitForTheTimeout) {
  options_.timeout = absl::Hours(1);
  AddFake("fake");
  Start();
  err_.ReadLine();
  EXPECT_EQ(Stop(), kExitOk);
}

TEST_F(RunTest, ASourceThatCanNeverWorkEndsAllAndIsNeverReady) {
  FakeSource& good = AddFake("good");
  good.Emit(Written("a"));
  FakeSource& bad = AddFake("bad");
  bad.FailBeforeReady(absl::NotFoundError("no such thing"));
  Start();
  EXPECT_EQ(Join(), kExitCannotWork);
  EXPECT_EQ(err_.ReadAll(), "lookout: bad: no such thing\n");
}

TEST_F(RunTest, ASourceThatFailsLaterEndsAllAfterWhatWasTold) {
  options_.interval = absl::Hours(1);
  FakeSource& fake = AddFake("fake");
  fake.Emit(Written("a"));
  fake.Fail(absl::PermissionDeniedError("no more"));
  Start();
  EXPECT_EQ(Join(), kExitCannotWork);
  EXPECT_EQ(err_.ReadAll(), "lookout: ready\nlookout: fake: no more\n");
  EXPECT_EQ(out_.ReadAll(), absl::StrCat(kTime, "file written a\n"));
}

TEST_F(RunTest, AllSourcesThatEndByThemselvesEndTheRunWell) {
  FakeSource& fake = AddFake("fake");
  fake.Emit(Written("a"));
  fake.Fail(absl::OkStatus());
  Start();
  EXPECT_EQ(Join(), kExitOk);
  EXPECT_EQ(out_.ReadAll(), absl::StrCat(kTime, "file written a\n"));
}

TEST_F(RunTest, ALossIsAnEventAndALineOnTheSide) {
  FakeSource& fake = AddFake("fake");
  Start();
  EXPECT_EQ(err_.ReadLine(), "lookout: ready");
  fake.Emit(MakeForceReload(EventType::kFile, "conf", "the queue\noverflowed", kEventBuilderTime));
  EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file force_reload conf: the queue\\noverflowed"));
  EXPECT_EQ(err_.ReadLine(), "lookout: file conf: events may be lost: the queue\\noverflowed");
  EXPECT_EQ(Stop(), kExitOk);
}

TEST_F(RunTest, WhatIsShownInPlaceEndsWithReady) {
  diagnostics_.Show("1");
  AddFake("fake");
  Start();
  EXPECT_EQ(err_.ReadLine(), "lookout: 1\r          \rlookout: ready");
  diagnostics_.Show("2");
  EXPECT_EQ(Stop(), kExitOk);
  EXPECT_EQ(err_.ReadAll(), "");
}

TEST_F(RunTest, WhatIsShownInPlaceMakesRoomForEvents) {
  FakeSource& fake = AddFake("fake");
  auto gated = std::make_unique<GatedSource>();
  GatedSource& gate = *gated;
  sources_.push_back(std::move(gated));
  Start();
  diagnostics_.Show("1");
  fake.Emit(Written("a"));
  EXPECT_EQ(out_.ReadLine(), absl::StrCat(kTime, "file written a"));
  gate.Say("end");
  EXPECT_EQ(Stop(), kExitOk);
  EXPECT_EQ(err_.ReadAll(), "lookout: 1\r          \r");
}

TEST_F(RunTest, AReaderThatHasGoneEndsTheRunWithOneLine) {
  FakeSource& fake = AddFake("fake");
  Start();
  EXPECT_EQ(err_.ReadLine(), "lookout: ready");
  out_.CloseReader();
  for (int i = 0; i < 10; ++i) fake.Emit(Written("a"));
  EXPECT_EQ(Join(), kExitCannotWork);
  EXPECT_EQ(err_.ReadAll(), "lookout: stdout: Broken pipe\n");
}

TEST_F(RunTest, OptionsThatMakeNoSenseAreSaid) {
  options_.interval = -absl::Seconds(1);
  AddFake("fake");
  Start();
  EXPECT_EQ(Join(), kExitCannotWork);
  EXPECT_TRUE(absl::StartsWith(err_.ReadAll(), "lookout: "));
}

TEST_F(RunTest, WatchesARealTree) {
  ScopedTempDir dir;
  dir.WriteFile("a", "1");
  auto source = FileSource::Create({.path = dir.path(), .recursive = true}, clock_);
  ASSERT_TRUE(source.ok()) << source.status();
  sources_.push_back(*std::move(source));
  options_.count = 2;
  Start();
  EXPECT_EQ(err_.ReadLine(), "lookout: ready");
  dir.AppendFile("a", "2");
  dir.Rename("a", "b");
  EXPECT_EQ(Join(), kExitOk);
  EXPECT_EQ(out_.ReadAll(), absl::StrCat(kTime, "file written ", dir.Path("a"), "\n", kTime, "file renamed ",
                                         dir.Path("b"), " <- ", dir.Path("a"), "\n"));
}

}  // namespace
}  // namespace lookout
