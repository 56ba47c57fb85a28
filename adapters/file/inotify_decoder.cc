#include "lookout/adapters/file/inotify_decoder.h"

#include <sys/inotify.h>

#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace lookout::file_internal {

absl::Status DecodeInotify(absl::string_view bytes, absl::FunctionRef<void(const InotifyRecord&)> record) {
  while (!bytes.empty()) {
    inotify_event head;
    if (bytes.size() < sizeof(head)) {
      return absl::DataLossError(absl::StrCat("inotify: ", bytes.size(), " bytes are no whole record"));
    }
    std::memcpy(&head, bytes.data(), sizeof(head));  // the buffer need not be aligned
    bytes.remove_prefix(sizeof(head));
    if (bytes.size() < head.len) {
      return absl::DataLossError(
          absl::StrCat("inotify: a name of ", head.len, " bytes, but ", bytes.size(), " are left"));
    }
    const absl::string_view padded = bytes.substr(0, head.len);
    record({.wd = head.wd,
            .mask = head.mask,
            .cookie = head.cookie,
            .name = padded.substr(0, padded.find('\0'))});
    bytes.remove_prefix(head.len);
  }
  return absl::OkStatus();
}

}  // namespace lookout::file_internal
