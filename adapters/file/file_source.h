// Tells what happens in a directory, in a whole tree, or to a single file.
//
//   auto source = FileSource::Create({.path = "conf", .recursive = true}, clock);
//   if (!source.ok()) return source.status();
//   (*source)->Run(stop, queue);   // "created conf/app.yml", "renamed conf/app.yml", …
//
// Events are of type kFile. actor_name is the path as it was given with what is below it joined to it; names
// are any bytes. kFileRenamed carries renamed_from; events of directories carry kind=directory. The time is
// when the kernel's record was read.
//
// Nothing is told of what existed before OnReady(). In a directory that appears later everything is told
// once, whenever it came, parents first. A move out of the tree is a deletion (of the directory alone, for a
// directory), a move into it the creation of every descendant. Symbolic links are not followed below the
// path. Attributes (chmod, touch) are left out, and nothing that reading causes is told.
//
// What is not (yet) done is in this folder's README.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_H_

#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/events/source.h"

namespace lookout {

struct FileSourceOptions {
  // A directory, or a file in a directory that exists. Relative paths count from the working directory.
  std::string path;
  // Of a directory: with everything below it. Of a file: no difference.
  bool recursive = false;
};

class FileSource final : public Source {
 public:
  // InvalidArgument for an empty path, or one with a NUL. `clock` must outlive the source.
  static absl::StatusOr<std::unique_ptr<FileSource>> Create(FileSourceOptions options, absl::Clock& clock);
  // For tests of failing system calls.
  static absl::StatusOr<std::unique_ptr<FileSource>> Create(FileSourceOptions options, absl::Clock& clock,
                                                            file_internal::FileKernel& kernel);

  absl::string_view name() const override { return name_; }

  // Fails with NotFound if the path does not exist, Unavailable when it is deleted or moved away, and
  // ResourceExhausted, naming the sysctl, when the system has no watch for it. Called again, it tells a
  // ForceReload after OnReady(): what happened between is not known.
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

 private:
  FileSource(FileSourceOptions options, absl::Clock& clock, file_internal::FileKernel& kernel);

  const FileSourceOptions options_;
  const std::string name_;
  absl::Clock& clock_;
  file_internal::FileKernel& kernel_;
  bool was_live_ = false;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_H_
