// What the file source does for each record and for each directory, without the kernel.
//
//   ./bazelw run -c opt //adapters/file:file_benchmark
#include <sys/fanotify.h>
#include <sys/inotify.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "lookout/adapters/file/fake_fanotify_kernel.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/fanotify_decoder.h"
#include "lookout/adapters/file/fanotify_records.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/inotify_decoder.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/adapters/file/watch_tree.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::file_internal {
namespace {

// A buffer as a storm of creations fills it: some 2,000 records with names of 10 bytes.
std::string FullBuffer() {
  std::string buffer;
  for (int i = 10'000; buffer.size() < (64 << 10) - sizeof(inotify_event) - 16; ++i) {
    std::string name = absl::StrCat("file-", i);
    name.resize(16);
    inotify_event head{};
    head.wd = 1;
    head.mask = IN_CREATE;
    head.len = static_cast<std::uint32_t>(name.size());
    buffer.append(reinterpret_cast<const char*>(&head), sizeof(head));
    buffer.append(name);
  }
  return buffer;
}

// Items are records.
void BM_Decode(benchmark::State& state) {
  const std::string buffer = FullBuffer();
  std::int64_t records = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeInotify(buffer, [&records](const InotifyRecord& record) {
      ++records;
      benchmark::DoNotOptimize(record.name.data());
    });
    if (!status.ok()) state.SkipWithError("a good buffer is not decoded");
  }
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(buffer.size()));
}
BENCHMARK(BM_Decode);

// The same of fanotify, with the three handles and names of a rename every fourth time.
void BM_DecodeFanotify(benchmark::State& state) {
  std::string buffer;
  for (std::uint64_t i = 10'000; buffer.size() < (64 << 10) - 512; ++i) {
    const std::string name = absl::StrCat("file-", i),
                      target = HandleInfo(FAN_EVENT_INFO_TYPE_FID, Handle(i));
    if (i % 4 == 0) {
      buffer += FanotifyRecordBytes(FAN_RENAME, {NameInfo(kOldNameInfo, Handle(1), name),
                                                 NameInfo(kNewNameInfo, Handle(2), name), target});
    } else {
      buffer +=
          FanotifyRecordBytes(FAN_CREATE, {NameInfo(FAN_EVENT_INFO_TYPE_DFID_NAME, Handle(1), name), target});
    }
  }
  std::int64_t records = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeFanotify(buffer, [&records](const FanotifyRecord& record) {
      ++records;
      benchmark::DoNotOptimize(record.name.data());
    });
    if (!status.ok()) state.SkipWithError("a good buffer is not decoded");
  }
  state.SetItemsProcessed(records);
}
BENCHMARK(BM_DecodeFanotify);

// Takes everything, and keeps nothing.
class Nobody final : public Receiver {
 public:
  void OnReady() override {}
  bool OnEvent(Event event) override {
    benchmark::DoNotOptimize(event);
    return true;
  }
  void OnError(absl::Status) override {}
};

// Argument: files that are moved into one directory from where nothing is watched, all read at once. Items
// are files.
void BM_MoveIn(benchmark::State& state) {
  constexpr std::uint64_t kWatched = 2, kOutside = 3, kFirst = 10;
  std::vector<std::string> reads(1);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string name = absl::StrCat("file-", i);
    if (reads.back().size() > 60'000) reads.emplace_back();
    reads.back() +=
        FakeFanotifyKernel::Rename(kOutside, name, kWatched, name, kFirst + static_cast<std::uint64_t>(i));
  }
  for (auto _ : state) {
    FakeFileKernel files;
    FakeFanotifyKernel kernel(files);
    kernel.AddDirectory(kWatched, FakeFanotifyKernel::kTop, "r");
    kernel.AddDirectory(kOutside, FakeFanotifyKernel::kTop, "o");
    FakeClock clock;
    Nobody nobody;
    FanotifyWatcher watcher({.directory = "r", .recursive = true}, /*unlimited=*/false, kernel, files, clock,
                            nobody);
    absl::Status status = watcher.Open(TreeWatcher::Found::kSilent, [](std::uint64_t) { return true; });
    for (const std::string& read : reads) kernel.Tell(read);
    while (status.ok() && !(kernel.all_read() && watcher.caught_up())) status = watcher.Step();
    if (!status.ok()) state.SkipWithError("what is played cannot be watched");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_MoveIn)->RangeMultiplier(10)->Range(1'000, 100'000)->Unit(benchmark::kMillisecond);

// Argument: how deep the directory is. Items are paths.
void BM_Path(benchmark::State& state) {
  WatchTree tree("/srv/some/tree");
  WatchNode* node = &tree.root();
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    node = &tree.AddChild(*node, absl::StrCat("directory-", i));
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(WatchTree::Path(*node, "file-12345"));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Path)->Arg(0)->Arg(3)->Arg(10)->Arg(100);

// Argument: directories, a hundred in each. Items are directories, made, bound to their descriptor, and found
// by it.
void BM_Tree(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    WatchTree tree("/srv/some/tree");
    std::vector<WatchNode*> nodes = {&tree.root()};
    nodes.reserve(count);
    for (std::size_t i = 1; i < count; ++i) {
      nodes.push_back(&tree.AddChild(*nodes[(i - 1) / 100], absl::StrCat("directory-", i)));
      tree.SetWatch(*nodes.back(), static_cast<int>(i));
    }
    for (std::size_t i = 1; i < count; ++i) benchmark::DoNotOptimize(tree.Find(static_cast<int>(i)));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Tree)->RangeMultiplier(10)->Range(1'000, 1'000'000)->Unit(benchmark::kMillisecond);

// Argument: files in one directory, made and looked up. Items are files.
void BM_Files(benchmark::State& state) {
  for (auto _ : state) {
    WatchTree tree("/srv/some/tree");
    for (std::int64_t i = 0; i < state.range(0); ++i)
      WatchTree::AddFile(tree.root(), absl::StrCat("file-", i));
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      benchmark::DoNotOptimize(WatchTree::Knows(tree.root(), absl::StrCat("file-", i)));
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Files)->RangeMultiplier(10)->Range(1'000, 1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lookout::file_internal
