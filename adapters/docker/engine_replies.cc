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
#include "absl/strings/str_split.h"
#include "lookout/adapters/docker/docker_message.h"

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

// Engines answer {"message":"…"}; what stands before one may answer anything.
std::string InItsWords(const EngineReply& reply) {
  std::string text = ParseErrorMessage(reply.body).value_or(reply.body);
  absl::StripAsciiWhitespace(&text);
  if (text.empty()) return "without a message";
  const bool cut = text.size() > kShownOfBody;
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(absl::string_view(text).substr(0, kShownOfBody)),
                      cut ? "…\"" : "\"");
}

absl::StatusCode Code(int status, absl::string_view words) {
  switch (status) {
    case 401:
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 400:
      return absl::StrContains(words, "too old") ? absl::StatusCode::kFailedPrecondition
                                                 : absl::StatusCode::kUnavailable;
    case 404:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

std::string VersionPrefix(absl::string_view engine_version) {
  const auto engine = ParseVersion(engine_version);
  if (!engine) return "";
  const auto agreed = std::min(*engine, *ParseVersion(kMaxApiVersion));
  return absl::StrCat("/v", agreed.first, ".", agreed.second);
}

std::string EventsPath(absl::string_view prefix) {
  // {"type":["container"]}
  return absl::StrCat(prefix, "/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D");
}

absl::Status ReplyError(absl::string_view endpoint, absl::string_view request, const EngineReply& reply) {
  const std::string words = InItsWords(reply);
  return absl::Status(Code(reply.status, words),
                      absl::StrCat(endpoint, ": ", request, ": the engine answers ", reply.status, " ", words,
                                   reply.status == 404 ? "; is this a Docker engine?" : ""));
}

}  // namespace lookout::docker_internal
