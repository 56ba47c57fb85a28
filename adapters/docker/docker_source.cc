#include "lookout/adapters/docker/docker_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/docker/continuity.h"
#include "lookout/adapters/docker/engine_counters.h"
#include "lookout/adapters/docker/engine_session.h"
#include "lookout/adapters/docker/hang_up.h"
#include "lookout/adapters/docker/remote_engine.h"

namespace lookout {

using docker_internal::Continuity;
using docker_internal::EngineCounters;
using docker_internal::EngineSession;
using docker_internal::IsHangUp;
using docker_internal::RemoteEngine;
using docker_internal::RemoteEngineOptions;
using docker_internal::Resolvers;
using docker_internal::SessionOptions;

namespace {

// A stream that is cut sooner is cut again, in all likelihood.
constexpr absl::Duration kLongEnough = absl::Seconds(1);

SessionOptions ForSession(const DockerSourceOptions& options, const DockerEndpoint& endpoint) {
  return {.name = absl::StrCat("docker ", ToString(endpoint)),
          .host = ToString(endpoint),
          .tell_host = options.tell_host,
          .initial = options.initial,
          .max_object_bytes = options.max_object_bytes,
          .timeout = options.timeout,
          .liveness = options.liveness,
          .audit_interval = options.audit_interval};
}

}  // namespace

struct DockerSource::State {
  State(const DockerSourceOptions& options, DockerEndpoint endpoint, absl::Clock& source_clock)
      : clock(source_clock),
        session(ForSession(options, endpoint)),
        engine{.endpoint = std::move(endpoint),
               .filters = options.filters,
               .timeout = options.timeout,
               .max_buffered_bytes = options.max_buffered_bytes},
        continuity({.filters = options.filters, .renames = options.renames, .health = options.health},
                   counters) {}

  absl::Clock& clock;
  const SessionOptions session;
  const RemoteEngineOptions engine;
  Resolvers resolvers;
  EngineCounters counters;
  Continuity continuity;
};

DockerSource::DockerSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
DockerSource::~DockerSource() = default;

absl::StatusOr<std::unique_ptr<DockerSource>> DockerSource::Create(DockerSourceOptions options,
                                                                   absl::Clock& clock) {
  absl::StatusOr<DockerEndpoint> endpoint =
      ParseDockerEndpoint(DockerAddress{.host = options.host, .tls = options.tls});
  if (!endpoint.ok()) return endpoint.status();
  if (absl::Status checked = CheckFilters(options.filters); !checked.ok()) return checked;
  auto state = std::make_unique<State>(options, *std::move(endpoint), clock);
  return std::unique_ptr<DockerSource>(new DockerSource(std::move(state)));
}

absl::string_view DockerSource::name() const { return state_->session.name; }

absl::Status DockerSource::Run(std::stop_token stop, Receiver& receiver) {
  bool ready = false;
  while (true) {
    RemoteEngine engine(state_->engine, state_->resolvers, state_->clock, stop);
    EngineSession session(state_->session, state_->continuity, engine, state_->clock, receiver,
                          state_->counters, ready);
    const absl::Status end = session.Run();
    ready = session.ready();
    if (!session.taken() || absl::IsCancelled(end)) return absl::OkStatus();
    const bool has_lived = session.lived() >= kLongEnough;
    if (has_lived && IsHangUp(end)) continue;
    ++state_->counters.failures;
    const absl::Status why(end.code(), end.message());
    if (!has_lived) return why;
    receiver.OnError(why);
  }
}

DockerSourceCounters DockerSource::counters() const {
  const EngineCounters& counters = state_->counters;
  return {.emitted = counters.emitted,
          .synthesized = counters.synthesized,
          .losses = counters.losses,
          .duplicates = counters.duplicates,
          .filtered = counters.filtered,
          .unknown_actions = counters.unknown_actions,
          .other_types = counters.other_types,
          .malformed = counters.malformed,
          .connections = counters.connections,
          .audits = counters.audits,
          .pings = counters.pings,
          .failures = counters.failures};
}

}  // namespace lookout
