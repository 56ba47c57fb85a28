// A directory of a test's own, below TEST_TMPDIR, gone with all its contents when the object is.
//
//   ScopedTempDir dir;
//   dir.WriteFile("conf/app.yml", "a: 1");     // makes conf/ as well
//   dir.Rename("conf", "etc");
//   FileSource source(dir.path(), ...);
//
// Paths are relative to the directory, any bytes. What fails ends the test with the path and the reason: a
// test that cannot make its tree proves nothing.
#ifndef LOOKOUT_TESTING_SCOPED_TEMP_DIR_H_
#define LOOKOUT_TESTING_SCOPED_TEMP_DIR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout {

class ScopedTempDir {
 public:
  ScopedTempDir();
  ~ScopedTempDir();
  ScopedTempDir(const ScopedTempDir&) = delete;
  ScopedTempDir& operator=(const ScopedTempDir&) = delete;

  // Absolute, without symbolic links or a '/' at its end.
  const std::string& path() const { return path_; }
  // The absolute path of what is `relative` in it.
  std::string Path(absl::string_view relative) const;

  // Makes the directory, and those above it.
  void MakeDirs(absl::string_view relative) const;
  // Makes the file, or empties it, then writes `contents` and closes it. Makes the directories above it.
  void WriteFile(absl::string_view relative, absl::string_view contents = "") const;
  // Appends to the file, which must exist.
  void AppendFile(absl::string_view relative, absl::string_view contents) const;
  std::string ReadFile(absl::string_view relative) const;
  // As rename(2): replaces what is at `to`.
  void Rename(absl::string_view from, absl::string_view to) const;
  // Removes the file, or the directory with all its contents; either must exist.
  void Remove(absl::string_view relative) const;
  // Makes `link` a symbolic link that holds `target` as it is given.
  void Symlink(absl::string_view target, absl::string_view link) const;
  // As link(2): `link` becomes another name of the file.
  void HardLink(absl::string_view existing, absl::string_view link) const;
  // Sets the permission bits.
  void Chmod(absl::string_view relative, unsigned mode) const;
  // Whether something is there; a dangling symbolic link is.
  bool Exists(absl::string_view relative) const;

 private:
  std::string path_;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_SCOPED_TEMP_DIR_H_
