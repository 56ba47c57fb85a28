// What an engine's answers mean: pure functions with tables.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_REPLIES_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_REPLIES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/docker/engine_client.h"

namespace lookout::docker_internal {

// The newest API version whose event stream was tried (docker 28.5); what an engine offers beyond it is not
// asked for.
inline constexpr absl::string_view kMaxApiVersion = "1.51";

// The prefix of the paths to use with an engine that answers /_ping with header Api-Version
// `engine_version`: "/v1.41", the lower of its own and kMaxApiVersion. "" if it names none that can be read:
// without a prefix every engine takes the request to be of its own version.
std::string VersionPrefix(absl::string_view engine_version);

// The path of the stream of container events, below `prefix`.
std::string EventsPath(absl::string_view prefix);

// Why an answer with a status other than 200 is a failure, in the engine's own words. The code says whether
// trying again may help (see Source::Run): a version that is "too new" may, since it is agreed on anew.
absl::Status ReplyError(absl::string_view endpoint, absl::string_view request, const EngineReply& reply);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_REPLIES_H_
