#include "lookout/tools/lookout/options.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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

absl::Status ParseDurationOf(const Argument& arg, bool may_be_infinite, absl::Duration& duration) {
  absl::Duration parsed;
  if (!absl::ParseDuration(*arg.value, &parsed)) {
    return Mistake(arg.whole, absl::StrCat("not a duration; write one with its unit, such as ", arg.name,
                                           "=500ms or ", arg.name, "=1m30s"));
  }
  if (parsed < absl::ZeroDuration()) {
    return Mistake(arg.whole, absl::StrCat("is negative; write ", arg.name, "=0 or more"));
  }
  if (!may_be_infinite && parsed == absl::InfiniteDuration()) {
    return Mistake(arg.whole,
                   absl::StrCat("would never print; write a finite one, such as ", arg.name, "=500ms"));
  }
  duration = parsed;
  return absl::OkStatus();
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
    {"--interval", "--interval=500ms",
     [](const Argument& arg, Options& options) { return ParseDurationOf(arg, false, options.interval); }},
    {"--timeout", "--timeout=10s",
     [](const Argument& arg, Options& options) { return ParseDurationOf(arg, true, options.timeout); }},
    {"--format", "--format=json", ParseFormat},
    {"--color", "--color=never", ParseColor},
    {"--count", "--count=10", ParseCount},
};

absl::Status ParseDocker(const Argument& arg, Options& options) {
  if (arg.value.has_value() && arg.value->empty()) {
    return Mistake(arg.whole,
                   "names no engine; write --docker=unix:///var/run/docker.sock, --docker=tcp://host:2375, "
                   "or --docker alone for $DOCKER_HOST");
  }
  std::optional<std::string> host;
  if (arg.value.has_value()) host = std::string(*arg.value);
  AddOnce(std::move(host), options.docker_hosts);
  return absl::OkStatus();
}

absl::Status ParseFlag(const Argument& arg, Options& options) {
  const bool is_recursive = arg.name == "-r" || arg.name == "--recursive";
  const bool is_help = arg.name == "-h" || arg.name == "--help";
  if (!is_recursive && !is_help && arg.name != "--version") {
    return Mistake(arg.whole, absl::StrCat("no such option (a path that begins with '-' is written ./",
                                           arg.whole, ")", kSeeHelp));
  }
  if (arg.value.has_value()) return Mistake(arg.whole, absl::StrCat("has no value; write ", arg.name));
  if (is_recursive) options.recursive = true;
  if (is_help) options.request = Request::kHelp;
  if (arg.name == "--version") options.request = Request::kVersion;
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
  if (options.paths.empty() && options.docker_hosts.empty()) options.paths.emplace_back(".");
  return options;
}

}  // namespace lookout
