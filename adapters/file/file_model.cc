#include "lookout/adapters/file/file_model.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {
namespace {

namespace fs = std::filesystem;

bool IsBelow(absl::string_view path, absl::string_view directory) {
  return path.size() > directory.size() && absl::StartsWith(path, directory) && path[directory.size()] == '/';
}

bool IsAtOrBelow(absl::string_view path, absl::string_view directory) {
  return path == directory || IsBelow(path, directory);
}

void Append(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0644);
  if (fd < 0) return;
  // A write is told of the name that it was made by; of a file with others, that may be gone by the end.
  struct stat status, there;
  const bool is_only_name = fstat(fd, &status) == 0 && status.st_nlink == 1 &&
                            lstat(path.c_str(), &there) == 0 && there.st_ino == status.st_ino;
  if (is_only_name && write(fd, "x", 1) != 1) fsync(fd);  // a full disk: nothing was changed
  close(fd);
}

// The law is of what is there when nobody works any more: reading takes no notice of what vanishes.
void ReadInto(const std::string& directory, ModelTree& tree) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    struct stat status;
    const std::string path = entry.path().string();
    if (lstat(path.c_str(), &status) != 0) continue;
    tree[path] = {.is_directory = S_ISDIR(status.st_mode),
                  .inode = status.st_ino,
                  .size = static_cast<std::uint64_t>(status.st_size)};
    if (S_ISDIR(status.st_mode)) ReadInto(path, tree);
  }
}

}  // namespace

ModelTree ReadTree(const std::string& root) {
  ModelTree tree;
  ReadInto(root, tree);
  return tree;
}

std::string FileModel::Fold(const Event& event) {
  const std::string& path = event.actor_name;
  const bool is_directory = event.attributes.Get(kKind) == kKindDirectory;
  const auto erase_all = [this](const std::string& gone) {
    std::erase_if(told_, [&](const auto& entry) { return IsAtOrBelow(entry.first, gone); });
    std::erase_if(touched_, [&](const std::string& entry) { return IsAtOrBelow(entry, gone); });
  };
  switch (event.action) {
    case Action::kFileCreated: {
      const auto there = told_.find(path);
      const bool twice = there != told_.end() && !(again_ && there->second == is_directory);
      const std::string parent = path.substr(0, path.rfind('/'));
      const bool orphan = !told_.empty() && told_.begin()->first.size() < parent.size() &&
                          !told_.contains(parent) && absl::StrContains(parent, "/d");
      told_[path] = is_directory;
      if (!is_directory) touched_.insert(path);
      return twice ? "created twice" : orphan ? "created in a directory that was never told" : "";
    }
    case Action::kFileWritten:
      if (!told_.contains(path)) return "written, but never told";
      touched_.insert(path);
      return "";
    case Action::kFileDeleted: {
      const auto there = told_.find(path);
      const bool was_there = there != told_.end() && there->second == is_directory;
      erase_all(path);
      return was_there ? "" : "deleted, but never told";
    }
    case Action::kFileRenamed: {
      const std::string from(event.attributes.Get(kRenamedFrom));
      if (!told_.contains(from)) return absl::StrCat("renamed from what was never told: ", from);
      std::map<std::string, bool> moved;
      std::set<std::string> moved_touched;
      for (const auto& [old, kind] : told_) {
        if (IsAtOrBelow(old, from)) moved[path + old.substr(from.size())] = kind;
      }
      for (const std::string& old : touched_) {
        if (IsAtOrBelow(old, from)) moved_touched.insert(path + old.substr(from.size()));
      }
      erase_all(from);
      erase_all(path);
      told_.merge(moved);
      touched_.merge(moved_touched);
      return "";
    }
    default:
      return event.action == Action::kForceReload ? "" : "an event of another kind";
  }
}

std::vector<std::string> FileModel::Compare(const ModelTree& disk) {
  std::vector<std::string> all;
  for (const auto& [path, is_directory] : told_) {
    const auto there = disk.find(path);
    if (there == disk.end() || there->second.is_directory != is_directory) {
      all.push_back(absl::StrCat("told, but not on disk: ", path));
    }
  }
  std::map<std::uint64_t, std::uint64_t> size_before;
  for (const auto& [path, entry] : before_) {
    if (!entry.is_directory) size_before[entry.inode] = entry.size;
  }
  // A write is told of the name that it was made by; a file may have others.
  std::set<std::uint64_t> touched;
  for (const std::string& path : touched_) {
    if (const auto there = disk.find(path); there != disk.end()) touched.insert(there->second.inode);
  }
  for (const auto& [path, entry] : disk) {
    if (!told_.contains(path)) all.push_back(absl::StrCat("on disk, but not told: ", path));
    if (entry.is_directory || touched.contains(entry.inode)) continue;
    const auto before = size_before.find(entry.inode);
    if (before == size_before.end() || before->second != entry.size) {
      all.push_back(absl::StrCat("changed without a word: ", path));
    }
  }
  before_ = disk;
  touched_.clear();
  return all;
}

ModelHand::ModelHand(std::string root, std::string outside, Replacing replacing, unsigned seed)
    : root_(std::move(root)), outside_(std::move(outside)), replacing_(replacing), random_(seed) {}

void ModelHand::Work(int operations) {
  for (int i = 0; i < operations; ++i) Operate();
}

unsigned ModelHand::Upto(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

std::string ModelHand::Directory() {
  std::string path = root_;
  for (unsigned depth = Upto(4); depth > 0; --depth) absl::StrAppend(&path, "/d", Upto(3));
  return path;
}

std::string ModelHand::File() { return absl::StrCat(Directory(), "/f", Upto(4)); }
std::string ModelHand::NewDirectory() { return absl::StrCat(Directory(), "/d", Upto(3)); }

void ModelHand::MoveIn(const std::string& from, const std::string& to, bool replace) {
  // Where it may not replace and the file system cannot say so, nothing is moved.
  static_cast<void>(renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), replace ? 0 : RENAME_NOREPLACE));
}

void ModelHand::Operate() {
  std::error_code ignored;
  const std::string out = absl::StrCat(outside_, "/d", Upto(3)),
                    out_file = absl::StrCat(outside_, "/f", Upto(3));
  switch (Upto(14)) {
    case 0:
      fs::create_directory(NewDirectory(), ignored);
      return;
    case 1:
      fs::create_directories(absl::StrCat(Directory(), "/d", Upto(3), "/d", Upto(3), "/d", Upto(3)), ignored);
      return;
    case 2:
    case 3:
      return Append(File(), O_CREAT);
    case 4:
      fs::rename(File(), File(), ignored);
      return;
    case 5:
      fs::rename(NewDirectory(), NewDirectory(), ignored);
      return;
    case 6:
      fs::remove(File(), ignored);
      return;
    case 7: {
      const std::string gone = NewDirectory();
      fs::remove_all(gone, ignored);
      if (Upto(2) == 0) return;
      fs::create_directory(gone, ignored);  // and again at once
      return Append(absl::StrCat(gone, "/f", Upto(4)), O_CREAT);
    }
    case 8:
      fs::rename(NewDirectory(), out, ignored);
      return;
    case 9:
      return MoveIn(out, NewDirectory(), replacing_ != Replacing::kNothing);
    case 10: {  // as an editor saves
      const std::string file = File(), temporary = absl::StrCat(file, ".tmp", Upto(100));
      Append(temporary, O_CREAT);
      fs::rename(temporary, file, ignored);
      return;
    }
    case 11:
      static_cast<void>(renameat2(AT_FDCWD, (Upto(2) == 0 ? File() : NewDirectory()).c_str(), AT_FDCWD,
                                  (Upto(2) == 0 ? File() : NewDirectory()).c_str(), RENAME_EXCHANGE));
      return;
    case 12:
      fs::create_hard_link(File(),
                           replacing_ != Replacing::kNothing
                               ? File()
                               : absl::StrCat(Directory(), "/l", getpid(), ".", ++links_),
                           ignored);
      return;
    default:
      if (Upto(2) == 0) {
        fs::rename(File(), out_file, ignored);
      } else {
        MoveIn(out_file, File(), replacing_ == Replacing::kAnything);
      }
  }
}

}  // namespace lookout::file_internal
