// HTTP requests to an engine, over a connection each.
//
// cpp-httplib speaks HTTP; how an answer is framed is http_framing.h's, and connecting, waiting and stopping
// are engine_connection.h's, so that every wait ends on stop and by the injected clock. Redirects are not
// followed: they are answers.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_CLIENT_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_CLIENT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/engine_connection.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

struct EngineReply {
  int status = 0;                       // of HTTP
  std::string api_version = {};         // header Api-Version
  std::string server = {};              // header Server: "Docker/28.5.1 (linux)", "Libpod/5.4.2 (linux)"
  std::string libpod_version = {};      // header Libpod-API-Version: Podman's alone
  std::string content_type = {};        // header Content-Type
  std::string location = {};            // header Location: where a redirect leads
  std::optional<absl::Time> date = {};  // header Date, to the second; absent if it is missing or no date
  std::string body = {};                // empty for a stream that was 200
  bool cut = false;  // the body was longer than asked for, or broke off: what is here is a part
};

inline constexpr std::size_t kMaxReplyBody = 64 << 10;

// Connects, until `deadline`: OpenEngineConnection() with all but these two, or a test's.
using EngineConnector = std::function<absl::StatusOr<std::unique_ptr<EngineConnection>>(
    StoppableWait& wait, absl::Duration deadline)>;

// What is wanted to know of a stream. Each returns whether to go on; false ends it with Cancelled.
struct StreamEvents {
  absl::FunctionRef<bool()> on_sent;                   // the request is written
  absl::FunctionRef<bool()> on_head;                   // the answer is 200
  absl::FunctionRef<bool(absl::string_view)> on_data;  // a part of its body
};

// Used by one thread at a time; copies may be used by others, if their connectors may. Two clients that share
// a HostResolver may not.
class EngineClient {
 public:
  // `resolver` must outlive it and its copies.
  EngineClient(DockerEndpoint endpoint, absl::Duration timeout, HostResolver& resolver);
  // `name` stands in messages; `host` in the header Host.
  EngineClient(std::string name, std::string host, absl::Duration timeout, EngineConnector connect);

  // For messages: the endpoint.
  const std::string& name() const { return name_; }

  // Any answer is a reply, of at most `max_body` bytes of body. `timeout` is for all of it. Unavailable if
  // there is none, or one that is not HTTP; DeadlineExceeded; Cancelled. Messages name the endpoint.
  absl::StatusOr<EngineReply> Get(absl::string_view path, StoppableWait& wait,
                                  std::size_t max_body = kMaxReplyBody);

  // The same, but the body of a reply with status 200 goes to `events` as it comes, until the engine ends it
  // (that reply), the connection breaks (Unavailable), or one of the three wants no more (Cancelled). It may
  // last for ever: `timeout` is for connecting and writing the request, for the head once its first byte is
  // there, and for a reply that is not 200. A proxy may withhold the head until there is an event.
  absl::StatusOr<EngineReply> Stream(absl::string_view path, StoppableWait& wait, StreamEvents events);

 private:
  std::string name_;
  std::string host_;
  absl::Duration timeout_;
  EngineConnector connect_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_CLIENT_H_
