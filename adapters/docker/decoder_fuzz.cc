// Any bytes as an engine's stream. The first byte says where it is cut, the rest is the stream.
//
// Whatever they are: nothing is read beyond them, an item is the same wherever the stream is cut, the next
// good line after any garbage is told, and each line is read as Boost.JSON would read it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/adapters/docker/message_difference.h"

namespace lookout {
namespace {

using Item = EventStreamDecoder::Item;

// Small, so that the fuzzer reaches it.
constexpr std::size_t kMaxObjectBytes = 2048;

constexpr absl::string_view kGood =
    "\n"
    R"({"Type":"container","Action":"start","Actor":{"ID":"id","Attributes":{"name":"good"}},"timeNano":5})";

std::vector<Item> Decode(absl::string_view stream, std::size_t piece, DockerDialect dialect) {
  EventStreamDecoder decoder({.max_object_bytes = kMaxObjectBytes, .dialect = dialect});
  std::vector<Item> items;
  while (!stream.empty()) {
    // Of exactly that size, so that asan sees what is read beyond it.
    const std::vector<char> chunk(stream.begin(), stream.begin() + std::min(piece, stream.size()));
    stream.remove_prefix(chunk.size());
    decoder.Feed({chunk.data(), chunk.size()}, absl::UnixEpoch(), [&items](Item item) {
      items.push_back(std::move(item));
      return true;
    });
  }
  return items;
}

void CheckSame(const std::vector<Item>& a, const std::vector<Item>& b) {
  CHECK_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].verdict == b[i].verdict);
    CHECK(a[i].event == b[i].event);
    CHECK_EQ(a[i].key, b[i].key);
    CHECK_EQ(a[i].error.code(), b[i].error.code());
  }
}

}  // namespace
}  // namespace lookout

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lookout;
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] / 2u;
  const DockerDialect dialect = data[0] % 2 == 0 ? DockerDialect::kDocker : DockerDialect::kPodman;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  const std::string stream = absl::StrCat(bytes, kGood);
  const std::vector<Item> items = Decode(stream, stream.size(), dialect);
  CheckSame(items, Decode(stream, piece, dialect));
  CheckSame(items, Decode(stream, 1, dialect));
  CHECK(items.back().verdict == EventStreamDecoder::Verdict::kEvent);
  CHECK_EQ(items.back().event.actor_name, "good");

  for (const absl::string_view line : absl::StrSplit(bytes, '\n')) {
    const std::string difference = docker_internal::MessageDifference(line);
    CHECK_EQ(difference, "");
  }
  return 0;
}
