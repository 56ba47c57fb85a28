#include "lookout/tools/lookout/catalogue.h"

#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_context.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/tools/lookout/stats_line.h"
#include "lookout/watchers/restarting_source.h"
#include "lookout/watchers/settling_source.h"

namespace lookout {
namespace {

// A source that somebody else may keep for longer.
class SharedSource final : public Source {
 public:
  explicit SharedSource(std::shared_ptr<Source> source) : source_(std::move(source)) {}

  absl::string_view name() const override { return source_->name(); }
  absl::Status Run(std::stop_token stop, Receiver& receiver) override {
    return source_->Run(std::move(stop), receiver);
  }

 private:
  const std::shared_ptr<Source> source_;
};

std::unique_ptr<Source> Restarting(std::unique_ptr<Source> source, absl::Clock& clock,
                                   Diagnostics& diagnostics, RestartingSourceOptions options) {
  options.on_reconnect = [&diagnostics, name = std::string(source->name())] {
    diagnostics.Say(absl::StrCat(name, ": watched again"));
  };
  return std::make_unique<RestartingSource>(std::move(source), clock, std::move(options));
}

FileSourceOptions FileOptions(const std::string& path, const Options& options, ProgressLine* progress) {
  FileSourceOptions file = {
      .path = path,
      .recursive = options.recursive,
      .backend = options.backend,
      .follow = options.follow,
      .filter = {.include = options.include, .exclude = options.exclude, .gitignore = options.gitignore},
      .poll_interval = options.poll_interval};
  if (progress != nullptr) file.on_progress = progress->AddCrawl();
  return file;
}

// A pattern that makes no sense is named by the file source as "exclude", which is an option's name here.
absl::Status NamingTheOption(const absl::Status& failure) {
  const absl::string_view message = failure.message();
  const bool is_of_pattern = absl::StartsWith(message, "include ") || absl::StartsWith(message, "exclude ");
  return is_of_pattern ? absl::InvalidArgumentError(absl::StrCat("--", message)) : failure;
}

absl::Status AddFileSource(FileSourceOptions file, const Options& options, absl::Clock& clock,
                           Diagnostics& diagnostics, Catalogue& catalogue) {
  file.tell_replaced = options.settle.has_value();
  absl::StatusOr<std::shared_ptr<FileSource>> made = FileSource::Create(std::move(file), clock);
  if (!made.ok()) return NamingTheOption(made.status());
  catalogue.stats.emplace_back([source = *made] { return StatsLine(source->name(), source->counters()); });
  RestartingSourceOptions restarting;
  restarting.max_delay = absl::Seconds(5);  // a look at the local disk costs little
  std::unique_ptr<Source> source =
      Restarting(std::make_unique<SharedSource>(*std::move(made)), clock, diagnostics, std::move(restarting));
  if (options.settle.has_value()) {
    // Around the other, so that what it knows of the tree outlives a failure.
    source =
        std::make_unique<SettlingSource>(std::move(source), clock, SettlingOptions{.quiet = *options.settle});
  }
  catalogue.sources.push_back(std::move(source));
  return absl::OkStatus();
}

// What the user wrote for it.
std::string Argument(const EngineChoice& engine) {
  if (engine.host.has_value()) return absl::StrCat("--docker=", *engine.host);
  if (engine.context.has_value()) return absl::StrCat("--docker-context=", *engine.context);
  return "--docker";
}

absl::StatusOr<std::shared_ptr<DockerSource>> MakeDockerSource(const EngineChoice& engine,
                                                               const Options& options, absl::Clock& clock) {
  const absl::StatusOr<DockerAddress> address =
      FindDockerAddress(DockerEnvironmentOfProcess(), {.host = engine.host, .context = engine.context});
  if (!address.ok()) return address.status();
  return DockerSource::Create({.host = address->host,
                               .tls = address->tls,
                               .liveness = options.docker_liveness,
                               .filters = options.docker_filters,
                               .initial = options.initial,
                               .renames = options.renames,
                               .health = options.health,
                               .audit_interval = options.audit,
                               .tell_host = options.engines.size() > 1},
                              clock);
}

absl::Status AddDockerSource(const EngineChoice& engine, const Options& options, absl::Clock& clock,
                             Diagnostics& diagnostics, Catalogue& catalogue) {
  absl::StatusOr<std::shared_ptr<DockerSource>> source = MakeDockerSource(engine, options, clock);
  if (!source.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(Argument(engine), ": ", source.status().message()));
  }
  catalogue.stats.emplace_back([source = *source] { return StatsLine(source->name(), source->counters()); });
  catalogue.sources.push_back(Restarting(std::make_unique<SharedSource>(*std::move(source)), clock,
                                         diagnostics, RestartingSourceOptions()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Catalogue> MakeSources(const Options& options, absl::Clock& clock, Diagnostics& diagnostics,
                                      ProgressLine* progress) {
  Catalogue catalogue;
  for (const std::string& path : options.paths) {
    absl::Status added =
        AddFileSource(FileOptions(path, options, progress), options, clock, diagnostics, catalogue);
    if (!added.ok()) return added;
  }
  for (const EngineChoice& engine : options.engines) {
    absl::Status added = AddDockerSource(engine, options, clock, diagnostics, catalogue);
    if (!added.ok()) return added;
  }
  return catalogue;
}

}  // namespace lookout
