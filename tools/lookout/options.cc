#include "lookout/tools/lookout/options.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace lookout {
namespace {

constexpr absl::string_view kSeeHelp = "; see lookout --help";

// An argument as "--name", "--name=value" or, for the two that have one, a letter.
struct Argument {
  absl::string_view whole;
  absl::string_view name;
  std::optional<absl::string_view> value;
};

Argument Split(absl::string_view arg) {
  const std::size_t equals = arg.find('=');
  if (!absl::StartsWith(arg, "--") || equals == absl::string_view::npos) {
    return {.whole = arg, .name = arg, .value = std::nullopt};
  }
  return {.whole = arg, .name = arg.substr(0, equals), .value = arg.substr(equals + 1)};
}

absl::Status Mistake(absl::string_view argument, absl::string_view what_to_do) {
  return absl::InvalidArgumentError(absl::StrCat(argument, ": ", what_to_do));
}

template <typename T>
void AddOnce(T value, std::vector<T>& values) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(std::move(value));
}

// What a duration may not be; "" is what it may.
struct DurationLimits {
  absl::string_view example;  // of a value
  absl::string_view not_zero = "";
  absl::string_view not_infinite = "";
};

absl::Status ParseDurationOf(const Argument& arg, const DurationLimits& limits, absl::Duration& duration) {
  absl::Duration parsed;
  if (!absl::ParseDuration(*arg.value, &parsed)) {
    return Mistake(arg.whole, absl::StrCat("not a duration; write one with its unit, such as ", arg.name,
                                           "=500ms or ", arg.name, "=1m30s"));
  }
  const std::string example = absl::StrCat(arg.name, "=", limits.example);
  if (parsed < absl::ZeroDuration()) {
    return Mistake(arg.whole, limits.not_zero.empty()
                                  ? absl::StrCat("is negative; write ", arg.name, "=0 or more")
                                  : absl::StrCat("is negative; write more than nothing, such as ", example));
  }
  if (parsed == absl::ZeroDuration() && !limits.not_zero.empty()) {
    return Mistake(arg.whole, absl::StrCat(limits.not_zero, "; write more than nothing, such as ", example));
  }
  if (parsed == absl::InfiniteDuration() && !limits.not_infinite.empty()) {
    return Mistake(arg.whole, absl::StrCat(limits.not_infinite, "; write a finite one, such as ", example));
  }
  duration = parsed;
  return absl::OkStatus();
}

absl::Status ParseInterval(const Argument& arg, Options& options) {
  return ParseDurationOf(arg, {.example = "500ms", .not_infinite = "would never print"}, options.interval);
}

absl::Status ParseTimeout(const Argument& arg, Options& options) {
  return ParseDurationOf(arg, {.example = "10s"}, options.timeout);
}

absl::Status ParsePollInterval(const Argument& arg, Options& options) {
  return ParseDurationOf(
      arg, {.example = "1s", .not_zero = "would never rest", .not_infinite = "would never look"},
      options.poll_interval);
}

absl::Status ParseSettle(const Argument& arg, Options& options) {
  return ParseDurationOf(
      arg, {.example = "200ms", .not_zero = "is no time to settle in", .not_infinite = "would never print"},
      options.settle.emplace());
}

absl::Status ParseBackend(const Argument& arg, Options& options) {
  for (const FileBackend backend :
       {FileBackend::kAuto, FileBackend::kFanotify, FileBackend::kInotify, FileBackend::kPoll}) {
    if (*arg.value != FileBackendName(backend)) continue;
    options.backend = backend;
    return absl::OkStatus();
  }
  return Mistake(arg.whole, "no such back end; write --backend=auto, fanotify, inotify or poll");
}

absl::Status ParseInclude(const Argument& arg, Options& options) {
  AddOnce(std::string(*arg.value), options.include);
  return absl::OkStatus();
}

absl::Status ParseExclude(const Argument& arg, Options& options) {
  AddOnce(std::string(*arg.value), options.exclude);
  return absl::OkStatus();
}

absl::Status ParseAudit(const Argument& arg, Options& options) {
  return ParseDurationOf(arg, {.example = "5m", .not_zero = "would never rest"}, options.audit);
}

absl::Status ParseLiveness(const Argument& arg, Options& options) {
  return ParseDurationOf(arg, {.example = "30s", .not_zero = "would never rest"}, options.docker_liveness);
}

absl::Status ParseContext(const Argument& arg, Options& options) {
  if (arg.value->empty()) return Mistake(arg.whole, "names no context; `docker context ls` shows them");
  AddOnce(EngineChoice{.context = std::string(*arg.value)}, options.engines);
  return absl::OkStatus();
}

absl::Status ParseDockerFilter(const Argument& arg, Options& options) {
  const std::pair<absl::string_view, std::vector<std::string>*> keys[] = {
      {"label=", &options.docker_filters.labels},
      {"name=", &options.docker_filters.names},
      {"image=", &options.docker_filters.images}};
  for (const auto& [key, values] : keys) {
    absl::string_view value = *arg.value;
    if (!absl::ConsumePrefix(&value, key) || value.empty()) continue;
    AddOnce(std::string(value), *values);
    return absl::OkStatus();
  }
  return Mistake(arg.whole,
                 "no such filter; write --docker-filter=label=KEY, --docker-filter=label=KEY=VALUE, "
                 "--docker-filter=name=NAME or --docker-filter=image=IMAGE");
}

absl::Status ParseFormat(const Argument& arg, Options& options) {
  if (*arg.value == "text") {
    options.format = OutputFormat::kText;
  } else if (*arg.value == "json") {
    options.format = OutputFormat::kJson;
  } else {
    return Mistake(arg.whole, "no such format; write --format=text or --format=json");
  }
  return absl::OkStatus();
}

absl::Status ParseColor(const Argument& arg, Options& options) {
  if (*arg.value == "auto") {
    options.color = ColorMode::kAuto;
  } else if (*arg.value == "always") {
    options.color = ColorMode::kAlways;
  } else if (*arg.value == "never") {
    options.color = ColorMode::kNever;
  } else {
    return Mistake(arg.whole, "write --color=auto, --color=always or --color=never");
  }
  return absl::OkStatus();
}

absl::Status ParseCount(const Argument& arg, Options& options) {
  std::uint64_t count = 0;
  if (!absl::SimpleAtoi(*arg.value, &count) || count == 0) {
    return Mistake(arg.whole, "not a number of events; write a whole number from 1 on, such as --count=10");
  }
  options.count = count;
  return absl::OkStatus();
}

// An option that has a value: the text that shows one, and what to do with it.
struct ValueOption {
  absl::string_view name;
  absl::string_view example;
  absl::Status (*parse)(const Argument& arg, Options& options);
};

constexpr ValueOption kValueOptions[] = {
    {"--backend", "--backend=inotify", ParseBackend},
    {"--poll-interval", "--poll-interval=1s", ParsePollInterval},
    {"--include", "--include='*.yml'", ParseInclude},
    {"--exclude", "--exclude=node_modules/", ParseExclude},
    {"--settle", "--settle=200ms", ParseSettle},
    {"--docker-context", "--docker-context=remote", ParseContext},
    {"--docker-filter", "--docker-filter=label=web", ParseDockerFilter},
    {"--docker-liveness", "--docker-liveness=30s", ParseLiveness},
    {"--audit", "--audit=5m", ParseAudit},
    {"--interval", "--interval=500ms", ParseInterval},
    {"--timeout", "--timeout=10s", ParseTimeout},
    {"--format", "--format=json", ParseFormat},
    {"--color", "--color=never", ParseColor},
    {"--count", "--count=10", ParseCount},
};

absl::Status ParseDocker(const Argument& arg, Options& options) {
  if (arg.value.has_value() && arg.value->empty()) {
    return Mistake(arg.whole,
                   "names no engine; write --docker=unix:///var/run/docker.sock, --docker=tcp://host:2375, "
                   "or --docker alone for the one that the docker command goes to");
  }
  EngineChoice engine;
  if (arg.value.has_value()) engine.host = std::string(*arg.value);
  AddOnce(std::move(engine), options.engines);
  return absl::OkStatus();
}

// An option without a value.
struct FlagOption {
  absl::string_view name;
  void (*set)(Options& options);
};

constexpr FlagOption kFlags[] = {
    {"-r", [](Options& options) { options.recursive = true; }},
    {"--recursive", [](Options& options) { options.recursive = true; }},
    {"--follow", [](Options& options) { options.follow = true; }},
    {"--gitignore", [](Options& options) { options.gitignore = true; }},
    {"--initial", [](Options& options) { options.initial = true; }},
    {"--renames", [](Options& options) { options.renames = true; }},
    {"--health", [](Options& options) { options.health = true; }},
    {"--stats", [](Options& options) { options.stats = true; }},
    {"-h", [](Options& options) { options.request = Request::kHelp; }},
    {"--help", [](Options& options) { options.request = Request::kHelp; }},
    {"--version", [](Options& options) { options.request = Request::kVersion; }},
};

absl::Status ParseFlag(const Argument& arg, Options& options) {
  for (const FlagOption& flag : kFlags) {
    if (arg.name != flag.name) continue;
    if (arg.value.has_value()) return Mistake(arg.whole, absl::StrCat("has no value; write ", arg.name));
    flag.set(options);
    return absl::OkStatus();
  }
  return Mistake(arg.whole, absl::StrCat("no such option (a path that begins with '-' is written ./",
                                         arg.whole, ")", kSeeHelp));
}

absl::Status CheckTogether(const Options& options) {
  if (options.backend == FileBackend::kFanotify && options.follow) {
    return Mistake("--backend=fanotify", "follows no links; leave out --follow, or write --backend=inotify");
  }
  return absl::OkStatus();
}

absl::Status AddPath(absl::string_view path, Options& options) {
  if (path.empty()) {
    return Mistake("''", "an empty path; write . for the current directory");
  }
  AddOnce(std::string(path), options.paths);
  return absl::OkStatus();
}

// Takes the argument at `at`, and the next one if that is its value; `at` is then the last one taken.
absl::Status ParseOption(absl::Span<const absl::string_view> args, std::size_t& at, Options& options) {
  Argument arg = Split(args[at]);
  if (arg.name == "--docker") return ParseDocker(arg, options);
  for (const ValueOption& option : kValueOptions) {
    if (arg.name != option.name) continue;
    std::string joined;  // as the mistake's message shows it
    if (!arg.value.has_value()) {
      if (at + 1 == args.size()) {
        return Mistake(arg.whole, absl::StrCat("needs a value, such as ", option.example));
      }
      arg.value = args[++at];
      joined = absl::StrCat(arg.name, " ", *arg.value);
      arg.whole = joined;
    }
    return option.parse(arg, options);
  }
  return ParseFlag(arg, options);
}

}  // namespace

absl::StatusOr<Options> ParseOptions(absl::Span<const absl::string_view> args) {
  Options options;
  bool options_ended = false;
  for (std::size_t at = 0; at < args.size() && options.request == Request::kWatch; ++at) {
    absl::Status parsed;
    if (!options_ended && args[at] == "--") {
      options_ended = true;
    } else if (!options_ended && absl::StartsWith(args[at], "-")) {
      parsed = ParseOption(args, at, options);
    } else {
      parsed = AddPath(args[at], options);
    }
    if (!parsed.ok()) return parsed;
  }
  if (options.request == Request::kWatch) {
    if (absl::Status together = CheckTogether(options); !together.ok()) return together;
  }
  if (options.paths.empty() && options.engines.empty()) options.paths.emplace_back(".");
  return options;
}

}  // namespace lookout
