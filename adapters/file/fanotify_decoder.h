// Takes apart what read(2) on a fanotify descriptor with FAN_REPORT_DFID_NAME_TARGET returns. Pure: no system
// call, no state.
//
// Source of the layout: fanotify(7). A record is a head (fanotify_event_metadata) and a list of pieces of
// information, each with its own head; the handles in them are as name_to_handle_at(2) gives them.
#ifndef LOOKOUT_ADAPTERS_FILE_FANOTIFY_DECODER_H_
#define LOOKOUT_ADAPTERS_FILE_FANOTIFY_DECODER_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// Views are into the buffer; empty where the record has none. Handles are whole (size, type and bytes), to be
// compared and handed back to the kernel.
struct FanotifyRecord {
  std::uint64_t mask = 0;
  absl::string_view directory;  // where it happened; of FAN_RENAME, where it went
  absl::string_view name;
  absl::string_view old_directory;  // of FAN_RENAME
  absl::string_view old_name;
  absl::string_view target;  // what it happened to
};

// Calls `record` for each record in `bytes`, in order. DataLoss, after the good ones, if the buffer ends in
// the middle of a record, or a record is of another version of the layout, or does not hold what its sizes
// say. What is behind such a record is not looked at.
absl::Status DecodeFanotify(absl::string_view bytes, absl::FunctionRef<void(const FanotifyRecord&)> record);

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FANOTIFY_DECODER_H_
