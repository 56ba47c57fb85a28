#include "lookout/events/action.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace lookout {
namespace {

constexpr absl::string_view kNoneName = "none";

// By number of the bit.
constexpr absl::string_view kBitNames[] = {
    "create", "start",   "unpause",      "kill",      "stop",    "pause",   "die",     "destroy",
    "rename", "healthy", "force_reload", "unhealthy", "written", "created", "deleted", "renamed",
};

// The number of the bit of this name; the number of all bits if there is none.
std::size_t BitOf(absl::string_view name) {
  std::size_t bit = 0;
  while (bit < std::size(kBitNames) && kBitNames[bit] != name) ++bit;
  return bit;
}

}  // namespace

std::string ActionName(Action action) {
  const auto bits = static_cast<std::uint16_t>(action);
  std::string name;
  for (std::size_t bit = 0; bit < std::size(kBitNames); ++bit) {
    if ((bits >> bit & 1) != 0) absl::StrAppend(&name, name.empty() ? "" : "|", kBitNames[bit]);
  }
  return name.empty() ? std::string(kNoneName) : name;
}

absl::StatusOr<Action> ParseAction(absl::string_view name) {
  if (name == kNoneName) return Action::kNone;
  std::uint16_t bits = 0;
  for (absl::string_view word : absl::StrSplit(name, '|')) {
    const std::size_t bit = BitOf(word);
    if (bit == std::size(kBitNames)) {
      return absl::InvalidArgumentError(absl::StrCat("unknown action '", word, "'"));
    }
    // Nothing above this bit may be there yet: names come once, in order of the bits.
    if (bits >> bit != 0) {
      return absl::InvalidArgumentError(absl::StrCat("action '", word, "' repeated or out of order"));
    }
    bits = static_cast<std::uint16_t>(bits | 1 << bit);
  }
  return static_cast<Action>(bits);
}

}  // namespace lookout
