// queue_soak [SECONDS [RATE]]: so many events a second (100,000) for so long (600) through Pipelines that are
// stopped and started again every few seconds, under each policy in turn, into sinks that are slow, fail and
// throw.
//
// Every second it looks at the process's memory, and at the end at its descriptors and threads. Then one line
// of figures; exit code 1 if memory grew, a descriptor or a thread is left, or a counter is not exactly what
// sources sent and sinks got.
#include <dirent.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/sink.h"
#include "lookout/events/source.h"
#include "lookout/events/wait.h"
#include "lookout/watchers/pipeline.h"

namespace lookout {
namespace {

constexpr int kSources = 4;
constexpr absl::Duration kPipelineLives = absl::Seconds(3);
// What memory may grow by from the second third to the last. At 100,000 events a second a leak of 200 bytes
// for one event in 100 is seen in a minute, for one in 1,000 in ten; a buffer that is left behind, at the
// eighth pipeline.
constexpr std::int64_t kMayGrowKb = 4096;

struct Process {
  std::int64_t resident_kb = 0;
  int descriptors = 0;
  int threads = 0;
};

int CountEntries(const char* directory) {
  DIR* dir = ::opendir(directory);
  if (dir == nullptr) return -1;
  int entries = 0;
  while (const dirent* entry = ::readdir(dir)) entries += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(dir);
  return entries;
}

Process Look() {
  Process process;
  std::ifstream status("/proc/self/status");
  for (std::string key, line; status >> key && std::getline(status, line);) {
    if (key == "VmRSS:") process.resident_kb = std::atoll(line.c_str());
  }
  process.descriptors = CountEntries("/proc/self/fd");
  process.threads = CountEntries("/proc/self/task");
  return process;
}

// What sources offered and sinks got, in one life of a pipeline.
struct Tally {
  std::atomic<std::uint64_t> taken = 0;    // OnEvents() said true
  std::atomic<std::uint64_t> in_vain = 0;  // it said false: some may have been taken
  std::atomic<std::uint64_t> got = 0;      // by the sinks, but for ForceReloads of the queue's own
  std::atomic<std::uint64_t> said_lost = 0;
  std::atomic<std::uint64_t> force_reloads = 0;
  std::atomic<std::uint64_t> batches = 0;
  std::atomic<std::uint64_t> refused_batches = 0;
  std::atomic<std::uint64_t> disorders = 0;
  std::atomic<std::uint64_t> errors = 0;
};

// Numbered events at a steady rate, a hundred times a second.
class SteadySource final : public Source {
 public:
  SteadySource(int number, double rate, Tally& tally)
      : number_(number), name_(absl::StrCat("source ", number)), rate_(rate), tally_(tally) {}
  absl::string_view name() const override { return name_; }

  absl::Status Run(std::stop_token stop, Receiver& receiver) override {
    absl::Clock& clock = absl::Clock::GetRealClock();
    receiver.OnReady();
    std::uint64_t sent = 0;
    const absl::Duration begin = TimePassed(clock);
    while (SleepUnlessStopped(clock, stop, absl::Milliseconds(10))) {
      const double due = rate_ * absl::ToDoubleSeconds(TimePassed(clock) - begin);
      std::vector<Event> events;
      while (static_cast<double>(sent) < due) events.push_back(Make(sent++));
      const std::size_t size = events.size();
      const bool kept = receiver.OnEvents(absl::MakeSpan(events));
      (kept ? tally_.taken : tally_.in_vain) += size;
      if (!kept) break;
    }
    return absl::OkStatus();
  }

 private:
  Event Make(std::uint64_t n) const {
    return {.actor_name = absl::StrCat("container ", number_, " ", n % 500),
            .attributes = {{"image", "nginx:1.27"},
                           {"number", absl::StrCat(n)},
                           {"source", absl::StrCat(number_)}},
            .action = Action::kContainerStart};
  }

  const int number_;
  const std::string name_;
  const double rate_;
  Tally& tally_;
};

// Counts, and checks that each source's numbers ascend. Every 50th batch is slow, every 20th fails, every
// 70th throws.
class RoughSink final : public Sink {
 public:
  explicit RoughSink(Tally& tally) : tally_(tally) {}

  absl::Status Write(absl::Span<const Event> batch) override {
    for (const Event& event : batch) Note(event);
    const std::uint64_t n = ++tally_.batches;
    if (n % 50 == 0) absl::SleepFor(absl::Milliseconds(100));
    if (n % 20 == 0 || n % 70 == 0) ++tally_.refused_batches;
    if (n % 20 == 0) return absl::UnavailableError("the sink is tired");
    if (n % 70 == 0) throw std::runtime_error("the sink is broken");
    return absl::OkStatus();
  }

 private:
  void Note(const Event& event) {
    std::uint64_t number = 0;
    if (event.action == Action::kForceReload) {
      const std::string reason(event.attributes.Get(kReason));
      tally_.disorders += absl::SimpleAtoi(reason.substr(0, reason.find(' ')), &number) ? 0 : 1;
      tally_.said_lost += number;
      ++tally_.force_reloads;
      return;
    }
    ++tally_.got;
    std::size_t source = 0;
    if (!absl::SimpleAtoi(event.attributes.Get("source"), &source) || source >= next_.size() ||
        !absl::SimpleAtoi(event.attributes.Get("number"), &number) || number < next_[source]) {
      ++tally_.disorders;
      return;
    }
    next_[source] = number + 1;
  }

  Tally& tally_;
  std::array<std::uint64_t, kSources> next_ = {};  // the least that may come
};

class Soak {
 public:
  Soak(absl::Duration length, double rate) : length_(length), rate_(rate) {}

  bool Run() {
    absl::Clock& clock = absl::Clock::GetRealClock();
    const absl::Duration begin = TimePassed(clock);
    const Process before = Look();
    while (TimePassed(clock) - begin < length_) LiveOnce(begin);
    const Process after = Look();
    if (after.descriptors != before.descriptors || after.threads != before.threads) {
      Fail(absl::StrCat(after.descriptors - before.descriptors, " descriptors and ",
                        after.threads - before.threads, " threads are left"));
    }
    const std::int64_t grown = Grown();
    if (grown > kMayGrowKb) Fail(absl::StrCat("memory grew by ", grown, " kB"));
    const double seconds = absl::ToDoubleSeconds(TimePassed(clock) - begin);
    absl::PrintF(
        "soak: %.0f s, %d pipelines, %d received (%.0f/s), %d flushed, %d dropped, %d merged, %d discarded, "
        "%d "
        "ForceReloads, %d batches, %d errors; resident at most %d kB, grew by %d kB (at most %d); %d "
        "descriptors, %d "
        "threads; %s\n",
        seconds, lives_, total_.received, static_cast<double>(total_.received) / seconds, total_.flushed,
        total_.dropped_oldest + total_.dropped_newest, total_.merged, total_.discarded, total_.force_reloads,
        total_.flushes, total_.errors, *std::max_element(resident_kb_.begin(), resident_kb_.end()), grown,
        kMayGrowKb, after.descriptors, after.threads, failed_ ? "FAILED" : "ok");
    return !failed_;
  }

 private:
  // One pipeline, from start to stop, under the next policy.
  void LiveOnce(absl::Duration begin) {
    constexpr WhenFull kPolicies[] = {WhenFull::kBlock, WhenFull::kFlushEarly, WhenFull::kDropOldest,
                                      WhenFull::kDropNewest, WhenFull::kKeepLatest};
    absl::Clock& clock = absl::Clock::GetRealClock();
    Tally tally;
    PipelineOptions options;
    options.queue = {.flush_interval = absl::Milliseconds(10),
                     .capacity = 4000,
                     .when_full = kPolicies[lives_ % std::size(kPolicies)],
                     .on_stop = lives_ % 2 == 0 ? OnStop::kDrain : OnStop::kDiscard,
                     .drain_timeout = absl::InfiniteDuration()};
    const EventQueueOptions queue = options.queue;
    options.on_error = [&tally](absl::Status) { ++tally.errors; };
    Pipeline pipeline("soak", clock, std::move(options));
    for (int i = 0; i < kSources; ++i) {
      pipeline.AddSource(std::make_unique<SteadySource>(i, rate_ / kSources, tally));
    }
    pipeline.AddSink(std::make_unique<RoughSink>(tally));
    absl::Status end;
    {
      std::jthread running([&](std::stop_token stop) { end = pipeline.Run(std::move(stop)); });
      const absl::Duration started = TimePassed(clock);
      for (absl::Duration now = started; now - started < kPipelineLives && now - begin < length_;
           now = TimePassed(clock)) {
        absl::SleepFor(absl::Seconds(1));
        resident_kb_.push_back(Look().resident_kb);
        CheckIdentity(pipeline.counters());
      }
    }
    ++lives_;
    if (!end.ok()) Fail(end.ToString());
    Check(queue, tally, pipeline.counters());
  }

  void CheckIdentity(const EventQueueCounters& c) {
    ExpectEqual("received", c.received,
                c.flushed + c.dropped_oldest + c.dropped_newest + c.merged + c.discarded + c.depth);
  }

  // After the stop.
  void Check(const EventQueueOptions& queue, const Tally& tally, const EventQueueCounters& c) {
    CheckIdentity(c);
    ExpectEqual("depth", c.depth, 0);
    ExpectEqual("received and refused", c.received + c.refused, tally.taken + tally.in_vain);
    if (c.received < tally.taken) Fail("fewer received than taken");
    ExpectEqual("flushed", c.flushed, tally.got);
    ExpectEqual("batches", c.flushes, tally.batches);
    ExpectEqual("ForceReloads", c.force_reloads, tally.force_reloads);
    ExpectEqual("errors", c.errors + c.errors_dropped, tally.refused_batches);
    ExpectEqual("errors told", c.errors, tally.errors);
    ExpectEqual("disorders", tally.disorders, 0);
    // What was lost in the buffer that the stop discarded is not said any more.
    const std::uint64_t dropped = c.dropped_oldest + c.dropped_newest;
    if (c.discarded == 0) {
      ExpectEqual("said to be lost", tally.said_lost, dropped);
    } else if (tally.said_lost > dropped) {
      Fail("more said to be lost than dropped");
    }
    if (queue.on_stop == OnStop::kDrain) ExpectEqual("discarded under drain", c.discarded, 0);
    total_.received += c.received;
    total_.flushed += c.flushed;
    total_.dropped_oldest += c.dropped_oldest;
    total_.dropped_newest += c.dropped_newest;
    total_.merged += c.merged;
    total_.discarded += c.discarded;
    total_.force_reloads += c.force_reloads;
    total_.flushes += c.flushes;
    total_.errors += c.errors;
  }

  // The most of the last third over the most of the second: the first warms up.
  std::int64_t Grown() const {
    const auto third = static_cast<std::ptrdiff_t>(resident_kb_.size() / 3);
    if (third == 0) return 0;
    return *std::max_element(resident_kb_.end() - third, resident_kb_.end()) -
           *std::max_element(resident_kb_.begin() + third, resident_kb_.end() - third);
  }

  void ExpectEqual(absl::string_view what, std::uint64_t is, std::uint64_t should) {
    if (is != should) Fail(absl::StrCat(what, ": ", is, ", not ", should));
  }
  void Fail(const std::string& why) {
    failed_ = true;
    absl::FPrintF(stderr, "queue_soak: pipeline %d: %s\n", lives_, why);
  }

  const absl::Duration length_;
  const double rate_;
  int lives_ = 0;
  bool failed_ = false;
  EventQueueCounters total_;
  std::vector<std::int64_t> resident_kb_;
};

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  double seconds = 600, rate = 100'000;
  if (argc > 3 || (argc > 1 && !absl::SimpleAtod(argv[1], &seconds)) ||
      (argc > 2 && !absl::SimpleAtod(argv[2], &rate)) || seconds < 9 || rate <= 0) {
    std::fprintf(stderr, "usage: queue_soak [SECONDS [RATE]], of at least 9 s\n");
    return 2;
  }
  return lookout::Soak(absl::Seconds(seconds), rate).Run() ? 0 : 1;
}
