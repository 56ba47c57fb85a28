// The one place that names concrete sources: from the command line to what watches.
//
// A new adapter is added here, in options.h and in help.cc.
#ifndef LOOKOUT_TOOLS_LOOKOUT_CATALOGUE_H_
#define LOOKOUT_TOOLS_LOOKOUT_CATALOGUE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "lookout/events/source.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/options.h"
#include "lookout/tools/lookout/progress_line.h"

namespace lookout {

struct Catalogue {
  // One for each path and each engine, at least one.
  std::vector<std::unique_ptr<Source>> sources;
  // What each source has counted so far, as in stats_line.h. Any thread, and also when the sources
  // are no more: what is counted lives as long as who reads it.
  std::vector<absl::AnyInvocable<std::string() const>> stats;
};

// The sources that `options` ask for. Nothing is opened or connected to yet.
//
// All come back after a failure that may pass, and say so:
//   - an engine that is away, from the start or later, is tried again, with pauses of up to 30 s;
//   - a path that cannot be watched for want of something (the message names the limit) is tried again, with
//     pauses of up to 5 s. That it does not exist, or no longer, is no failure: it is waited for.
//
// With options.settle, what a source of files tells is settled, each source by itself.
//
// InvalidArgument, naming the argument, for a pattern or an engine's address that cannot be
// understood. Reads what the docker command does, as docker_context.h says. `clock` and `diagnostics` must
// outlive the sources, and so must `progress`, which shows the first crawls, and may be null.
absl::StatusOr<Catalogue> MakeSources(const Options& options, absl::Clock& clock, Diagnostics& diagnostics,
                                      ProgressLine* progress = nullptr);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_CATALOGUE_H_
