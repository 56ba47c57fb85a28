#include "lookout/adapters/file/directory_listing.h"

#include <atomic>
#include <system_error>
#include <thread>

namespace lookout::file_internal {
namespace {

// A thread costs as much as some ten directories.
constexpr std::size_t kWorthAThread = 64;

}  // namespace

void DirectoryListing::Add(const ListedEntry& entry) {
  names_.append(entry.name);
  entries_.push_back({.name_size = static_cast<std::uint32_t>(entry.name.size()),
                      .kind = entry.kind,
                      .has_version = entry.version != nullptr});
  if (entry.version != nullptr) versions_.push_back(*entry.version);
}

void DirectoryListing::ForEach(absl::FunctionRef<void(const ListedEntry&)> each) const {
  const absl::string_view names = names_;
  std::size_t name_at = 0, version_at = 0;
  for (const Entry& entry : entries_) {
    each({.name = names.substr(name_at, entry.name_size),
          .kind = entry.kind,
          .version = entry.has_version ? &versions_[version_at++] : nullptr});
    name_at += entry.name_size;
  }
}

void LookAt(FileKernel& kernel, int inotify_fd, DirectoryLook& look) {
  const std::string& path = look.path.empty() ? "/" : look.path;
  if (look.watch_mask != 0) {
    look.wd = kernel.AddWatch(inotify_fd, path, look.watch_mask);
    if (look.wd < 0) return;
  }
  if (!look.list) return;
  look.list_error =
      kernel.List(path, look.with_versions, [&look](const ListedEntry& entry) { look.listing.Add(entry); });
}

void LookAtAll(FileKernel& kernel, int inotify_fd, absl::Span<DirectoryLook> looks) {
  LookAtAll(kernel, inotify_fd, looks, [](absl::FunctionRef<void()> work) { return std::jthread(work); });
}

void LookAtAll(FileKernel& kernel, int inotify_fd, absl::Span<DirectoryLook> looks,
               absl::FunctionRef<std::jthread(absl::FunctionRef<void()> work)> start) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < looks.size(); i = next++) LookAt(kernel, inotify_fd, looks[i]);
  };
  std::jthread helper;
  try {
    if (looks.size() >= kWorthAThread) helper = start(work);
  } catch (const std::system_error&) {  // the process may have no more threads: this one does it all
  }
  work();
}

}  // namespace lookout::file_internal
