// Whatever the kernel's buffer holds: each record is where its head says and its views are of its own bytes,
// handles are whole, and an error is told exactly if bytes are left over.
#include <fcntl.h>
#include <sys/fanotify.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/fanotify_decoder.h"

namespace lookout::file_internal {
namespace {

void CheckWithin(absl::string_view view, absl::string_view bytes) {
  if (view.empty()) return;
  CHECK(view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

void CheckHandle(absl::string_view handle, absl::string_view bytes) {
  CheckWithin(handle, bytes);
  if (handle.empty()) return;
  file_handle head;
  CHECK_GE(handle.size(), sizeof(head));
  std::memcpy(&head, handle.data(), sizeof(head));
  CHECK_EQ(handle.size() - sizeof(head), head.handle_bytes);
}

void CheckName(absl::string_view name, absl::string_view handle, absl::string_view bytes) {
  CheckWithin(name, bytes);
  CHECK_EQ(name.find('\0'), absl::string_view::npos);
  CHECK(name.empty() || !handle.empty()) << "a name in no directory";
}

// Takes the record's bytes off the front.
absl::string_view TakeRecord(const FanotifyRecord& record, absl::string_view& bytes) {
  fanotify_event_metadata head;
  CHECK_GE(bytes.size(), sizeof(head));
  std::memcpy(&head, bytes.data(), sizeof(head));
  CHECK_EQ(record.mask, head.mask);
  CHECK_EQ(head.vers, FANOTIFY_METADATA_VERSION);
  CHECK_GE(head.event_len, sizeof(head));
  CHECK_LE(head.event_len, bytes.size());
  const absl::string_view own = bytes.substr(0, head.event_len);
  bytes.remove_prefix(own.size());
  return own;
}

void CheckDecoding(absl::string_view bytes) {
  absl::string_view rest = bytes;
  int count = 0;
  const absl::Status status = DecodeFanotify(bytes, [&](const FanotifyRecord& record) {
    const absl::string_view own = TakeRecord(record, rest);
    CheckHandle(record.directory, own);
    CheckHandle(record.old_directory, own);
    CheckHandle(record.target, own);
    CheckName(record.name, record.directory, own);
    CheckName(record.old_name, record.old_directory, own);
    ++count;
  });
  CHECK_EQ(status.ok(), rest.empty()) << status;
  CHECK(status.ok() || absl::IsDataLoss(status)) << status;
  // What is good is so without what follows.
  CHECK_OK(DecodeFanotify(bytes.substr(0, bytes.size() - rest.size()),
                          [&count](const FanotifyRecord&) { --count; }));
  CHECK_EQ(count, 0);
}

}  // namespace
}  // namespace lookout::file_internal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lookout::file_internal::CheckDecoding({reinterpret_cast<const char*>(data), size});
  return 0;
}
