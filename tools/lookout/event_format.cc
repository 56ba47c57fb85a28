#include "lookout/tools/lookout/event_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"
#include "lookout/tools/lookout/printable.h"

namespace lookout {
namespace {

constexpr absl::string_view kRed = "\x1b[31m";
constexpr absl::string_view kGreen = "\x1b[32m";
constexpr absl::string_view kYellow = "\x1b[33m";
constexpr absl::string_view kMagenta = "\x1b[1;35m";
constexpr absl::string_view kCyan = "\x1b[36m";
constexpr absl::string_view kPlain = "\x1b[0m";

absl::string_view ColorOf(Action action) {
  constexpr Action kGood = kContainerStartMask | Action::kContainerHealthy | Action::kFileCreated;
  constexpr Action kBad =
      kContainerStopMask | Action::kContainerDestroy | Action::kContainerUnhealthy | Action::kFileDeleted;
  constexpr Action kSideways = kContainerPauseMask | Action::kContainerRename | Action::kFileRenamed;
  if (HasAny(action, kGood)) return kGreen;
  if (HasAny(action, kBad)) return kRed;
  if (HasAny(action, kSideways)) return kCyan;
  if (action == Action::kFileWritten) return kYellow;
  if (action == Action::kForceReload) return kMagenta;
  return "";
}

void AppendPath(absl::string_view path, bool is_directory, std::string& out) {
  AppendPrintable(path, out);
  if (is_directory && !absl::EndsWith(path, "/")) out += '/';
}

}  // namespace

bool WantsColor(ColorMode mode, bool is_terminal, absl::string_view no_color, absl::string_view term) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  return is_terminal && no_color.empty() && term != "dumb";
}

void AppendEventText(const Event& event, bool color, std::string& out) {
  const absl::string_view paint = color ? ColorOf(event.action) : "";
  absl::StrAppend(&out, absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", event.time, absl::UTCTimeZone()), " ",
                  event.type, " ", paint, event.action, paint.empty() ? "" : kPlain, " ");
  // Of other events these are labels that users gave.
  const bool is_file = event.type == EventType::kFile;
  const bool is_directory = is_file && event.attributes.Get(kKind) == kKindDirectory;
  // An engine may leave a container's name out; its ID still says who it was.
  AppendPath(event.actor_name.empty() ? event.actor_id.view() : event.actor_name, is_directory, out);
  if (const absl::string_view from = event.attributes.Get(kRenamedFrom); is_file && !from.empty()) {
    out += " <- ";
    AppendPath(from, is_directory, out);
  }
  if (event.action != Action::kForceReload) return;
  if (const absl::string_view reason = event.attributes.Get(kReason); !reason.empty()) {
    out += ": ";
    AppendPrintable(reason, out);
  }
}

}  // namespace lookout
