// What HTTP with an engine goes over, whatever it is made of: see engine_connection.h, which opens one.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_CONNECTION_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lookout::docker_internal {

// Used by one thread at a time. Each wait ends on stop (Cancelled) and at the deadline (DeadlineExceeded); no
// call raises SIGPIPE. Messages do not name the endpoint: callers do.
//
// The code of a failure says whether it may go away by itself (events/source.h): Unavailable for a connection
// that breaks; FailedPrecondition and PermissionDenied for what somebody has to put right.
class EngineConnection {
 public:
  virtual ~EngineConnection() = default;
  EngineConnection(const EngineConnection&) = delete;
  EngineConnection& operator=(const EngineConnection&) = delete;

  // For the reads and writes that follow, as in StoppableWait; absl::InfiniteDuration() for none.
  void set_deadline(absl::Duration deadline) { deadline_ = deadline; }
  absl::Duration deadline() const { return deadline_; }

  // What is there, at least a byte; 0 at the end. `into` must not be empty.
  virtual absl::StatusOr<std::size_t> Read(absl::Span<char> into) = 0;
  // All of it. A write that fails because the engine has refused says why it did, if it said so.
  virtual absl::Status Write(absl::string_view bytes) = 0;

 protected:
  explicit EngineConnection(absl::Duration deadline = absl::InfiniteDuration()) : deadline_(deadline) {}

 private:
  absl::Duration deadline_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CONNECTION_H_
