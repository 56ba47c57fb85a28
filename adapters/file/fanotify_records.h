// Makes the bytes that read(2) on a fanotify descriptor returns, for tests: well formed, or with any head and
// any piece of information that a test wants.
//
//   FanotifyRecordBytes(FAN_CREATE, {NameInfo(FAN_EVENT_INFO_TYPE_DFID_NAME, Handle(1), "f"),
//                                    HandleInfo(FAN_EVENT_INFO_TYPE_FID, Handle(2))})
#ifndef LOOKOUT_ADAPTERS_FILE_FANOTIFY_RECORDS_H_
#define LOOKOUT_ADAPTERS_FILE_FANOTIFY_RECORDS_H_

#include <fcntl.h>
#include <sys/fanotify.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// Of Linux 5.17; older headers lack them.
inline constexpr std::uint8_t kOldNameInfo = 10;
inline constexpr std::uint8_t kNewNameInfo = 12;

template <typename Head>
std::string BytesOf(const Head& head) {
  return std::string(reinterpret_cast<const char*>(&head), sizeof(head));
}

// A handle of `bytes` that says to be `handle_bytes` long.
inline std::string RawHandle(std::uint32_t handle_bytes, absl::string_view bytes) {
  const std::int32_t type = 1;
  return absl::StrCat(BytesOf(handle_bytes), BytesOf(type), bytes);
}

inline std::string Handle(std::uint64_t id) { return RawHandle(sizeof(id), BytesOf(id)); }

// A piece of information that says to be `len` bytes long.
inline std::string RawInfo(std::uint8_t type, std::uint16_t len, absl::string_view bytes) {
  fanotify_event_info_header head{};
  head.info_type = type;
  head.len = len;
  return absl::StrCat(BytesOf(head), bytes);
}

inline std::string Info(std::uint8_t type, absl::string_view bytes) {
  return RawInfo(type, static_cast<std::uint16_t>(sizeof(fanotify_event_info_header) + bytes.size()), bytes);
}

inline std::string FsId() { return std::string(sizeof(fanotify_event_info_fid::fsid), '\7'); }

inline std::string HandleInfo(std::uint8_t type, absl::string_view handle) {
  return Info(type, absl::StrCat(FsId(), handle));
}

// As the kernel makes it: the name ends with a NUL, and the whole is of a multiple of 4 bytes.
inline std::string NameInfo(std::uint8_t type, absl::string_view handle, absl::string_view name) {
  std::string bytes = absl::StrCat(FsId(), handle, name, std::string(1, '\0'));
  bytes.append((4 - bytes.size() % 4) % 4, '\0');
  return Info(type, bytes);
}

inline fanotify_event_metadata FanotifyHead(std::uint64_t mask, std::size_t infos_size) {
  fanotify_event_metadata head{};
  head.event_len = static_cast<std::uint32_t>(sizeof(head) + infos_size);
  head.vers = FANOTIFY_METADATA_VERSION;
  head.metadata_len = sizeof(head);
  head.mask = mask;
  head.fd = FAN_NOFD;
  return head;
}

inline std::string FanotifyRecordBytes(std::uint64_t mask, std::initializer_list<std::string> infos) {
  std::string all;
  for (const std::string& info : infos) all += info;
  return BytesOf(FanotifyHead(mask, all.size())) + all;
}

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FANOTIFY_RECORDS_H_
