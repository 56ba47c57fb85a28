#include "lookout/tools/lookout/progress_line.h"

#include "absl/strings/str_cat.h"
#include "lookout/events/wait.h"

namespace lookout {

ProgressLine::ProgressLine(absl::Clock& clock, Diagnostics& diagnostics, ProgressLineOptions options)
    : clock_(clock), diagnostics_(diagnostics), options_(options), next_(TimePassed(clock) + options.after) {}

absl::AnyInvocable<void(std::uint64_t directories)> ProgressLine::AddCrawl() {
  absl::MutexLock lock(mu_);
  const std::size_t crawl = found_.size();
  found_.push_back(0);
  return [this, crawl](std::uint64_t directories) { Update(crawl, directories); };
}

void ProgressLine::Update(std::size_t crawl, std::uint64_t directories) {
  const absl::Duration now = TimePassed(clock_);
  // Held while it is shown, so that a smaller number does not come after a larger one.
  absl::MutexLock lock(mu_);
  found_[crawl] = directories;
  if (now < next_) return;
  next_ = now + options_.every;
  std::uint64_t all = 0;
  for (const std::uint64_t found : found_) all += found;
  diagnostics_.Show(absl::StrCat(all, " directories so far"));
}

}  // namespace lookout
