// Where the threads that use a FileSource meet the one that runs it: Sync() and the counters.
//
// Thread-safe.
#ifndef LOOKOUT_ADAPTERS_FILE_SESSION_CONTROL_H_
#define LOOKOUT_ADAPTERS_FILE_SESSION_CONTROL_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/file/file_counters.h"

namespace lookout::file_internal {

class SessionControl {
 public:
  SessionControl();
  ~SessionControl();
  SessionControl(const SessionControl&) = delete;
  SessionControl& operator=(const SessionControl&) = delete;

  // For the others; see FileSource.
  absl::Status Sync(absl::Clock& clock, absl::Duration timeout);
  FileSourceCounters counters() const;

  // For the thread that runs. Between Begin() and End() wake_fd() is readable while somebody asks; -1 if the
  // process has no descriptor left, and then Sync() waits until the thread wakes by itself.
  void Begin();
  void End();
  int wake_fd() const { return wake_fd_; }
  // How many have asked so far. What happened before this call is then to be caught up with, and answered.
  std::uint64_t Asked();
  // The first `asked` have what they asked for.
  void Answer(std::uint64_t asked);
  void Publish(const FileSourceCounters& counters);

 private:
  // wake_fd() is readable no more.
  void Rest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int wake_fd_;
  mutable absl::Mutex mu_;
  bool running_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t asked_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t answered_ ABSL_GUARDED_BY(mu_) = 0;
  FileSourceCounters counters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_SESSION_CONTROL_H_
