// write(2) until all is written.
#ifndef LOOKOUT_TOOLS_LOOKOUT_WRITE_ALL_H_
#define LOOKOUT_TOOLS_LOOKOUT_WRITE_ALL_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lookout {

// Writes all of `bytes` to `fd`, with one call of write(2) where the kernel takes them at once. Goes on after
// short writes and signals, and waits for a descriptor that does not block by itself. Blocks as long as the
// reader does.
//
// A failure carries `what`, which names the descriptor, and the system's words: "stdout: No space left on
// device". A part of `bytes` may have been written then. EPIPE is a failure like the others, where SIGPIPE is
// ignored: the caller's to see to.
absl::Status WriteAll(int fd, absl::string_view bytes, absl::string_view what);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_WRITE_ALL_H_
