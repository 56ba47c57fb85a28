#include "lookout/tools/lookout/stats_line.h"

#include "absl/strings/str_cat.h"

namespace lookout {

std::string StatsLine(absl::string_view source, const FileSourceCounters& counters) {
  return absl::StrCat(
      "stats ", source, ": backend=", FileBackendName(counters.backend), " events=", counters.events,
      " records=", counters.records, " overflows=", counters.overflows, " scans=", counters.scans,
      " directories=", counters.directories, " watched=", counters.watched, " polled=", counters.polled);
}

std::string StatsLine(absl::string_view source, const DockerSourceCounters& counters) {
  return absl::StrCat("stats ", source, ": events=", counters.emitted, " synthesized=", counters.synthesized,
                      " losses=", counters.losses, " duplicates=", counters.duplicates,
                      " filtered=", counters.filtered, " unknown_actions=", counters.unknown_actions,
                      " other_types=", counters.other_types, " malformed=", counters.malformed,
                      " connections=", counters.connections, " audits=", counters.audits,
                      " pings=", counters.pings, " failures=", counters.failures);
}

}  // namespace lookout
