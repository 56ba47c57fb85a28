#include "lookout/tools/lookout/print_sink.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_json.h"
#include "lookout/events/sink.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/sink_conformance.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

std::vector<Event> Batch(int size) {
  std::vector<Event> batch;
  for (int i = 0; i < size; ++i) batch.push_back(FileEvent(Action::kFileWritten, absl::StrCat("f", i)));
  return batch;
}

// A pipe that keeps what is written apart by write(2): each is a packet.
class PacketPipe {
 public:
  PacketPipe() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_DIRECT | O_CLOEXEC), 0);
    read_fd_ = fds[0];
    write_fd_ = fds[1];
  }
  ~PacketPipe() {
    CloseReader();
    close(write_fd_);
  }
  int fd() const { return write_fd_; }
  void CloseReader() {
    if (read_fd_ >= 0) close(read_fd_);
    read_fd_ = -1;
  }
  std::string ReadPacket() {
    char buffer[4096];
    const ssize_t got = read(read_fd_, buffer, sizeof(buffer));
    return std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  }

 private:
  int read_fd_ = -1;
  int write_fd_ = -1;
};

TEST(PrintSinkTest, PrintsALineAnEventAndABatchInOneWrite) {
  PacketPipe pipe;
  PrintSink sink({.fd = pipe.fd()});
  EXPECT_TRUE(sink.Write(Batch(2)).ok());
  EXPECT_EQ(pipe.ReadPacket(),
            "2026-01-01T12:00:00.000Z file written f0\n2026-01-01T12:00:00.000Z file written f1\n");
}

TEST(PrintSinkTest, PrintsJsonWithoutColor) {
  PacketPipe pipe;
  PrintSink sink({.fd = pipe.fd(), .format = OutputFormat::kJson, .color = true});
  EXPECT_TRUE(sink.Write(Batch(1)).ok());
  EXPECT_EQ(pipe.ReadPacket(), EventToJson(Batch(1)[0]) + "\n");
}

TEST(PrintSinkTest, PrintsInColorWhenAsked) {
  PacketPipe pipe;
  PrintSink sink({.fd = pipe.fd(), .color = true});
  EXPECT_TRUE(sink.Write(Batch(1)).ok());
  EXPECT_EQ(pipe.ReadPacket(), "2026-01-01T12:00:00.000Z file \x1b[33mwritten\x1b[0m f0\n");
}

TEST(PrintSinkTest, StopsAfterCountExactlyAndSaysSoOnce) {
  PacketPipe pipe;
  int reached = 0;
  PrintSink sink({.fd = pipe.fd(), .format = OutputFormat::kJson, .count = 3}, [&] { ++reached; });
  EXPECT_TRUE(sink.Write(Batch(2)).ok());
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(sink.Write(Batch(5)).ok());
  EXPECT_EQ(reached, 1);
  EXPECT_TRUE(sink.Write(Batch(1)).ok());
  EXPECT_EQ(reached, 1);
  pipe.ReadPacket();
  EXPECT_EQ(pipe.ReadPacket(), EventToJson(Batch(1)[0]) + "\n");
  // Nothing is left in the pipe: what is written now is what comes next.
  ASSERT_EQ(write(pipe.fd(), "end", 3), 3);
  EXPECT_EQ(pipe.ReadPacket(), "end");
}

TEST(PrintSinkTest, AReaderThatHasGoneIsAFailureThatNamesStdout) {
  signal(SIGPIPE, SIG_IGN);
  PacketPipe pipe;
  pipe.CloseReader();
  PrintSink sink({.fd = pipe.fd(), .count = 1}, [] { FAIL() << "nothing was printed"; });
  EXPECT_THAT(std::string(sink.Write(Batch(1)).message()), StartsWith("stdout: Broken pipe"));
}

TEST(PrintSinkTest, AFullDiskIsAFailureThatNamesStdout) {
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (fd < 0) GTEST_SKIP() << "no /dev/full here";
  PrintSink sink({.fd = fd});
  EXPECT_THAT(std::string(sink.Write(Batch(1)).message()), StartsWith("stdout: No space left on device"));
  close(fd);
}

TEST(PrintSinkTest, ShortWritesToAPipeThatDoesNotBlockAreGoneOnWith) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
  ASSERT_GT(fcntl(fds[1], F_SETPIPE_SZ, 4096), 0);
  constexpr int kEvents = 5000;
  std::string got;
  std::jthread reader([&] {
    ASSERT_EQ(fcntl(fds[0], F_SETFL, 0), 0);  // the reader may block
    char buffer[1000];
    for (ssize_t n = 0; (n = read(fds[0], buffer, sizeof(buffer))) > 0;)
      got.append(buffer, static_cast<std::size_t>(n));
  });
  PrintSink sink({.fd = fds[1]});
  EXPECT_TRUE(sink.Write(Batch(kEvents)).ok());
  close(fds[1]);
  reader.join();
  close(fds[0]);
  const std::vector<std::string> lines = absl::StrSplit(got, '\n');
  ASSERT_EQ(lines.size(), kEvents + 1u);
  EXPECT_EQ(lines[kEvents - 1], absl::StrCat("2026-01-01T12:00:00.000Z file written f", kEvents - 1));
}

class PrintSinkHarness final : public SinkHarness {
 public:
  PrintSinkHarness()
      : fd_(memfd_create("out", MFD_CLOEXEC)),
        sink_(fd_),
        print_({.fd = fd_, .format = OutputFormat::kJson}) {
    sink_.print = &print_;
  }
  ~PrintSinkHarness() override { close(fd_); }

  Sink& sink() override { return sink_; }
  std::vector<std::string> Arrived() override {
    std::string text(static_cast<std::size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(fd_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    std::vector<std::string> arrived;
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      auto event = EventFromJson(line);
      EXPECT_TRUE(event.ok()) << event.status() << line;
      if (event.ok()) arrived.push_back(absl::StrCat(*event));
    }
    return arrived;
  }
  bool MakeNextWriteFail() override {
    sink_.fail_next = true;
    return true;
  }

 private:
  // Lends the sink's descriptor to something that cannot be written, for one batch.
  struct FailableSink final : Sink {
    explicit FailableSink(int out) : fd(out) {}
    absl::Status Write(absl::Span<const Event> batch) override {
      if (!fail_next) return print->Write(batch);
      fail_next = false;
      const int kept = dup(fd);
      const int unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);
      dup2(unwritable, fd);
      absl::Status status = print->Write(batch);
      dup2(kept, fd);
      close(kept);
      close(unwritable);
      return status;
    }
    const int fd;
    PrintSink* print = nullptr;
    bool fail_next = false;
  };

  const int fd_;
  FailableSink sink_;
  PrintSink print_;
};

INSTANTIATE_TEST_SUITE_P(Print, SinkConformanceTest, ::testing::Values(&MakeSinkHarness<PrintSinkHarness>));

}  // namespace
}  // namespace lookout
