#include "lookout/testing/scoped_temp_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/log/check.h"
#include "absl/log/log.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

namespace fs = std::filesystem;

void CheckOk(const std::error_code& error, absl::string_view what, absl::string_view path) {
  CHECK(!error) << what << " " << path << ": " << error.message();
}

// Opens with `flags`, writes all, closes.
void Write(const std::string& path, int flags, absl::string_view contents) {
  const int fd = ::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC, 0666);
  PCHECK(fd >= 0) << "open " << path;
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    PCHECK(written > 0) << "write " << path;
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
  PCHECK(::close(fd) == 0) << "close " << path;
}

}  // namespace

ScopedTempDir::ScopedTempDir() {
  std::error_code error;
  const fs::path base = fs::canonical(::testing::TempDir(), error);
  CheckOk(error, "find", ::testing::TempDir());
  path_ = absl::StrCat(base.native(), "/lookout-XXXXXX");
  PCHECK(::mkdtemp(path_.data()) != nullptr) << path_;
}

ScopedTempDir::~ScopedTempDir() {
  std::error_code error;
  fs::remove_all(path_, error);
  if (error) LOG(WARNING) << "left behind: " << path_ << ": " << error.message();
}

std::string ScopedTempDir::Path(absl::string_view relative) const {
  return absl::StrCat(path_, "/", relative);
}

void ScopedTempDir::MakeDirs(absl::string_view relative) const {
  std::error_code error;
  fs::create_directories(Path(relative), error);
  CheckOk(error, "mkdir", Path(relative));
}

void ScopedTempDir::WriteFile(absl::string_view relative, absl::string_view contents) const {
  const std::string path = Path(relative);
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  CheckOk(error, "mkdir above", path);
  Write(path, O_CREAT | O_TRUNC, contents);
}

void ScopedTempDir::AppendFile(absl::string_view relative, absl::string_view contents) const {
  Write(Path(relative), O_APPEND, contents);
}

std::string ScopedTempDir::ReadFile(absl::string_view relative) const {
  std::ifstream file(Path(relative), std::ios::binary);
  CHECK(file.is_open()) << "read " << Path(relative);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void ScopedTempDir::Rename(absl::string_view from, absl::string_view to) const {
  PCHECK(::rename(Path(from).c_str(), Path(to).c_str()) == 0) << Path(from) << " to " << to;
}

void ScopedTempDir::Remove(absl::string_view relative) const {
  std::error_code error;
  const auto removed = fs::remove_all(Path(relative), error);
  CheckOk(error, "remove", Path(relative));
  CHECK_GT(removed, 0u) << "nothing to remove at " << Path(relative);
}

void ScopedTempDir::Symlink(absl::string_view target, absl::string_view link) const {
  PCHECK(::symlink(std::string(target).c_str(), Path(link).c_str()) == 0) << Path(link);
}

void ScopedTempDir::HardLink(absl::string_view existing, absl::string_view link) const {
  PCHECK(::link(Path(existing).c_str(), Path(link).c_str()) == 0) << Path(link);
}

void ScopedTempDir::Chmod(absl::string_view relative, unsigned mode) const {
  PCHECK(::chmod(Path(relative).c_str(), static_cast<mode_t>(mode)) == 0) << Path(relative);
}

bool ScopedTempDir::Exists(absl::string_view relative) const {
  std::error_code error;
  return fs::symlink_status(Path(relative), error).type() != fs::file_type::not_found;
}

}  // namespace lookout
