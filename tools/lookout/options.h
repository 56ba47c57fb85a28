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
#include "lookout/adapters/docker/docker_filters.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/tools/lookout/event_format.h"

namespace lookout {

inline constexpr absl::string_view kLookoutVersion = "0.1.0";

// What is asked for in place of watching.
enum class Request { kWatch, kHelp, kVersion };

// An engine, by its address or by the name of a docker context. Neither: the one that the docker command
// would go to.
struct EngineChoice {
  std::optional<std::string> host = {};
  std::optional<std::string> context = {};

  friend bool operator==(const EngineChoice&, const EngineChoice&) = default;
};

struct Options {
  Request request = Request::kWatch;
  // In order, each once. "." alone if neither a path nor an engine was named.
  std::vector<std::string> paths = {};
  bool recursive = false;
  FileBackend backend = FileBackend::kAuto;
  bool follow = false;
  absl::Duration poll_interval = absl::Seconds(1);  // positive, finite
  // What of a directory is told of, as in path_filter.h.
  std::vector<std::string> include = {};
  std::vector<std::string> exclude = {};
  bool gitignore = false;
  std::optional<absl::Duration> settle = std::nullopt;  // positive, finite
  // In order, each once.
  std::vector<EngineChoice> engines = {};
  // What of every engine is told of.
  DockerFilters docker_filters = {};
  bool initial = false;
  bool renames = false;
  bool health = false;
  absl::Duration audit = absl::InfiniteDuration();     // positive
  absl::Duration docker_liveness = absl::Seconds(30);  // positive
  absl::Duration interval = absl::Milliseconds(500);   // zero or more, finite
  OutputFormat format = OutputFormat::kText;
  ColorMode color = ColorMode::kAuto;
  std::optional<std::uint64_t> count = std::nullopt;  // at least 1
  absl::Duration timeout = absl::InfiniteDuration();  // zero or more
  bool stats = false;
};

// Reads what follows the program's name. Options and paths may be mixed, "--" ends the options, and of an
// option that is given twice the last counts, but for --docker, --docker-context, --docker-filter, --include
// and
// --exclude, which add up. --help and --version end the reading. InvalidArgument, in one line, for the first
// mistake.
absl::StatusOr<Options> ParseOptions(absl::Span<const absl::string_view> args);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_OPTIONS_H_
