// What a Docker source counts; see DockerSourceCounters. Written by the source's thread, read by any.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_COUNTERS_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace lookout::docker_internal {

struct EngineCounters {
  std::atomic<std::uint64_t> emitted = 0;
  std::atomic<std::uint64_t> synthesized = 0;
  std::atomic<std::uint64_t> duplicates = 0;
  std::atomic<std::uint64_t> filtered = 0;
  std::atomic<std::uint64_t> unknown_actions = 0;
  std::atomic<std::uint64_t> other_types = 0;
  std::atomic<std::uint64_t> malformed = 0;
  std::atomic<std::uint64_t> connections = 0;
  std::atomic<std::uint64_t> losses = 0;
  std::atomic<std::uint64_t> audits = 0;
  std::atomic<std::uint64_t> pings = 0;
  std::atomic<std::uint64_t> failures = 0;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_COUNTERS_H_
