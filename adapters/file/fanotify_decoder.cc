#include "lookout/adapters/file/fanotify_decoder.h"

#include <fcntl.h>
#include <sys/fanotify.h>

#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace lookout::file_internal {
namespace {

// Of Linux 5.17; older headers lack them.
constexpr std::uint8_t kInfoOldDirectoryName = 10;
constexpr std::uint8_t kInfoNewDirectoryName = 12;

absl::Status Broken(absl::string_view what, std::size_t size, std::size_t left) {
  return absl::DataLossError(
      absl::StrCat("fanotify: ", what, " of ", size, " bytes, but ", left, " are left"));
}

// Takes the handle at the front of `bytes`; empty if there is no whole one.
absl::string_view TakeHandle(absl::string_view& bytes) {
  file_handle head;
  if (bytes.size() < sizeof(head)) return {};
  std::memcpy(&head, bytes.data(), sizeof(head));
  if (head.handle_bytes > bytes.size() - sizeof(head)) return {};
  const absl::string_view handle = bytes.substr(0, sizeof(head) + head.handle_bytes);
  bytes.remove_prefix(handle.size());
  return handle;
}

absl::Status DecodeInfo(std::uint8_t type, absl::string_view bytes, FanotifyRecord& record) {
  constexpr std::size_t kFsidSize = sizeof(fanotify_event_info_fid::fsid);
  const bool has_name =
      type == FAN_EVENT_INFO_TYPE_DFID_NAME || type == kInfoOldDirectoryName || type == kInfoNewDirectoryName;
  if (!has_name && type != FAN_EVENT_INFO_TYPE_FID && type != FAN_EVENT_INFO_TYPE_DFID)
    return absl::OkStatus();
  if (bytes.size() < kFsidSize) return Broken("a file system's id", kFsidSize, bytes.size());
  bytes.remove_prefix(kFsidSize);
  const absl::string_view handle = TakeHandle(bytes);
  if (handle.empty()) return Broken("a handle", sizeof(file_handle), bytes.size());
  const absl::string_view name = has_name ? bytes.substr(0, bytes.find('\0')) : absl::string_view();
  if (type == kInfoOldDirectoryName) {
    record.old_directory = handle;
    record.old_name = name;
  } else if (has_name) {
    record.directory = handle;
    record.name = name;
  } else {
    record.target = handle;
  }
  return absl::OkStatus();
}

absl::Status DecodeInfos(absl::string_view bytes, FanotifyRecord& record) {
  while (!bytes.empty()) {
    fanotify_event_info_header head;
    if (bytes.size() < sizeof(head)) return Broken("an information's head", sizeof(head), bytes.size());
    std::memcpy(&head, bytes.data(), sizeof(head));
    if (head.len < sizeof(head) || head.len > bytes.size()) {
      return Broken("an information", head.len, bytes.size());
    }
    if (absl::Status decoded =
            DecodeInfo(head.info_type, bytes.substr(sizeof(head), head.len - sizeof(head)), record);
        !decoded.ok()) {
      return decoded;
    }
    bytes.remove_prefix(head.len);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeFanotify(absl::string_view bytes, absl::FunctionRef<void(const FanotifyRecord&)> record) {
  while (!bytes.empty()) {
    fanotify_event_metadata head;
    if (bytes.size() < sizeof(head)) return Broken("a record's head", sizeof(head), bytes.size());
    std::memcpy(&head, bytes.data(), sizeof(head));  // the buffer need not be aligned
    // fanotify(7) asks for this look: in another version nothing is where it is looked for.
    if (head.vers != FANOTIFY_METADATA_VERSION) {
      return absl::DataLossError(
          absl::StrCat("fanotify: a record of version ", head.vers, ", not ", FANOTIFY_METADATA_VERSION));
    }
    if (head.event_len < sizeof(head) || head.metadata_len < sizeof(head) ||
        head.metadata_len > head.event_len || head.event_len > bytes.size()) {
      return Broken("a record", head.event_len, bytes.size());
    }
    FanotifyRecord decoded{
        .mask = head.mask, .directory = {}, .name = {}, .old_directory = {}, .old_name = {}, .target = {}};
    if (absl::Status infos =
            DecodeInfos(bytes.substr(head.metadata_len, head.event_len - head.metadata_len), decoded);
        !infos.ok()) {
      return infos;
    }
    record(decoded);
    bytes.remove_prefix(head.event_len);
  }
  return absl::OkStatus();
}

}  // namespace lookout::file_internal
