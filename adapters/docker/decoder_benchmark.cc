// How fast the bytes of an engine's stream become Events.
//
//   ./bazelw run -c opt //adapters/docker:decoder_benchmark
//   tools/bench/docker_decode.sh                               # beside Go's encoding/json, in one run
//
// Items are objects of the recording, of whatever type: a little more than half become Events, which are made
// whole, handed out and thrown away.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/testing/allocation_counter.h"

namespace lookout {
namespace {

// Two of the recording's objects have a label of 60,000 characters.
constexpr std::size_t kLarge = 10'000;

std::string Recording(bool with_large) {
  std::string stream;
  for (const absl::string_view line : absl::StrSplit(ReadTestData("docker-28.5-events.ndjson"), '\n')) {
    if (!line.empty() && (with_large || line.size() < kLarge)) stream.append(line).append("\n");
  }
  return stream;
}

void BM_Decode(benchmark::State& state, bool with_large, std::size_t piece) {
  const std::string stream = Recording(with_large);
  EventStreamDecoder decoder;
  std::int64_t objects = 0;
  const AllocationCounter counter;
  for (auto _ : state) {
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      decoder.Feed(absl::string_view(stream).substr(at, piece), absl::UnixEpoch(),
                   [&objects](EventStreamDecoder::Item item) {
                     ++objects;
                     benchmark::DoNotOptimize(item.event.actor_name.data());
                     return item.verdict != EventStreamDecoder::Verdict::kMalformed;
                   });
    }
  }
  state.SetItemsProcessed(objects);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(stream.size()));
  state.counters["allocations_per_item"] =
      static_cast<double>(counter.allocations()) / static_cast<double>(objects);
  state.counters["time_per_item"] = benchmark::Counter(
      static_cast<double>(objects), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

constexpr std::size_t kWhole = std::size_t{1} << 20;  // all of it at once
constexpr std::size_t kRead = std::size_t{16} << 10;  // what one read of a socket may give

BENCHMARK_CAPTURE(BM_Decode, recording, false, kWhole);
BENCHMARK_CAPTURE(BM_Decode, recording_with_large, true, kWhole);
BENCHMARK_CAPTURE(BM_Decode, recording_in_reads, false, kRead);

}  // namespace
}  // namespace lookout
