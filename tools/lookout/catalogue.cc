#include "lookout/tools/lookout/catalogue.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

std::unique_ptr<Source> Restarting(std::unique_ptr<Source> source, absl::Clock& clock,
                                   Diagnostics& diagnostics, RestartingSourceOptions options) {
  options.on_reconnect = [&diagnostics, name = std::string(source->name())] {
    diagnostics.Say(absl::StrCat(name, ": watched again"));
  };
  return std::make_unique<RestartingSource>(std::move(source), clock, std::move(options));
}

absl::StatusOr<std::unique_ptr<Source>> MakeFileSource(const std::string& path, bool recursive,
                                                       absl::Clock& clock, Diagnostics& diagnostics) {
  auto source = FileSource::Create({.path = path, .recursive = recursive}, clock);
  if (!source.ok()) return source.status();
  RestartingSourceOptions options;
  options.max_delay = absl::Seconds(5);  // a look at the local disk costs little
  options.is_permanent = [is_first = true](const absl::Status& failure) mutable {
    return IsPermanent(failure) || (std::exchange(is_first, false) && absl::IsNotFound(failure));
  };
  return Restarting(*std::move(source), clock, diagnostics, std::move(options));
}

absl::StatusOr<std::unique_ptr<Source>> MakeDockerSource(const std::optional<std::string>& host,
                                                         absl::Clock& clock, Diagnostics& diagnostics) {
  const std::string endpoint = host.has_value() ? *host : DockerHostFromEnvironment();
  auto source = DockerSource::Create({.host = endpoint}, clock);
  if (!source.ok()) {
    const std::string argument =
        host.has_value() ? absl::StrCat("--docker=", endpoint) : "--docker (from DOCKER_HOST)";
    return absl::InvalidArgumentError(absl::StrCat(argument, ": ", source.status().message()));
  }
  return Restarting(*std::move(source), clock, diagnostics, RestartingSourceOptions());
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeSources(const Options& options, absl::Clock& clock,
                                                                 Diagnostics& diagnostics) {
  std::vector<std::unique_ptr<Source>> sources;
  for (const std::string& path : options.paths) {
    auto source = MakeFileSource(path, options.recursive, clock, diagnostics);
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  for (const std::optional<std::string>& host : options.docker_hosts) {
    auto source = MakeDockerSource(host, clock, diagnostics);
    if (!source.ok()) return source.status();
    sources.push_back(*std::move(source));
  }
  return sources;
}

}  // namespace lookout
