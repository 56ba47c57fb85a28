// The command at work: sources that are given to it, printed until it is time to end.
//
//   Diagnostics diagnostics(STDERR_FILENO);
//   auto catalogue = MakeSources(options, clock, diagnostics);
//   return RunLookout(options, std::move(catalogue->sources), clock, {.fd = STDOUT_FILENO}, diagnostics,
//   stop);
#ifndef LOOKOUT_TOOLS_LOOKOUT_RUN_H_
#define LOOKOUT_TOOLS_LOOKOUT_RUN_H_

#include <memory>
#include <stop_token>
#include <vector>

#include "absl/time/clock_interface.h"
#include "lookout/events/source.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/options.h"

namespace lookout {

enum ExitCode : int {
  kExitOk = 0,
  kExitCannotWork = 1,  // a source can never work, or standard output cannot be written
  kExitUsage = 2,
};

struct RunOutput {
  int fd = 1;  // where events go; must be open throughout, and is not closed
  bool color = false;
};

// Prints what `sources` tell, by the interval, format, count and timeout of `options`, and blocks until
//   - `stop` is requested, --count events are printed, or --timeout is over: kExitOk;
//   - a source fails for good, or `output` cannot be written: kExitCannotWork, after a line that says why.
//     One source that can never work ends the others too: what was asked for cannot be had, and whoever
//     waits for "ready" must not wait for ever;
//   - every source has ended by itself: kExitOk.
// Before it returns, what the sources told is printed, however it ends (except to an output that failed).
//
// Says "ready" once every source is live, and not before; each error that a source reports, and each loss,
// which stands among the events too. What the diagnostics show in place is wiped out before events are
// printed, and ends with "ready". `clock` and `diagnostics` are the caller's. Blocks as long as the reader of
// `output` does. SIGPIPE must be ignored.
ExitCode RunLookout(const Options& options, std::vector<std::unique_ptr<Source>> sources, absl::Clock& clock,
                    RunOutput output, Diagnostics& diagnostics, std::stop_token stop);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_RUN_H_
