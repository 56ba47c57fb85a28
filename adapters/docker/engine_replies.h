// What an engine's answers mean: who it is, which version to speak, and why it refuses.
//
//   absl::StatusOr<EngineGreeting> engine = Greet(client, wait);   // GET /_ping
//   client.Get(ContainersPath(engine->prefix, query), wait);       // "/v1.51/containers/json?all=1…"
//
// A version is agreed on for one session: an engine that was replaced by an older one refuses what was agreed
// as "too new" (ReplyError: Unavailable), and the next session, which comes after a back-off, greets it anew.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_REPLIES_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_REPLIES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

// The newest API version whose event stream was tried (docker 28.5); what an engine offers beyond it is not
// asked for.
inline constexpr absl::string_view kMaxApiVersion = "1.51";

// The prefix of the paths to use with an engine that answers /_ping with header Api-Version
// `engine_version`: "/v1.41", the lower of its own and kMaxApiVersion. "" if it names none that can be read:
// without a prefix every engine takes the request to be of its own version.
std::string VersionPrefix(absl::string_view engine_version);

// Podman's compatible API says so in each of its answers: Libpod-API-Version, and Server "Libpod/…"
// (containers/podman, pkg/api/server/handler_api.go). Anything else is taken for Docker.
DockerDialect DialectOf(const EngineReply& reply);

struct EngineGreeting {
  DockerDialect dialect = DockerDialect::kDocker;
  std::string prefix = {};              // of all paths: VersionPrefix()
  std::string server = {};              // what it calls itself, for messages; may be empty
  std::optional<absl::Time> date = {};  // its clock, to the second, if it says

  friend bool operator==(const EngineGreeting&, const EngineGreeting&) = default;
};

// Asks with GET: HEAD is refused (405) by what filters methods before an engine. Fails as Get() does, and
// with ReplyError() for an answer other than 200.
absl::StatusOr<EngineGreeting> Greet(EngineClient& client, StoppableWait& wait);

// Why an answer with a status other than 200 is a failure, in the engine's own words, escaped and cut short.
// The code says whether trying again may help (see Source::Run):
//   PermissionDenied    401, 403, 407
//   FailedPrecondition  404; 400 with a version that is "too old", with the cure
//   Unavailable         all else: 5xx, 429, a redirect (which is not followed), a version that is "too new"
absl::Status ReplyError(absl::string_view endpoint, absl::string_view request, const EngineReply& reply);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_REPLIES_H_
