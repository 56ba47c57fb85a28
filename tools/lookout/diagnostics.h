// What the command says of itself, apart from the events: one line each, "lookout: ready".
#ifndef LOOKOUT_TOOLS_LOOKOUT_DIAGNOSTICS_H_
#define LOOKOUT_TOOLS_LOOKOUT_DIAGNOSTICS_H_

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace lookout {

// Thread-safe: lines never mix.
class Diagnostics {
 public:
  // `fd`, the standard error in the command, must be open for as long as this is used.
  explicit Diagnostics(int fd) : fd_(fd) {}

  // Writes "lookout: <text>" as one line, escaped as in printable.h. That it cannot be written is passed
  // over: there is no place left to say so.
  void Say(absl::string_view text) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const int fd_;
  absl::Mutex mu_;
};

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_DIAGNOSTICS_H_
