// Takes apart what read(2) on an inotify descriptor returns. Pure: no system call, no state.
//
// Source of the layout: inotify(7). A record is a fixed head and a name padded with NULs to its `len`.
#ifndef LOOKOUT_ADAPTERS_FILE_INOTIFY_DECODER_H_
#define LOOKOUT_ADAPTERS_FILE_INOTIFY_DECODER_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

struct InotifyRecord {
  int wd = -1;
  std::uint32_t mask = 0;
  std::uint32_t cookie = 0;
  absl::string_view name;  // into the buffer; empty for events of the watched directory itself
};

// Calls `record` for each record in `bytes`, in order. DataLoss, after the good ones, if the buffer ends in
// the middle of a record.
absl::Status DecodeInotify(absl::string_view bytes, absl::FunctionRef<void(const InotifyRecord&)> record);

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_INOTIFY_DECODER_H_
