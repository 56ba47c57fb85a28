// HTTP requests to an engine, over a connection each.
//
// cpp-httplib speaks HTTP; sockets, waiting and stopping are engine_connection.h's, so that every wait ends
// on stop and by the injected clock, and httplib's own connecting and name look-up are not used.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_CLIENT_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_CLIENT_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

struct EngineReply {
  int status = 0;            // of HTTP
  std::string api_version;   // header Api-Version
  std::string content_type;  // header Content-Type
  std::string body;          // the first kMaxReplyBody bytes; empty for a stream
};

inline constexpr std::size_t kMaxReplyBody = 64 << 10;

// Used by one thread at a time.
class EngineClient {
 public:
  // `timeout` bounds connecting and the reply's head, together; Get()'s body as well.
  EngineClient(DockerEndpoint endpoint, absl::Duration timeout, HostResolver& resolver)
      : endpoint_(std::move(endpoint)), timeout_(timeout), resolver_(resolver) {}

  // Any answer is a reply. Unavailable if there is none, or one that is not HTTP; DeadlineExceeded;
  // Cancelled. Messages name the endpoint.
  absl::StatusOr<EngineReply> Get(absl::string_view path, StoppableWait& wait);

  // The same, but the body of a reply with status 200 goes to `on_data` as it comes, after `on_live` was
  // called for its head, until the engine ends it, the connection breaks (Unavailable), or one of
  // both returns false (Cancelled). It may last for ever; a quiet stream is no failure.
  absl::StatusOr<EngineReply> Stream(absl::string_view path, StoppableWait& wait,
                                     absl::FunctionRef<bool()> on_live,
                                     absl::FunctionRef<bool(absl::string_view)> on_data);

 private:
  const DockerEndpoint endpoint_;
  const absl::Duration timeout_;
  HostResolver& resolver_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_CLIENT_H_
