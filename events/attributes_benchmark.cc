// What an event's attributes and its ID cost to make, move and free, beside what they were before: a sorted
// vector of pairs of std::string, and a std::string.
//
//   ./bazelw run -c opt //events:attributes_benchmark
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "lookout/events/actor_id.h"
#include "lookout/events/attributes.h"

namespace lookout {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What Docker Compose gives a container, in order.
constexpr std::pair<absl::string_view, absl::string_view> kLabels[] = {
    {"com.docker.compose.config-hash", "9b1e0f7c2d5a4b3e"},
    {"com.docker.compose.container-number", "1"},
    {"com.docker.compose.project", "shop"},
    {"com.docker.compose.service", "web"},
    {"com.docker.compose.version", "2.40.0"},
    {"image", "nginx:1.27"},
    {"maintainer", "NGINX Docker Maintainers"},
    {"name", "shop-web-1"}};

constexpr absl::string_view kId = "4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66ad9a0b2e4f66";

ActorId Make(ActorId*) { return kId; }
std::string Make(std::string*) { return std::string(kId); }
Attributes Make(Attributes*) { return Attributes(kLabels); }
Pairs Make(Pairs*) { return Pairs(std::begin(kLabels), std::end(kLabels)); }

template <typename T>
void BM_MakeMoveFree(benchmark::State& state) {
  for (auto _ : state) {
    T made = Make(static_cast<T*>(nullptr));
    T moved = std::move(made);
    benchmark::DoNotOptimize(moved);
  }
}
BENCHMARK(BM_MakeMoveFree<Attributes>);
BENCHMARK(BM_MakeMoveFree<Pairs>);
BENCHMARK(BM_MakeMoveFree<ActorId>);
BENCHMARK(BM_MakeMoveFree<std::string>);

void BM_Find(benchmark::State& state) {
  const Attributes labels(kLabels);
  for (auto _ : state) benchmark::DoNotOptimize(labels.Get("image"));
}
BENCHMARK(BM_Find);

}  // namespace
}  // namespace lookout
