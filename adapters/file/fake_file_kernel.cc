#include "lookout/adapters/file/fake_file_kernel.h"

#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lookout::file_internal {
namespace {

constexpr std::int64_t kMuchLater = 10'000'000'000;

std::string RecordBytes(int wd, std::uint32_t mask, absl::string_view name, std::uint32_t cookie) {
  inotify_event head{};
  head.wd = wd;
  head.mask = mask;
  head.cookie = cookie;
  head.len = name.empty() ? 0 : static_cast<std::uint32_t>(name.size() + 1);
  return absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&head), sizeof(head)), name,
                      name.empty() ? "" : std::string(1, '\0'));
}

}  // namespace

FakeFileKernel::FakeFileKernel() { AddDirectory("."); }

FakeFileKernel::~FakeFileKernel() {
  const absl::MutexLock lock(mu_);
  for (const Instance& instance : instances_) CHECK_LT(instance.fd, 0) << "was not closed";
}

void FakeFileKernel::AddDirectory(const std::string& path) { Add(path, FileKind::kDirectory); }
void FakeFileKernel::AddFile(const std::string& path) { Add(path, FileKind::kFile); }
void FakeFileKernel::AddLink(const std::string& path, const std::string& target) {
  Add(path, FileKind::kLink, target);
}

void FakeFileKernel::Add(const std::string& path, FileKind kind, std::string target) {
  const absl::MutexLock lock(mu_);
  Entry& entry = tree_[path];
  entry.status = {.kind = kind, .version = {.inode = next_inode_++}};
  entry.target = std::move(target);
}

void FakeFileKernel::Write(const std::string& path) {
  const absl::MutexLock lock(mu_);
  FileVersion& version = tree_.at(path).status.version;
  version.modified += kMuchLater;
  version.changed = version.modified;
}

void FakeFileKernel::Remove(const std::string& path) {
  const absl::MutexLock lock(mu_);
  std::erase_if(tree_, [below = path + "/", &path](const auto& entry) {
    return entry.first == path || absl::StartsWith(entry.first, below);
  });
}

void FakeFileKernel::Fail(Call call, const std::string& path, int error, int times) {
  const absl::MutexLock lock(mu_);
  failures_[{call, path}] = {error, times};
}

void FakeFileKernel::Heal() {
  const absl::MutexLock lock(mu_);
  failures_.clear();
}

int FakeFileKernel::TakeFailure(Call call, const std::string& path) {
  const auto found = failures_.find({call, path});
  if (found == failures_.end()) return 0;
  const int error = found->second.first;
  if (--found->second.second == 0) failures_.erase(found);
  return -error;
}

void FakeFileKernel::Record(const std::string& path, std::uint32_t mask, absl::string_view name,
                            std::uint32_t cookie) {
  const absl::MutexLock lock(mu_);
  const Entry* entry = Find(path, /*follow=*/true);
  CHECK(entry != nullptr) << path;
  for (Instance& instance : instances_) {
    const auto watched = instance.watched.find(entry->status.version.inode);
    if (watched == instance.watched.end() || (watched->second & mask) == 0) continue;
    Queue(instance, RecordBytes(static_cast<int>(watched->first), mask, name, cookie));
  }
}

void FakeFileKernel::Bytes(int instance, std::string bytes) {
  const absl::MutexLock lock(mu_);
  Queue(instances_.at(static_cast<std::size_t>(instance)), std::move(bytes));
}

void FakeFileKernel::Queue(Instance& instance, std::string bytes) {
  instance.reads.push_back(std::move(bytes));
  eventfd_write(instance.fd, 1);
}

int FakeFileKernel::instances() const {
  const absl::MutexLock lock(mu_);
  int open = 0;
  for (const Instance& instance : instances_) open += instance.fd >= 0;
  return open;
}

std::size_t FakeFileKernel::watches(int instance) const {
  const absl::MutexLock lock(mu_);
  return instances_.at(static_cast<std::size_t>(instance)).watched.size();
}

int FakeFileKernel::InstanceOf(int fd) const {
  std::size_t i = 0;
  while (i < instances_.size() && instances_[i].fd != fd) ++i;
  CHECK(i < instances_.size()) << "no instance has the descriptor " << fd;
  return static_cast<int>(i);
}

int FakeFileKernel::Init() {
  const absl::MutexLock lock(mu_);
  if (const int error = TakeFailure(Call::kInit, ""); error != 0) return error;
  if (const int error = TakeFailure(Call::kInit, absl::StrCat("#", instances_.size())); error != 0)
    return error;
  instances_.push_back({.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .watched = {}, .reads = {}});
  return instances_.back().fd;
}

void FakeFileKernel::Close(int fd) {
  const absl::MutexLock lock(mu_);
  instances_[static_cast<std::size_t>(InstanceOf(fd))] = {};
  close(fd);
}

int FakeFileKernel::AddWatch(int fd, const std::string& path, std::uint32_t mask) {
  const absl::MutexLock lock(mu_);
  Instance& instance = instances_[static_cast<std::size_t>(InstanceOf(fd))];
  if (const int error = TakeFailure(Call::kAddWatch, path); error != 0) return error;
  const Entry* entry = Find(path, /*follow=*/(mask & IN_DONT_FOLLOW) == 0);
  if (entry == nullptr) return -ENOENT;
  if ((mask & IN_ONLYDIR) != 0 && entry->status.kind != FileKind::kDirectory) return -ENOTDIR;
  std::uint32_t& watched = instance.watched[entry->status.version.inode];
  watched = (mask & IN_MASK_ADD) != 0 ? watched | mask : mask;
  return static_cast<int>(entry->status.version.inode);
}

int FakeFileKernel::RemoveWatch(int fd, int wd) {
  const absl::MutexLock lock(mu_);
  Instance& instance = instances_[static_cast<std::size_t>(InstanceOf(fd))];
  return instance.watched.erase(static_cast<std::uint64_t>(wd)) == 0 ? -EINVAL : 0;
}

ssize_t FakeFileKernel::Read(int fd, char* buffer, std::size_t size) {
  const absl::MutexLock lock(mu_);
  const int number = InstanceOf(fd);
  Instance& instance = instances_[static_cast<std::size_t>(number)];
  if (const int error = TakeFailure(Call::kRead, absl::StrCat("#", number)); error != 0) return error;
  if (instance.reads.empty()) return -EAGAIN;
  const std::string bytes = std::move(instance.reads.front());
  instance.reads.pop_front();
  eventfd_t ignored;
  if (instance.reads.empty()) eventfd_read(fd, &ignored);
  CHECK_LE(bytes.size(), size);
  std::memcpy(buffer, bytes.data(), bytes.size());
  return static_cast<ssize_t>(bytes.size());
}

int FakeFileKernel::Queued(int fd) {
  const absl::MutexLock lock(mu_);
  const int number = InstanceOf(fd);
  if (const int error = TakeFailure(Call::kQueued, absl::StrCat("#", number)); error != 0) return error;
  std::size_t bytes = 0;
  for (const std::string& read : instances_[static_cast<std::size_t>(number)].reads) bytes += read.size();
  return static_cast<int>(bytes);
}

const FakeFileKernel::Entry* FakeFileKernel::Find(std::string path, bool follow) const {
  while (true) {
    const auto found = tree_.find(path);
    if (found == tree_.end()) return nullptr;
    if (!follow || found->second.status.kind != FileKind::kLink) return &found->second;
    path = found->second.target;
  }
}

int FakeFileKernel::Status(const std::string& path, bool follow, FileStatus& status) {
  const absl::MutexLock lock(mu_);
  if (const int error = TakeFailure(Call::kStatus, path); error != 0) return error;
  const Entry* entry = Find(path, follow);
  if (entry == nullptr) return -ENOENT;
  status = entry->status;
  return 0;
}

int FakeFileKernel::ReadLink(const std::string& path, std::string& target) {
  const absl::MutexLock lock(mu_);
  if (const int error = TakeFailure(Call::kReadLink, path); error != 0) return error;
  const Entry* entry = Find(path, /*follow=*/false);
  if (entry == nullptr) return -ENOENT;
  if (entry->status.kind != FileKind::kLink) return -EINVAL;
  target = entry->target;
  return 0;
}

int FakeFileKernel::ReadFile(const std::string&, std::size_t, std::string&) { return -ENOENT; }

int FakeFileKernel::List(const std::string& path, bool with_versions,
                         absl::FunctionRef<void(const ListedEntry&)> each) {
  const absl::MutexLock lock(mu_);
  if (const int error = TakeFailure(Call::kList, path); error != 0) return error;
  const int half = TakeFailure(Call::kListHalf, path);
  const Entry* entry = Find(path, /*follow=*/true);
  if (entry == nullptr) return -ENOENT;
  if (entry->status.kind != FileKind::kDirectory) return -ENOTDIR;
  const std::string above = path + "/";
  for (const auto& [below, found] : tree_) {
    if (!absl::StartsWith(below, above) || below.find('/', above.size()) != std::string::npos) continue;
    const bool versioned = with_versions && found.status.kind != FileKind::kDirectory;
    each({.name = absl::string_view(below).substr(above.size()),
          .kind = found.status.kind,
          .version = versioned ? &found.status.version : nullptr});
    if (half != 0) return half;
  }
  return half;
}

}  // namespace lookout::file_internal
