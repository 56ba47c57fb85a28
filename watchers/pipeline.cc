#include "lookout/watchers/pipeline.h"

#include <cstddef>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/wait.h"
#include "lookout/watchers/contain.h"
#include "lookout/watchers/fan_out_sink.h"

namespace lookout {
namespace {

absl::Status Named(absl::string_view name, const absl::Status& status) {
  return absl::StartsWith(status.message(), name)
             ? status
             : absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
}

}  // namespace

// Counts the sources that are still to become ready or end, and keeps the first failure.
class Pipeline::Readiness {
 public:
  explicit Readiness(std::size_t sources) : undecided_(sources), running_(sources) {}

  // Both return whether this decided the last source and one of them is live: time for on_ready.
  bool Ready() {
    absl::MutexLock lock(mu_);
    ++live_;
    return --undecided_ == 0;
  }
  bool Ended(bool was_ready, const absl::Status& result) {
    absl::MutexLock lock(mu_);
    if (first_failure_.ok()) first_failure_ = result;
    if (was_ready) {
      --live_;
      return false;
    }
    return --undecided_ == 0 && live_ > 0;
  }
  // No thread could be had for the last so many sources, which ends the others.
  void NotStarted(std::size_t sources, const absl::Status& why) {
    absl::MutexLock lock(mu_);
    if (first_failure_.ok()) first_failure_ = why;
    running_ -= sources;
    stopped_ = true;
  }

  void ThreadEnds() {
    absl::MutexLock lock(mu_);
    --running_;
  }
  void Stop() {
    absl::MutexLock lock(mu_);
    stopped_ = true;
  }
  void AwaitStopOrEnd() {
    absl::MutexLock lock(mu_);
    mu_.Await(absl::Condition(this, &Readiness::StoppedOrEnded));
  }
  // False: `timeout` is over, and a source still runs.
  bool AwaitEnd(absl::Clock& clock, absl::Duration timeout) {
    absl::MutexLock lock(mu_);
    return AwaitFor(clock, mu_, absl::Condition(this, &Readiness::AllEnded), timeout);
  }
  absl::Status first_failure() {
    absl::MutexLock lock(mu_);
    return first_failure_;
  }

 private:
  bool AllEnded() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return running_ == 0; }
  bool StoppedOrEnded() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopped_ || AllEnded(); }

  absl::Mutex mu_;
  std::size_t undecided_ ABSL_GUARDED_BY(mu_);
  std::size_t running_ ABSL_GUARDED_BY(mu_);
  std::size_t live_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status first_failure_ ABSL_GUARDED_BY(mu_);
};

// One source's way into the queue.
class Pipeline::Input final : public Receiver {
 public:
  Input(Pipeline& pipeline, Readiness& readiness, Source& source)
      : pipeline_(pipeline), readiness_(readiness), source_(source) {}

  void OnReady() override {
    if (std::exchange(ready_, true)) return;
    if (readiness_.Ready()) TellReady();
  }
  bool OnEvent(Event event) override { return pipeline_.queue_.Push(std::move(event)); }
  bool OnEvents(absl::Span<Event> events) override { return pipeline_.queue_.PushAll(events); }
  void OnError(absl::Status error) override { pipeline_.Report(Named(source_.name(), error)); }

  void Run(std::stop_token stop) {
    absl::Status result = watchers_internal::Contain([&] { return source_.Run(std::move(stop), *this); });
    if (!result.ok()) result = Named(source_.name(), result);
    const bool decides = readiness_.Ended(ready_, result);
    if (!result.ok()) pipeline_.Report(result);
    if (decides) TellReady();
    readiness_.ThreadEnds();
  }

 private:
  void TellReady() {
    if (!pipeline_.options_.on_ready) return;
    const absl::Status told = watchers_internal::Contain([this] {
      pipeline_.options_.on_ready();
      return absl::OkStatus();
    });
    if (!told.ok()) pipeline_.Report(Named("on_ready", told));
  }

  Pipeline& pipeline_;
  Readiness& readiness_;
  Source& source_;
  bool ready_ = false;  // of the source's own thread
};

Pipeline::Pipeline(std::string name, absl::Clock& clock, PipelineOptions options)
    : clock_(clock),
      options_(std::move(options)),
      queue_(
          name, clock_, options_.queue,
          [this](absl::Span<Event> batch) {
            if (absl::Status status = fan_out_->Write(batch); !status.ok()) Report(std::move(status));
          },
          [this](absl::Status error) {
            if (options_.on_error) options_.on_error(std::move(error));
          }) {}

Pipeline::~Pipeline() = default;

void Pipeline::AddSource(std::unique_ptr<Source> source) { sources_.push_back(std::move(source)); }
void Pipeline::AddSink(std::unique_ptr<Sink> sink) { sinks_.push_back(std::move(sink)); }

void Pipeline::Report(absl::Status error) { queue_.ReportError(std::move(error)); }

EventQueueCounters Pipeline::counters() const { return queue_.counters(); }

absl::Status Pipeline::Run(std::stop_token stop) {
  if (std::exchange(ran_, true)) return absl::FailedPreconditionError("a Pipeline runs once");
  if (sources_.empty()) return absl::InvalidArgumentError("a Pipeline needs a source: AddSource()");
  if (sinks_.empty()) return absl::InvalidArgumentError("a Pipeline needs a sink: AddSink()");
  fan_out_ = std::make_unique<FanOutSink>(std::move(sinks_));
  if (absl::Status started = queue_.Start(); !started.ok()) return started;

  Readiness readiness(sources_.size());
  std::stop_callback on_stop(stop, [&readiness] { readiness.Stop(); });
  {
    std::vector<Input> inputs;
    inputs.reserve(sources_.size());
    std::vector<std::jthread> threads;  // destroyed first: stops and joins
    for (const std::unique_ptr<Source>& source : sources_) {
      Input& input = inputs.emplace_back(*this, readiness, *source);
      try {
        threads.emplace_back([&input](std::stop_token thread_stop) { input.Run(std::move(thread_stop)); });
      } catch (const std::system_error& e) {
        readiness.NotStarted(
            sources_.size() - threads.size(),
            absl::ResourceExhaustedError(absl::StrCat(source->name(), ": no thread: ", e.what())));
        break;
      }
    }
    readiness.AwaitStopOrEnd();
    for (std::jthread& thread : threads) thread.request_stop();
    // A sender that waits for room would wait for a sink that may be slow: under discard its event is lost
    // anyway, so the queue may let it go at once. Under drain it waits, but not for a sink that tries on and
    // on.
    if (options_.queue.on_stop == OnStop::kDiscard) {
      queue_.Close();
      fan_out_->GiveUp();
    } else if (!readiness.AwaitEnd(clock_, options_.queue.drain_timeout)) {
      fan_out_->GiveUp();
    }
  }
  queue_.Stop();
  fan_out_->GiveUp();  // to a Write() that the drain's deadline left under way
  queue_.Stop();
  return readiness.first_failure();
}

}  // namespace lookout
