#include "lookout/adapters/docker/engine_replies.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lookout/adapters/docker/docker_message.h"
#include "lookout/adapters/docker/utf8.h"

namespace lookout::docker_internal {
namespace {

constexpr std::size_t kShownOfBody = 200;

std::optional<std::pair<int, int>> ParseVersion(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  int major = 0, minor = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &major) || !absl::SimpleAtoi(parts[1], &minor) ||
      major < 1 || minor < 0) {
    return std::nullopt;
  }
  return std::pair(major, minor);
}

// Short, and without what a terminal would obey.
std::string Quoted(absl::string_view text) {
  const absl::string_view most = text.substr(0, kShownOfBody);
  const absl::string_view shown = IsUtf8(text) ? most.substr(0, Utf8Prefix(most)) : most;
  return absl::StrCat("\"", IsUtf8(text) ? absl::Utf8SafeCHexEscape(shown) : absl::CHexEscape(shown),
                      shown.size() < text.size() ? "…\"" : "\"");
}

// Engines answer {"message":"…"}; what stands before one may answer anything, such as a page of HTML.
std::string InItsWords(const EngineReply& reply) {
  const std::string all = ParseErrorMessage(reply.body).value_or(reply.body);
  const std::string text =
      absl::StrJoin(absl::StrSplit(all, absl::ByAnyChar(" \t\r\n\v\f"), absl::SkipEmpty()), " ");
  return text.empty() ? "without a message" : Quoted(text);
}

bool IsTooOld(const EngineReply& reply) {
  return reply.status == 400 && absl::StrContains(reply.body, "is too old");
}

absl::StatusCode Code(const EngineReply& reply) {
  switch (reply.status) {
    case 401:
    case 403:
    case 407:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return IsTooOld(reply) ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kUnavailable;
  }
}

std::string Advice(const EngineReply& reply) {
  if (reply.status == 404) return "; is this a Docker engine?";
  if (IsTooOld(reply)) {
    return absl::StrCat("; lookout speaks API versions up to ", kMaxApiVersion,
                        ": use a newer lookout, or start the engine with a lower DOCKER_MIN_API_VERSION");
  }
  if (reply.status / 100 == 3) {
    return absl::StrCat("; it redirects to ", Quoted(reply.location),
                        ", which is not followed: name the engine itself");
  }
  return "";
}

}  // namespace

std::string VersionPrefix(absl::string_view engine_version) {
  const auto engine = ParseVersion(engine_version);
  if (!engine) return "";
  const auto agreed = std::min(*engine, *ParseVersion(kMaxApiVersion));
  return absl::StrCat("/v", agreed.first, ".", agreed.second);
}

DockerDialect DialectOf(const EngineReply& reply) {
  const bool podman = !reply.libpod_version.empty() || absl::StartsWith(reply.server, "Libpod/");
  return podman ? DockerDialect::kPodman : DockerDialect::kDocker;
}

absl::StatusOr<EngineGreeting> Greet(EngineClient& client, StoppableWait& wait) {
  const absl::StatusOr<EngineReply> ping = client.Get("/_ping", wait);
  if (!ping.ok()) return ping.status();
  if (ping->status != 200) return ReplyError(client.name(), "ping", *ping);
  return EngineGreeting{.dialect = DialectOf(*ping),
                        .prefix = VersionPrefix(ping->api_version),
                        .server = ping->server,
                        .date = ping->date};
}

absl::Status ReplyError(absl::string_view endpoint, absl::string_view request, const EngineReply& reply) {
  return absl::Status(Code(reply), absl::StrCat(endpoint, ": ", request, ": the engine answers ",
                                                reply.status, " ", InItsWords(reply), Advice(reply)));
}

}  // namespace lookout::docker_internal
