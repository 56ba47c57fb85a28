// Whatever the kernel's buffer holds: each record is where its head says, names are of the record's own
// bytes, and an error is told exactly if bytes are left over.
#include <sys/inotify.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/inotify_decoder.h"

namespace lookout::file_internal {
namespace {

struct Whole {
  InotifyRecord record;     // but for the name
  absl::string_view field;  // the name's field, of the head's `len` bytes
};

// The records that are whole, and nothing behind the first that is not.
std::vector<Whole> WholeRecords(absl::string_view bytes) {
  std::vector<Whole> whole;
  while (true) {
    inotify_event head;
    if (bytes.size() < sizeof(head)) return whole;
    std::memcpy(&head, bytes.data(), sizeof(head));
    bytes.remove_prefix(sizeof(head));
    if (head.len > bytes.size()) return whole;
    whole.push_back(
        {{.wd = head.wd, .mask = head.mask, .cookie = head.cookie, .name = {}}, bytes.substr(0, head.len)});
    bytes.remove_prefix(head.len);
  }
}

void Check(const InotifyRecord& record, const Whole& whole) {
  CHECK_EQ(record.wd, whole.record.wd);
  CHECK_EQ(record.mask, whole.record.mask);
  CHECK_EQ(record.cookie, whole.record.cookie);
  CHECK_LE(record.name.size(), whole.field.size());
  CHECK_EQ(record.name.find('\0'), absl::string_view::npos);
  if (record.name.empty()) return;
  CHECK(record.name.data() == whole.field.data());
  CHECK(record.name.size() == whole.field.size() || whole.field[record.name.size()] == '\0');
}

void CheckDecoding(absl::string_view bytes) {
  const std::vector<Whole> whole = WholeRecords(bytes);
  std::size_t count = 0, size = 0;
  const absl::Status status = DecodeInotify(bytes, [&](const InotifyRecord& record) {
    CHECK_LT(count, whole.size());
    Check(record, whole[count]);
    size += sizeof(inotify_event) + whole[count++].field.size();
  });
  CHECK_EQ(count, whole.size());
  CHECK_EQ(status.ok(), size == bytes.size()) << status;
  CHECK(status.ok() || absl::IsDataLoss(status)) << status;
}

}  // namespace
}  // namespace lookout::file_internal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lookout::file_internal::CheckDecoding({reinterpret_cast<const char*>(data), size});
  return 0;
}
