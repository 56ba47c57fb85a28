// What a FileSource counts, and by what it learns of changes.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_COUNTERS_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_COUNTERS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace lookout {

enum class FileBackend : std::uint8_t {
  kAuto,      // the first of the others that works here
  kFanotify,  // one mark for a whole file system: needs CAP_SYS_ADMIN
  kInotify,   // a watch for each directory
  kPoll       // looks at everything from time to time
};

// "auto", "fanotify", "inotify", "poll".
constexpr absl::string_view FileBackendName(FileBackend backend) {
  switch (backend) {
    case FileBackend::kFanotify:
      return "fanotify";
    case FileBackend::kInotify:
      return "inotify";
    case FileBackend::kPoll:
      return "poll";
    case FileBackend::kAuto:
      break;
  }
  return "auto";
}

struct FileSourceCounters {
  std::uint64_t events = 0;                  // told
  std::uint64_t records = 0;                 // read from the kernel
  std::uint64_t overflows = 0;               // of the kernel's queue
  std::uint64_t scans = 0;                   // directories listed
  std::uint64_t directories = 0;             // known now; 0 where the back end need not know
  std::uint64_t watched = 0;                 // of them
  std::uint64_t polled = 0;                  // of them
  FileBackend backend = FileBackend::kAuto;  // in use; kAuto while there is none
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_COUNTERS_H_
