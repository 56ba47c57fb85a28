// Any number of Sources through one EventQueue to any number of Sinks.
//
//   Pipeline pipeline("routes", clock, {.on_ready = [] { LOG(INFO) << "live"; },
//                                       .on_error = [](absl::Status e) { LOG(ERROR) << e; }});
//   pipeline.AddSource(std::make_unique<HeartbeatSource>(clock));
//   pipeline.AddSink(std::make_unique<PrintSink>());
//   absl::Status end = pipeline.Run(stop);   // blocks
#ifndef LOOKOUT_WATCHERS_PIPELINE_H_
#define LOOKOUT_WATCHERS_PIPELINE_H_

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/sink.h"
#include "lookout/events/source.h"

namespace lookout {

struct PipelineOptions {
  EventQueueOptions queue = {};
  // Called once, when every source is live or has ended, and at least one is live. From a source's thread.
  // What it throws goes to on_error.
  absl::AnyInvocable<void()> on_ready = nullptr;
  // Called at once, one call at a time, from any thread: what sources report, with the source's name, a
  // source's end in failure, and what sinks refuse.
  absl::AnyInvocable<void(absl::Status)> on_error = nullptr;
};

class Pipeline {
 public:
  // `clock` must outlive the pipeline; `name` is the queue's.
  Pipeline(std::string name, absl::Clock& clock, PipelineOptions options);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Before Run(). A source that should come back after a failure is wrapped in a RestartingSource.
  void AddSource(std::unique_ptr<Source> source);
  void AddSink(std::unique_ptr<Sink> sink);

  // Runs every source in a thread of its own, and blocks until `stop` is requested or all sources have
  // ended. Then: sources are stopped first, the queue after them, by its own policy (discard or drain), so
  // that under OnStop::kDrain nothing that a source emitted is lost. All threads have ended on return.
  //
  // Sinks are told to GiveUp() when nobody waits for them any more: under OnStop::kDiscard as soon as the end
  // begins; under kDrain when `drain_timeout` is over, first for sources to get rid of what they emitted,
  // then for the queue to hand it over. Run() waits for a Write() that is under way even then, so a sink that
  // does not heed GiveUp() holds it up.
  //
  // A source that fails, or throws, is reported and does not stop the others. OK if no source failed;
  // otherwise the first failure, naming its source. InvalidArgument without a source or a sink, or for
  // queue options that make no sense; FailedPrecondition if it ran before; ResourceExhausted where the
  // system has no thread for each source, which ends those that run.
  absl::Status Run(std::stop_token stop);

  // The queue's counters, at any time.
  EventQueueCounters counters() const;

 private:
  class Input;
  class Readiness;

  void Report(absl::Status error);

  absl::Clock& clock_;
  PipelineOptions options_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<Sink> fan_out_;
  bool ran_ = false;
  EventQueue queue_;  // last: its thread uses the others
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_PIPELINE_H_
