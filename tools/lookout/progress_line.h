// How far the first crawls have come, on a terminal, in one line that changes in its place.
//
//   ProgressLine progress(clock, diagnostics);
//   auto source = FileSource::Create({.path = "/", .recursive = true, .on_progress = progress.AddCrawl()},
//   clock);
//
// "lookout: 120000 directories so far", of all crawls together. Nothing in the first second, as most are
// over then; and no more often than one can read. Diagnostics::EndShow() is its end.
#ifndef LOOKOUT_TOOLS_LOOKOUT_PROGRESS_LINE_H_
#define LOOKOUT_TOOLS_LOOKOUT_PROGRESS_LINE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/tools/lookout/diagnostics.h"

namespace lookout {

struct ProgressLineOptions {
  absl::Duration after = absl::Seconds(1);  // since it was made
  absl::Duration every = absl::Milliseconds(200);
};

// Thread-safe. Waits are measured on the clock, whatever its wall clock is set to; it starts no timer.
class ProgressLine {
 public:
  // Both must outlive it.
  ProgressLine(absl::Clock& clock, Diagnostics& diagnostics, ProgressLineOptions options = {});
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // What one crawl calls, from any thread, with the directories it has found. This must outlive it.
  absl::AnyInvocable<void(std::uint64_t directories)> AddCrawl() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Update(std::size_t crawl, std::uint64_t directories) ABSL_LOCKS_EXCLUDED(mu_);

  absl::Clock& clock_;
  Diagnostics& diagnostics_;
  const ProgressLineOptions options_;
  absl::Mutex mu_;
  std::vector<std::uint64_t> found_ ABSL_GUARDED_BY(mu_);  // by each crawl
  absl::Duration next_ ABSL_GUARDED_BY(mu_);               // nothing is shown before
};

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_PROGRESS_LINE_H_
