// What a source has counted, as one line for programs and people.
//
//   stats file conf: backend=inotify events=3 records=5 overflows=0 scans=2 directories=2 watched=2 polled=0
//
//   stats docker unix:///var/run/docker.sock: events=3 synthesized=0 losses=0 duplicates=0 filtered=0 …
//
// Names and their order are kept; more may be added at the end. What they mean is in file_counters.h and
// docker_source.h. Pure.
#ifndef LOOKOUT_TOOLS_LOOKOUT_STATS_LINE_H_
#define LOOKOUT_TOOLS_LOOKOUT_STATS_LINE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/adapters/file/file_counters.h"

namespace lookout {

// `source` is the source's name, "file conf".
std::string StatsLine(absl::string_view source, const FileSourceCounters& counters);
std::string StatsLine(absl::string_view source, const DockerSourceCounters& counters);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_STATS_LINE_H_
