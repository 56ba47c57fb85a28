// What the command says of itself, apart from the events: one line each, "lookout: ready". On a terminal also
// one that changes in its place, until the next.
#ifndef LOOKOUT_TOOLS_LOOKOUT_DIAGNOSTICS_H_
#define LOOKOUT_TOOLS_LOOKOUT_DIAGNOSTICS_H_

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace lookout {

// Thread-safe: lines never mix.
class Diagnostics {
 public:
  // `fd`, the standard error in the command, must be open for as long as this is used.
  explicit Diagnostics(int fd) : fd_(fd) {}

  // Writes "lookout: <text>" as one line, escaped as in printable.h, in place of what is shown. That it
  // cannot be written is passed over: there is no place left to say so.
  void Say(absl::string_view text) ABSL_LOCKS_EXCLUDED(mu_);

  // Writes "lookout: <text>" in place of what was shown before, without ending the line. For terminals, and
  // for a text that fits into a line of theirs.
  void Show(absl::string_view text) ABSL_LOCKS_EXCLUDED(mu_);
  // Wipes out what is shown; before somebody else writes to the same terminal.
  void Wipe() ABSL_LOCKS_EXCLUDED(mu_);
  // The same, and Show() does nothing from now on.
  void EndShow() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // What wipes out the text that is shown, which then is no more.
  std::string TakeWiper() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int fd_;
  absl::Mutex mu_;
  std::size_t shown_ ABSL_GUARDED_BY(mu_) = 0;  // columns
  bool show_ended_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_DIAGNOSTICS_H_
