// Directories watched and listed: one at a time, or many with the help of a second thread.
#ifndef LOOKOUT_ADAPTERS_FILE_DIRECTORY_LISTING_H_
#define LOOKOUT_ADAPTERS_FILE_DIRECTORY_LISTING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lookout/adapters/file/file_kernel.h"

namespace lookout::file_internal {

// What a directory held. A value; names are kept in one piece, as there may be millions.
class DirectoryListing {
 public:
  void Add(const ListedEntry& entry);
  // Entries in the order of the listing; their versions, if any, live as long as the listing.
  void ForEach(absl::FunctionRef<void(const ListedEntry&)> each) const;
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint32_t name_size;
    FileKind kind;
    bool has_version;
  };

  std::string names_;
  std::vector<Entry> entries_;
  std::vector<FileVersion> versions_;
};

// A directory to be looked at, and what was found.
struct DirectoryLook {
  std::string path;
  // Of the watch that is set before the directory is listed; 0 for none.
  std::uint32_t watch_mask = 0;
  bool list = true;
  bool with_versions = false;

  int wd = -1;         // or the negative errno
  int list_error = 0;  // 0 or the negative errno
  DirectoryListing listing = {};
};

// Does what `look` asks for. If the watch fails the directory is not listed.
void LookAt(FileKernel& kernel, int inotify_fd, DirectoryLook& look);

// The same for all, in any order: on this thread, and on another one if there are enough of them and it is to
// be had.
void LookAtAll(FileKernel& kernel, int inotify_fd, absl::Span<DirectoryLook> looks);
// `start` makes the thread, or throws std::system_error.
void LookAtAll(FileKernel& kernel, int inotify_fd, absl::Span<DirectoryLook> looks,
               absl::FunctionRef<std::jthread(absl::FunctionRef<void()> work)> start);

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_DIRECTORY_LISTING_H_
