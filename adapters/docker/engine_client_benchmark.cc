// What a stream of events costs on its way from the socket to on_data, decoding not included.
//
//   ./bazelw run -c opt //adapters/docker:engine_client_benchmark
//
// Items are events, each in a chunk of its own as engines send them, from a recording. Socket: another thread
// writes them to a socket pair, as fast as it can. Pump: the same, through a StreamPump to a third thread.
// CPU is the whole process's, the writer's included.
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/engine_connection.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/adapters/docker/stream_pump.h"
#include "lookout/adapters/docker/testdata.h"

namespace lookout::docker_internal {
namespace {

struct Answer {
  std::string bytes =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::size_t events = 0;
  std::size_t data = 0;
};

const Answer& RecordedAnswer() {
  static const Answer& answer = *[] {
    auto* made = new Answer;
    const std::string recorded = ReadTestData("docker-28.5-events.ndjson");
    for (int i = 0; i < 40; ++i) {
      for (const absl::string_view line : absl::StrSplit(recorded, '\n', absl::SkipEmpty())) {
        absl::StrAppend(&made->bytes, absl::Hex(line.size() + 1), "\r\n", line, "\n\r\n");
        ++made->events;
        made->data += line.size() + 1;
      }
    }
    made->bytes += "0\r\n\r\n";
    return made;
  }();
  return answer;
}

// The reading end of a socket pair.
class PairConnection final : public EngineConnection {
 public:
  explicit PairConnection(int fd) : fd_(fd) {}
  ~PairConnection() override { ::close(fd_); }
  absl::StatusOr<std::size_t> Read(absl::Span<char> into) override {
    const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
    if (n < 0) return absl::UnavailableError("recv");
    return static_cast<std::size_t>(n);
  }
  absl::Status Write(absl::string_view /*bytes*/) override { return absl::OkStatus(); }

 private:
  const int fd_;
};

// Connects to a thread that writes the answer.
class PairEngine {
 public:
  EngineConnector connector() {
    return [this](StoppableWait&, absl::Duration) -> absl::StatusOr<std::unique_ptr<EngineConnection>> {
      int fds[2];
      PCHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
      writer_ = std::jthread([fd = fds[1]] {
        absl::string_view rest = RecordedAnswer().bytes;
        while (!rest.empty()) {
          const ssize_t n = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
          if (n <= 0) break;
          rest.remove_prefix(static_cast<std::size_t>(n));
        }
        ::close(fd);
      });
      return std::make_unique<PairConnection>(fds[0]);
    };
  }

 private:
  std::jthread writer_;
};

void Report(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(RecordedAnswer().events));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(RecordedAnswer().data));
}

void ReadAll(benchmark::State& state, EngineConnector connector) {
  StoppableWait wait(absl::Clock::GetRealClock(), {});
  EngineClient client("bench", "docker", absl::Seconds(10), std::move(connector));
  std::size_t calls = 0;
  for (auto _ : state) {
    std::size_t read = 0;
    const auto reply = client.Stream("/events", wait,
                                     {.on_sent = [] { return true; },
                                      .on_head = [] { return true; },
                                      .on_data =
                                          [&](absl::string_view bytes) {
                                            read += bytes.size();
                                            ++calls;
                                            return true;
                                          }});
    CHECK_EQ(read, RecordedAnswer().data);
  }
  Report(state);
  state.counters["events_per_call"] = static_cast<double>(state.iterations()) *
                                      static_cast<double>(RecordedAnswer().events) /
                                      static_cast<double>(calls);
}

void BM_Socket(benchmark::State& state) {
  PairEngine engine;
  ReadAll(state, engine.connector());
}
BENCHMARK(BM_Socket)->MeasureProcessCPUTime()->UseRealTime();

void BM_Pump(benchmark::State& state) {
  for (auto _ : state) {
    PairEngine engine;
    StreamPump pump(EngineClient("bench", "docker", absl::Seconds(10), engine.connector()), "/events", {},
                    absl::Clock::GetRealClock());
    std::size_t read = 0;
    std::string spare;
    while (true) {
      absl::StatusOr<std::string> bytes = pump.Next(absl::InfiniteDuration(), {}, std::move(spare));
      if (!bytes.ok()) break;
      read += bytes->size();
      spare = *std::move(bytes);
    }
    CHECK_EQ(read, RecordedAnswer().data);
  }
  Report(state);
}
BENCHMARK(BM_Pump)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace lookout::docker_internal
