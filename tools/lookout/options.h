// The command line of lookout as a value.
//
//   absl::StatusOr<Options> options = ParseOptions({"-r", "conf", "--docker", "--format=json"});
//   if (!options.ok()) …one line that names the argument and says what to do…
//
// Pure: reads neither the environment nor the disk. Thread-safe.
#ifndef LOOKOUT_TOOLS_LOOKOUT_OPTIONS_H_
#define LOOKOUT_TOOLS_LOOKOUT_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/tools/lookout/event_format.h"

namespace lookout {

inline constexpr absl::string_view kLookoutVersion = "0.1.0";

// What is asked for in place of watching.
enum class Request { kWatch, kHelp, kVersion };

struct Options {
  Request request = Request::kWatch;
  // In order, each once. "." alone if neither a path nor an engine was named.
  std::vector<std::string> paths = {};
  bool recursive = false;
  // In order, each once. Nothing: the engine of $DOCKER_HOST, or the default one.
  std::vector<std::optional<std::string>> docker_hosts = {};
  absl::Duration interval = absl::Milliseconds(500);  // zero or more, finite
  OutputFormat format = OutputFormat::kText;
  ColorMode color = ColorMode::kAuto;
  std::optional<std::uint64_t> count = std::nullopt;  // at least 1
  absl::Duration timeout = absl::InfiniteDuration();  // zero or more
};

// Reads what follows the program's name. Options and paths may be mixed, "--" ends the options, and of an
// option that is given twice the last counts, but for --docker, which adds an engine each time. --help and
// --version end the reading. InvalidArgument, in one line, for the first mistake.
absl::StatusOr<Options> ParseOptions(absl::Span<const absl::string_view> args);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_OPTIONS_H_
