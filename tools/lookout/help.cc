#include "lookout/tools/lookout/help.h"

namespace lookout {

absl::string_view HelpText() {
  return R"(lookout - watches file trees and Docker engines, and prints what changes

usage: lookout [PATH...] [OPTION...]

What to watch; the current directory if nothing is named:
  PATH                 a directory, or a single file
  -r, --recursive      every directory PATH with all that is below it
  --docker[=HOST]      a Docker engine, unix:///path/of/it or tcp://host:port;
                       without HOST that of $DOCKER_HOST, or the default socket;
                       may be given several times

How to print:
  --interval=500ms     gather events for so long, then print them together;
                       0 prints each at once
  --format=text|json   lines for people, or one JSON object a line for programs
  --color=auto|always|never
                       auto: on a terminal, unless NO_COLOR is set

When to end; by itself lookout does not:
  --count=N            after N events
  --timeout=10s        after this time

  --version, -h, --help
  --                   all that follows are PATHs

Values may also follow their option: --interval 1s. (That of --docker may not.)

Examples:
  lookout -r conf                        everything that happens below conf
  lookout -r src docs --format=json | jq -r .actor_name
  lookout --docker                       containers that start, stop, die, ...
  lookout --docker=tcp://10.0.0.7:2375 /etc/hosts
  lookout conf --count=1 --timeout=1m    wait a minute for one change

What the lines mean:
  2026-11-23T15:04:05.123Z file written conf/app.yml
  2026-11-23T15:04:05.123Z file created conf/new/
  2026-11-23T15:04:05.123Z file renamed conf/b <- conf/a
  2026-11-23T15:04:05.123Z docker start nginx
  2026-11-23T15:04:05.123Z file force_reload conf: some events were lost
Time (UTC), type, action, path or container. Files are created, written, deleted
and renamed (the new path first). A directory ends in '/'. Containers create,
start, unpause, kill, stop, pause, die and destroy. force_reload says that some
events may be missing: read the state again. Bytes that would disturb a terminal
are shown as \n, \t, \r, \\ or \xHH; --format=json loses nothing.

On standard error: "lookout: ready" once everything is watched, and one line,
"lookout: ...", for each error, each loss and each reconnection. An engine that
is away, or a path that is deleted later, is tried again until it is back.

Exit codes:
  0  ended by --count, --timeout, SIGINT or SIGTERM; what was gathered has been
     printed. (A second signal ends lookout at once.)
  1  something can never be watched (a path that does not exist, an engine that
     refuses), or standard output cannot be written (its reader has gone). What
     was gathered from the others has been printed as far as possible.
  2  a mistake in the command line
)";
}

}  // namespace lookout
