#include "lookout/adapters/file/fake_fanotify_kernel.h"

#include <sys/fanotify.h>

#include <cerrno>
#include <cstring>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/fanotify_records.h"

namespace lookout::file_internal {
namespace {

constexpr int kGroup = 99;
constexpr int kFirst = 100;  // the descriptor of a directory is this and its number
constexpr int kFirstMount = 20;

}  // namespace

FakeFanotifyKernel::FakeFanotifyKernel(FakeFileKernel& files) : files_(files) { AddDirectory(kTop, 0, ""); }

FakeFanotifyKernel::~FakeFanotifyKernel() { CHECK(open_.empty()) << *open_.begin() << " was not closed"; }

std::string FakeFanotifyKernel::Listed(std::uint64_t directory, const std::string& name) const {
  return absl::StrCat("/proc/self/fd/", kFirst + static_cast<int>(directory), name.empty() ? "" : "/", name);
}

void FakeFanotifyKernel::AddDirectory(std::uint64_t id, std::uint64_t parent, const std::string& name) {
  things_[id] = {.is_directory = true, .parent = parent, .name = name};
  files_.AddDirectory(Listed(id, ""));
  if (id != kTop) files_.AddDirectory(Listed(parent, name));
}

void FakeFanotifyKernel::AddFile(std::uint64_t id, std::uint64_t parent, const std::string& name) {
  things_[id] = {.is_directory = false, .parent = parent, .name = name};
  files_.AddFile(Listed(parent, name));
}

void FakeFanotifyKernel::Move(std::uint64_t id, std::uint64_t parent, const std::string& name) {
  Thing& thing = things_.at(id);
  files_.Remove(Listed(thing.parent, thing.name));
  thing.parent = parent;
  thing.name = name;
  const std::string listed = Listed(parent, name);
  thing.is_directory ? files_.AddDirectory(listed) : files_.AddFile(listed);
}

void FakeFanotifyKernel::Remove(std::uint64_t id) {
  const Thing& thing = things_.at(id);
  files_.Remove(Listed(thing.parent, thing.name));
  if (thing.is_directory) files_.Remove(Listed(id, ""));
  things_.erase(id);
}

std::string FakeFanotifyKernel::Record(std::uint64_t mask, std::uint64_t directory, absl::string_view name,
                                       std::uint64_t target) {
  return FanotifyRecordBytes(mask, {NameInfo(FAN_EVENT_INFO_TYPE_DFID_NAME, Handle(directory), name),
                                    HandleInfo(FAN_EVENT_INFO_TYPE_FID, Handle(target))});
}

std::string FakeFanotifyKernel::Rename(std::uint64_t old_directory, absl::string_view old_name,
                                       std::uint64_t directory, absl::string_view name, std::uint64_t target,
                                       std::uint64_t more_mask) {
  return FanotifyRecordBytes(FAN_RENAME | more_mask, {NameInfo(kOldNameInfo, Handle(old_directory), old_name),
                                                      NameInfo(kNewNameInfo, Handle(directory), name),
                                                      HandleInfo(FAN_EVENT_INFO_TYPE_FID, Handle(target))});
}

void FakeFanotifyKernel::Fail(FanotifyCall call, std::uint64_t id, int error, int times) {
  failures_[{call, id}] = {error, times};
}

int FakeFanotifyKernel::TakeFailure(FanotifyCall call, std::uint64_t id) {
  const auto found = failures_.find({call, id});
  if (found == failures_.end()) return 0;
  const int error = found->second.first;
  if (--found->second.second == 0) failures_.erase(found);
  return -error;
}

const FakeFanotifyKernel::Thing* FakeFanotifyKernel::Find(absl::string_view handle, std::uint64_t& id) const {
  if (handle.size() != Handle(0).size()) return nullptr;
  std::memcpy(&id, handle.data() + handle.size() - sizeof(id), sizeof(id));
  const auto found = things_.find(id);
  return found == things_.end() ? nullptr : &found->second;
}

int FakeFanotifyKernel::Open(std::uint64_t id) {
  const int fd = kFirst + static_cast<int>(id);
  open_.insert(fd);
  return fd;
}

int FakeFanotifyKernel::Init(bool unlimited_queue) {
  if (const int error = TakeFailure(FanotifyCall::kInit, 0); error != 0) return error;
  unlimited_queue_ = unlimited_queue;
  open_.insert(kGroup);
  return kGroup;
}

int FakeFanotifyKernel::MarkFileSystem(int fd, int directory) {
  CHECK_EQ(fd, kGroup);
  CHECK(open_.contains(directory));
  return TakeFailure(FanotifyCall::kMark, 0);
}

ssize_t FakeFanotifyKernel::Read(int fd, char* buffer, std::size_t size) {
  CHECK_EQ(fd, kGroup);
  if (const int error = TakeFailure(FanotifyCall::kRead, 0); error != 0) return error;
  if (reads_.empty()) return -EAGAIN;
  const std::string bytes = std::move(reads_.front());
  reads_.pop_front();
  CHECK_LE(bytes.size(), size);
  std::memcpy(buffer, bytes.data(), bytes.size());
  return static_cast<ssize_t>(bytes.size());
}

int FakeFanotifyKernel::Queued(int fd) {
  CHECK_EQ(fd, kGroup);
  if (const int error = TakeFailure(FanotifyCall::kQueued, 0); error != 0) return error;
  return static_cast<int>(reads_.size());
}

void FakeFanotifyKernel::Close(int fd) {
  const auto found = open_.find(fd);
  CHECK(found != open_.end()) << fd << " is not open";
  open_.erase(found);
}

int FakeFanotifyKernel::OpenDirectory(const std::string& path, bool) {
  for (const auto& [id, thing] : things_) {
    if (thing.parent != kTop || thing.name != path) continue;
    if (const int error = TakeFailure(FanotifyCall::kOpenDirectory, id); error != 0) return error;
    return thing.is_directory ? Open(id) : -ENOTDIR;
  }
  return -ENOENT;
}

int FakeFanotifyKernel::OpenHandle(int mount, absl::string_view handle) {
  CHECK(open_.contains(mount));
  std::uint64_t id = 0;
  const Thing* thing = Find(handle, id);
  if (const int error = TakeFailure(FanotifyCall::kOpenHandle, id); error != 0) return error;
  if (thing == nullptr) return -ESTALE;
  return thing->is_directory ? Open(id) : -ENOTDIR;
}

int FakeFanotifyKernel::HandleOf(int directory, const std::string& name, std::string& handle, int& mount) {
  CHECK(open_.contains(directory));
  const auto parent = static_cast<std::uint64_t>(directory - kFirst);
  for (const auto& [id, thing] : things_) {
    if (name.empty() ? id != parent : thing.parent != parent || thing.name != name) continue;
    if (const int error = TakeFailure(FanotifyCall::kHandleOf, id); error != 0) return error;
    const auto mounted = mounted_.find(id);
    const bool is_mounted = mounted != mounted_.end() && !name.empty();
    handle = Handle(is_mounted ? mounted->second : id);
    mount = is_mounted ? kFirstMount + static_cast<int>(id) : kFirstMount;
    return 0;
  }
  return -ENOENT;
}

int FakeFanotifyKernel::Locate(int mount, absl::string_view handle, DirectoryPlace& place) {
  CHECK(open_.contains(mount));
  std::uint64_t id = 0;
  const Thing* thing = Find(handle, id);
  if (const int error = TakeFailure(FanotifyCall::kLocate, id); error != 0) return error;
  if (thing == nullptr) return -ESTALE;
  place = {};
  if (id != kTop) place = {.parent = Handle(thing->parent), .name = thing->name};
  return 0;
}

}  // namespace lookout::file_internal
