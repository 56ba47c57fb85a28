// An engine at an endpoint: its stream in a pump, and requests beside it over connections of their own.
#ifndef LOOKOUT_ADAPTERS_DOCKER_REMOTE_ENGINE_H_
#define LOOKOUT_ADAPTERS_DOCKER_REMOTE_ENGINE_H_

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/docker_filters.h"
#include "lookout/adapters/docker/engine_api.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/engine_replies.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/adapters/docker/stream_pump.h"

namespace lookout::docker_internal {

struct RemoteEngineOptions {
  DockerEndpoint endpoint = {};
  DockerFilters filters = {};
  absl::Duration timeout = absl::Seconds(10);  // of each request but the stream
  std::size_t max_buffered_bytes = std::size_t{64} << 20;
  std::size_t max_list_bytes = std::size_t{64} << 20;
};

// One for each of the two threads. They outlive connections, since a look-up may.
struct Resolvers {
  HostResolver requests;
  HostResolver stream;
};

class RemoteEngine final : public EngineApi {
 public:
  // All must outlive it.
  RemoteEngine(const RemoteEngineOptions& options, Resolvers& resolvers, absl::Clock& clock,
               std::stop_token stop);
  ~RemoteEngine() override;

  absl::Status Connect() override;
  DockerDialect dialect() const override { return greeting_.dialect; }
  absl::Time engine_time() const override { return engine_time_; }
  absl::Status Subscribe(absl::Time since) override;
  absl::StatusOr<std::string> Next(absl::Duration timeout, std::string spare) override;
  absl::Duration quiet_for() const override;
  absl::StatusOr<std::string> Replay(absl::Time since) override;
  absl::StatusOr<ContainerList> List() override;
  bool stopping() const override { return stop_.stop_requested(); }
  absl::Status Ping(absl::Duration timeout) override;

 private:
  // A reply with status 200, or why there is none.
  absl::StatusOr<EngineReply> Ask(absl::string_view what, absl::string_view path, std::size_t max_body);
  // The whole body of an answer that ends by itself.
  absl::StatusOr<std::string> AskForEvents(absl::string_view query);
  absl::Time LatestEngineTime() const;

  const RemoteEngineOptions& options_;
  Resolvers& resolvers_;
  absl::Clock& clock_;
  const std::stop_token stop_;
  StoppableWait wait_;
  EngineClient client_;
  EngineGreeting greeting_;
  bool is_our_clock_ = false;
  absl::Time engine_time_;
  absl::Duration engine_time_at_;  // no later than when that was, on the scale of TimePassed()
  std::unique_ptr<StreamPump> pump_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_REMOTE_ENGINE_H_
