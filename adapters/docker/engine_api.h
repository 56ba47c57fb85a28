// What a session asks of an engine, as a seam: remote_engine.h asks a real one, tests play one.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_API_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_API_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/docker_dialect.h"

namespace lookout::docker_internal {

// One connection to an engine: Connect(), then Subscribe(), then the others. Every call ends with Cancelled
// when stop is requested. Used by one thread.
class EngineApi {
 public:
  virtual ~EngineApi() = default;

  // Finds out that the engine answers, which version to speak with it, and what it is.
  virtual absl::Status Connect() = 0;
  virtual DockerDialect dialect() const = 0;
  // The engine's clock, no later than it is.
  virtual absl::Time engine_time() const = 0;

  // Asks for the stream of events since then; since absl::UnixEpoch() for all that the engine remembers. OK
  // once the request is on its way.
  virtual absl::Status Subscribe(absl::Time since) = 0;

  // The bytes of the stream that have come, after waiting for `timeout` at most; "" if none have. When all of
  // them were handed out and the stream is over: why, a HangUp() if nothing is said of that. `spare`: a
  // buffer to use again, such as the last bytes'.
  virtual absl::StatusOr<std::string> Next(absl::Duration timeout, std::string spare) = 0;

  // For how long nothing has come.
  virtual absl::Duration quiet_for() const = 0;

  // What the engine remembers of the stream, in the stream's form: all that has happened since then, by the
  // moment of the answer, not of the question, and is not forgotten. "" means that nothing is remembered: a
  // session takes the stream's beginning for the place where it is.
  virtual absl::StatusOr<std::string> Replay(absl::Time since) = 0;

  // The containers that are there now, whether they run or not.
  virtual absl::StatusOr<ContainerList> List() = 0;

  // Whether stop is requested: what has come need not be looked at any more.
  virtual bool stopping() const { return false; }

  // Whether the engine answers within `timeout`.
  virtual absl::Status Ping(absl::Duration timeout) = 0;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_API_H_
