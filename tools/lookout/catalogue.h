// The one place that names concrete sources: from the command line to what watches.
//
// A new adapter is added here, in options.h and in help.cc.
#ifndef LOOKOUT_TOOLS_LOOKOUT_CATALOGUE_H_
#define LOOKOUT_TOOLS_LOOKOUT_CATALOGUE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock_interface.h"
#include "lookout/events/source.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/options.h"

namespace lookout {

// A source for each path and each engine of `options`, at least one. Nothing is opened or connected to yet.
//
// All come back after a failure that may pass, and say so:
//   - an engine that is away, from the start or later, is tried again, with pauses of up to 30 s;
//   - a path that is deleted while it is watched is tried again until it is back, with pauses of up to 5 s.
//     One that does not exist at the start is more likely a slip than a promise: NotFound ends the source.
//
// InvalidArgument, naming the argument, for an engine's address that cannot be understood. Reads
// $DOCKER_HOST. `clock` and `diagnostics` must outlive the sources.
absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeSources(const Options& options, absl::Clock& clock,
                                                                 Diagnostics& diagnostics);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_CATALOGUE_H_
