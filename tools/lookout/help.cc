#include "lookout/tools/lookout/help.h"

namespace lookout {

absl::string_view HelpText() {
  return R"(lookout - watches file trees and Docker engines, and prints what changes

usage: lookout [PATH...] [OPTION...]

What to watch; the current directory if nothing is named:
  PATH                 a directory, or a single file; it need not exist yet
  -r, --recursive      every directory PATH with all that is below it
  --docker[=HOST]      a Docker engine or Podman service: unix:///path/of/it,
                       tcp://host:port (with TLS as $DOCKER_TLS_VERIFY and
                       $DOCKER_CERT_PATH say) or ssh://user@host; without HOST
                       the one that the docker command goes to
  --docker-context=NAME
                       that of a docker context; both may be given several times
                       (events then say which: lookout.host)

How to watch files:
  --backend=auto|fanotify|inotify|poll
                       what tells of changes: one mark for a whole file system
                       (root only), a watch for each directory, or a look at
                       everything from time to time; auto takes the first of
                       them that works here
  --poll-interval=1s   how often to look at what cannot be watched
  --follow             enter symbolic links that lead to directories; those on
                       the way to PATH always are
  --include=GLOB       tell only of files that match, such as '*.yml', or docs/
                       for all that is below a directory docs
  --exclude=GLOB       leave out what matches, and all that is below it;
                       both may be given several times, patterns are those of
                       .gitignore files, and count from PATH
  --gitignore          leave out what .gitignore files in PATH say, and .git
  --settle=200ms       tell of a path when nothing has happened to it for so
                       long, or after 10 times that, and then what it all came
                       to: each save of an editor is one "written" (but for
                       the first, if it is not known yet what it replaces)

How to watch engines:
  --docker-filter=label=KEY[=VALUE] | name=NAME | image=IMAGE
                       only containers that match; may be given several times:
                       all labels, one of the names, one of the images
  --initial            begin with a start of each container that runs
  --renames, --health  tell renames; when a container gets healthy or unhealthy
  --audit=5m           list the containers so often, for losses that no stream
                       of events can show
  --docker-liveness=30s
                       ask an engine that is silent for so long if it is there

How to print:
  --interval=500ms     gather events for so long, then print them together;
                       0 prints each at once
  --format=text|json   lines for people, or one JSON object a line for programs
  --color=auto|always|never
                       auto: on a terminal, unless NO_COLOR is set

When to end; by itself lookout does not:
  --count=N            after N events
  --timeout=10s        after this time

  --stats              at the end, and at each SIGUSR1 also without this: a line
                       for each PATH and engine of what was counted (on
                       standard error)

  --version, -h, --help
  --                   all that follows are PATHs

Values may also follow their option: --interval 1s. (That of --docker may not.)

Examples:
  lookout -r conf                        everything that happens below conf
  lookout -r src --settle=200ms          one line for each save
  lookout -r . --gitignore --exclude=*.tmp
  lookout -r src docs --format=json | jq -r .actor_name
  lookout --docker                       containers that start, stop, die, ...
  lookout --docker=tcp://10.0.0.7:2375 /etc/hosts
  lookout -r /mnt/share --backend=poll --poll-interval=5s
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
events may be missing: read the state again. What an engine could not tell but
must have happened has lookout.synthesized in its attributes (--format=json).
Bytes that would disturb a terminal are shown as \n, \t, \r, \\ or \xHH;
--format=json loses nothing.

On standard error: "lookout: ready" once everything is watched, and one line,
"lookout: ...", for each error, each loss and each reconnection. A path that
does not exist, or no longer, is waited for: what comes to be there is created.
An engine that is away is tried again until it is back. On a terminal the number
of directories is shown while many are read before "ready".

Exit codes:
  0  ended by --count, --timeout, SIGINT or SIGTERM; what was gathered has been
     printed. (A second signal ends lookout at once.)
  1  something can never be watched (a path that may not be read, a back end
     that does not work here, an engine that refuses), or standard output cannot
     be written (its reader has gone). What was gathered from the others has
     been printed as far as possible.
  2  a mistake in the command line
)";
}

}  // namespace lookout
