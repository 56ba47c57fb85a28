#include "lookout/adapters/file/file_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/file_session.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/events/event.h"

namespace lookout {
namespace {

using ::lookout::file_internal::FileKernel;
using ::lookout::file_internal::FileSession;
using ::lookout::file_internal::PathFilter;

// "conf/" is told as "conf/app.yml", as "conf" is; "/" stays.
std::string WithoutTrailingSlashes(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

}  // namespace

FileSource::FileSource(FileSourceOptions options, absl::Clock& clock, FileKernel& kernel)
    : options_(std::move(options)),
      name_(absl::StrCat("file ", options_.path)),
      clock_(clock),
      kernel_(kernel) {}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Create(FileSourceOptions options,
                                                               absl::Clock& clock) {
  return Create(std::move(options), clock, FileKernel::System());
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Create(FileSourceOptions options, absl::Clock& clock,
                                                               FileKernel& kernel) {
  if (options.path.empty()) return absl::InvalidArgumentError("an empty path cannot be watched: name one");
  if (options.path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("a path cannot contain a NUL byte");
  }
  if (options.poll_interval <= absl::ZeroDuration() || options.poll_interval == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError("poll_interval must be more than nothing, and finite");
  }
  if (absl::Status filter = PathFilter::Create(options.filter).status(); !filter.ok()) return filter;
  return std::unique_ptr<FileSource>(new FileSource(std::move(options), clock, kernel));
}

absl::Status FileSource::Run(std::stop_token stop, Receiver& receiver) {
  const std::string path = WithoutTrailingSlashes(options_.path);
  std::unique_ptr<PathFilter> filter;
  if (!options_.filter.empty()) {
    absl::StatusOr<std::unique_ptr<PathFilter>> made = PathFilter::Create(options_.filter);
    if (!made.ok()) return made.status();
    filter = *std::move(made);
  }
  FileSession session({.path = path,
                       .backend = options_.backend,
                       .may_probe_fanotify = &kernel_ == &FileKernel::System(),
                       .tree = {.directory = path,
                                .recursive = options_.recursive,
                                .follow = options_.follow,
                                .tell_replaced = options_.tell_replaced,
                                .poll_interval = options_.poll_interval,
                                .watch = options_.backend != FileBackend::kPoll},
                       .filter = std::move(filter),
                       .on_progress = &options_.on_progress},
                      kernel_, clock_, receiver, control_);
  if (absl::Status opened = session.Open(stop); !opened.ok()) return opened;
  if (stop.stop_requested()) return absl::OkStatus();
  receiver.OnReady();
  if (std::exchange(was_live_, true) &&
      !receiver.OnEvent(MakeForceReload(EventType::kFile, options_.path,
                                        "was not watched for a while; what changed meanwhile is unknown",
                                        clock_.TimeNow()))) {
    return absl::OkStatus();
  }
  return session.Run(stop);
}

absl::Status FileSource::Sync(absl::Duration timeout) { return control_.Sync(clock_, timeout); }

FileSourceCounters FileSource::counters() const { return control_.counters(); }

}  // namespace lookout
