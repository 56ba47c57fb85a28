#include "lookout/tools/lookout/run.h"

#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/events/wait.h"
#include "lookout/tools/lookout/print_sink.h"
#include "lookout/watchers/pipeline.h"

namespace lookout {
namespace {

// Enough for a burst between two flushes (unpacking an archive); what is beyond it waits in the kernel.
constexpr std::size_t kQueueCapacity = 4096;

// A source without which the whole is not what was asked for: its failure stops all.
class VitalSource final : public Source {
 public:
  VitalSource(std::unique_ptr<Source> inner, std::stop_source all) : inner_(std::move(inner)), all_(all) {}

  absl::string_view name() const override { return inner_->name(); }

  absl::Status Run(std::stop_token stop, Receiver& receiver) override {
    bool failed = true;  // also by what it throws
    absl::Cleanup stop_all = [&] {
      if (failed) all_.request_stop();
    };
    absl::Status end = inner_->Run(std::move(stop), receiver);
    failed = !end.ok();
    return end;
  }

 private:
  const std::unique_ptr<Source> inner_;
  std::stop_source all_;
};

// Prints, and says losses on the side. The first failure is said once and stops all; nothing is tried after.
class OutputSink final : public Sink {
 public:
  OutputSink(PrintSinkOptions options, Diagnostics& diagnostics, std::stop_source all,
             std::atomic<bool>& failed)
      : print_(options, [this] { all_.request_stop(); }),
        diagnostics_(diagnostics),
        all_(std::move(all)),
        failed_(failed) {}

  absl::Status Write(absl::Span<const Event> batch) override {
    if (failed_) return absl::OkStatus();
    for (const Event& event : batch) {
      if (event.action != Action::kForceReload) continue;
      diagnostics_.Say(absl::StrCat(event.type, " ", event.actor_name,
                                    ": events may be lost: ", event.attributes.Get(kReason)));
    }
    diagnostics_.Wipe();  // both may be the same terminal
    if (absl::Status printed = print_.Write(batch); !printed.ok()) {
      diagnostics_.Say(printed.message());
      failed_ = true;
      all_.request_stop();
    }
    return absl::OkStatus();
  }

 private:
  PrintSink print_;
  Diagnostics& diagnostics_;
  std::stop_source all_;
  std::atomic<bool>& failed_;
};

}  // namespace

ExitCode RunLookout(const Options& options, std::vector<std::unique_ptr<Source>> sources, absl::Clock& clock,
                    RunOutput output, Diagnostics& diagnostics, std::stop_token stop) {
  std::stop_source all;  // whoever ends the run, ends it through this
  std::stop_callback outside(stop, [&all] { all.request_stop(); });
  std::atomic<bool> output_failed = false;

  PipelineOptions pipeline_options;
  pipeline_options.queue.flush_interval = options.interval;
  pipeline_options.queue.flush_on_sender = true;
  pipeline_options.queue.capacity = kQueueCapacity;
  pipeline_options.queue.when_full = WhenFull::kFlushEarly;  // a burst does not wait for the interval
  pipeline_options.queue.on_stop = OnStop::kDrain;
  pipeline_options.queue.drain_timeout =
      absl::InfiniteDuration();  // as long as the reader of the output takes
  // The pipeline counts a source that has ended as decided; here none ends but after `all` was stopped.
  pipeline_options.on_ready = [&] {
    diagnostics.EndShow();
    if (!all.stop_requested()) diagnostics.Say("ready");
  };
  std::atomic<bool> said = false;
  pipeline_options.on_error = [&](absl::Status error) {
    said = true;
    diagnostics.Say(error.message());
  };
  Pipeline pipeline("lookout", clock, std::move(pipeline_options));
  for (std::unique_ptr<Source>& source : sources) {
    pipeline.AddSource(std::make_unique<VitalSource>(std::move(source), all));
  }
  pipeline.AddSink(std::make_unique<OutputSink>(
      PrintSinkOptions{
          .fd = output.fd, .format = options.format, .color = output.color, .count = options.count},
      diagnostics, all, output_failed));

  std::jthread timer;
  if (options.timeout < absl::InfiniteDuration()) {
    timer = std::jthread([&clock, all, timeout = options.timeout]() mutable {
      if (SleepUnlessStopped(clock, all.get_token(), timeout)) all.request_stop();
    });
  }
  const absl::Status end = pipeline.Run(all.get_token());
  all.request_stop();  // ends the timer, if the sources ended by themselves
  diagnostics.EndShow();

  if (!end.ok() && !said) diagnostics.Say(end.message());
  return end.ok() && !output_failed ? kExitOk : kExitCannotWork;
}

}  // namespace lookout
