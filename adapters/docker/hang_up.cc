#include "lookout/adapters/docker/hang_up.h"

#include "absl/strings/cord.h"

namespace lookout::docker_internal {
namespace {

constexpr char kHangUp[] = "lookout.hang_up";

}  // namespace

absl::Status HangUp(absl::string_view message) {
  absl::Status end = absl::UnavailableError(message);
  end.SetPayload(kHangUp, absl::Cord());
  return end;
}

bool IsHangUp(const absl::Status& end) { return end.GetPayload(kHangUp).has_value(); }

}  // namespace lookout::docker_internal
