// Black-box cases of writes: what is one, what is none, and files that are watched by their own path.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"

namespace lookout::file_internal {
namespace {

namespace fs = std::filesystem;

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A file that is open for the life of the object.
class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    PCHECK(fd_ >= 0) << path;
  }
  ~OpenFile() { close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const { return fd_; }
  void Write(const std::string& text) const {
    PCHECK(write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }

 private:
  const int fd_;
};

class FileCasesWritesTest : public FileCasesTest {};

// 16
TEST_P(FileCasesWritesTest, AppendsAreToldBeforeTheFileIsClosed) {
  dir_.WriteFile("f", "0");
  Watch(dir_.path());
  {
    const OpenFile file(dir_.Path("f"), O_WRONLY | O_APPEND);
    for (int i = 0; i < 5; ++i) file.Write("x");
    const Lines told = Told();
    EXPECT_THAT(told, Contains("written f"));
    EXPECT_THAT(told, Each("written f"));
  }
  EXPECT_THAT(Told(), IsEmpty()) << "of a close that wrote nothing";
}

// 18
TEST_P(FileCasesWritesTest, EveryWayToChangeContentsIsAWrite) {
  dir_.WriteFile("f", "0123456789");
  dir_.WriteFile("source", std::string(100, 's'));
  Watch(dir_.path());
  const OpenFile file(dir_.Path("f"), O_RDWR);
  PCHECK(truncate(dir_.Path("f").c_str(), 5) == 0);
  EXPECT_THAT(Told(), ElementsAre("written f")) << "truncate";
  PCHECK(ftruncate(file.fd(), 20) == 0);
  EXPECT_THAT(Told(), ElementsAre("written f")) << "ftruncate";
  PCHECK(fallocate(file.fd(), 0, 0, 4096) == 0);
  EXPECT_THAT(Told(), ElementsAre("written f")) << "fallocate";
  const OpenFile source(dir_.Path("source"), O_RDONLY);
  loff_t in = 0, out = 4096;
  PCHECK(copy_file_range(source.fd(), &in, file.fd(), &out, 100, 0) == 100);
  EXPECT_THAT(Told(), ElementsAre("written f")) << "copy_file_range";
  PCHECK(pwrite(file.fd(), "y", 1, 5000) == 1);
  EXPECT_THAT(Told(), ElementsAre("written f")) << "pwrite";
  const OpenFile emptied(dir_.Path("f"), O_WRONLY | O_TRUNC);
  EXPECT_THAT(Told(), ElementsAre("written f")) << "O_TRUNC";
}

// 19
TEST_P(FileCasesWritesTest, WhatChangesNothingIsNoWrite) {
  dir_.WriteFile("f", "x");
  Watch(dir_.path());
  {
    const OpenFile file(dir_.Path("f"), O_WRONLY);
    PCHECK(write(file.fd(), "", 0) == 0);
  }
  dir_.Chmod("f", 0644);
  dir_.Chmod("f", 0600);
  EXPECT_THAT(Told(), IsEmpty());
}

// 19
TEST_P(FileCasesWritesTest, WhatChangesNothingIsNoWriteOfASingleFileEither) {
  dir_.WriteFile("f", "x");
  Watch(dir_.Path("f"));
  dir_.Chmod("f", 0644);
  dir_.Chmod("f", 0600);
  EXPECT_THAT(Told(), IsEmpty());
  dir_.AppendFile("f", "y");
  EXPECT_THAT(Told(), ElementsAre("written f"));
}

// 20
TEST_P(FileCasesWritesTest, ReadingTheWholeTreeIsNothing) {
  for (int i = 0; i < 50; ++i) dir_.WriteFile(absl::StrCat("d", i % 7, "/e/f", i), "needle");
  Watch(dir_.path());
  int found = 0;
  for (const auto& entry : fs::recursive_directory_iterator(dir_.path())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    found += std::string(std::istreambuf_iterator<char>(file), {}) == "needle";
  }
  EXPECT_EQ(found, 50);
  EXPECT_THAT(Told(), IsEmpty());
}

// 21
TEST_P(FileCasesWritesTest, ATouchedFileIsNotWritten) {
  dir_.WriteFile("f", "x");
  Watch(dir_.path());
  const timespec times[] = {{.tv_sec = 1'000'000'000, .tv_nsec = 0}, {.tv_sec = 1'000'000'000, .tv_nsec = 0}};
  PCHECK(utimensat(AT_FDCWD, dir_.Path("f").c_str(), times, 0) == 0);
  if (polls()) {
    // Who looks from time to time has nothing but the date to tell a write of the same length by.
    EXPECT_THAT(Told(), AnyOf(IsEmpty(), ElementsAre("written f")));
  } else {
    EXPECT_THAT(Told(), IsEmpty());
  }
}

// Nothing is told; but fanotify does not say what kind of file it was, see the README.
::testing::Matcher<Lines> NotWritten(const std::string& fifo) {
  if (FileCasesTest::GetParam() == FileBackend::kFanotify) return Each(absl::StrCat("written ", fifo));
  return IsEmpty();
}

// 22
TEST_P(FileCasesWritesTest, AFifoIsCreatedAndWhatGoesThroughItIsNoWrite) {
  dir_.MakeDirs("d");
  Watch(dir_.path());
  PCHECK(mkfifo(dir_.Path("d/fifo").c_str(), 0600) == 0);
  EXPECT_THAT(Told(), ElementsAre("created d/fifo"));
  const OpenFile fifo(dir_.Path("d/fifo"), O_RDWR);
  fifo.Write("through");
  char buffer[16];
  PCHECK(read(fifo.fd(), buffer, sizeof(buffer)) == 7);
  EXPECT_THAT(Told(), NotWritten("d/fifo"));
}

// 22: also one that was there before.
TEST_P(FileCasesWritesTest, AnOldFifoIsNotWritten) {
  PCHECK(mkfifo(dir_.Path("fifo").c_str(), 0600) == 0);
  Watch(dir_.path());
  const OpenFile fifo(dir_.Path("fifo"), O_RDWR);
  fifo.Write("through");
  EXPECT_THAT(Told(), NotWritten("fifo"));
}

// 22
TEST_P(FileCasesWritesTest, ASocketIsCreatedAndWhatGoesThroughItIsNoWrite) {
  Watch(dir_.path());
  // Relative to a descriptor: the path of a socket may be no longer than 108 bytes.
  const OpenFile directory(dir_.path(), O_RDONLY | O_DIRECTORY);
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  const std::string path = absl::StrCat("/proc/self/fd/", directory.fd(), "/s");
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  PCHECK(bind(server, to, sizeof(address)) == 0);
  EXPECT_THAT(Told(), ElementsAre("created s"));
  PCHECK(sendto(server, "x", 1, 0, to, sizeof(address)) == 1);
  close(server);
  EXPECT_THAT(Told(), IsEmpty());
}

// 23: what is written by a name outside is a write of no name inside, but for who compares the files.
TEST_P(FileCasesWritesTest, AHardLinkIsCreatedAndNotWrittenByItsOtherName) {
  outside_.WriteFile("f", "x");
  dir_.MakeDirs("d");
  Watch(dir_.path());
  PCHECK(link(outside_.Path("f").c_str(), dir_.Path("d/f").c_str()) == 0);
  EXPECT_THAT(Told(), ElementsAre("created d/f"));
  const OpenFile file(outside_.Path("f"), O_WRONLY);
  file.Write("y");  // as long as before: the fold takes no notice
  if (polls()) {
    EXPECT_THAT(Told(), ElementsAre("written d/f"));
  } else {
    EXPECT_THAT(Told(), IsEmpty());
  }
  dir_.AppendFile("d/f", "z");
  EXPECT_THAT(Told(), ElementsAre("written d/f")) << "by its own name";
}

// 24
TEST_P(FileCasesWritesTest, AFileThatIsReplacedAllTheTimeIsWrittenEachTime) {
  dir_.WriteFile("f", "0");
  Watch(dir_.Path("f"));
  for (int i = 0; i < 1000; ++i) {
    dir_.WriteFile("f.tmp", absl::StrCat(i));
    dir_.Rename("f.tmp", "f");
  }
  const Lines told = Told();
  EXPECT_THAT(told, Each("written f"));
  if (polls()) {
    EXPECT_GE(told.size(), 1u);
  } else {
    EXPECT_EQ(told.size(), 1000u);
  }
  dir_.AppendFile("f", "more");
  EXPECT_THAT(Told(), ElementsAre("written f")) << "the watch is of the file that is there now";
}

// 26: a file in a tree, and a file by itself.
TEST_P(FileCasesWritesTest, AFileThatComesBackIsWatchedAgain) {
  for (const std::string& watched : {dir_.path(), dir_.Path("f")}) {
    dir_.WriteFile("f", "1");
    Watch(watched);
    for (int round = 0; round < 3; ++round) {
      dir_.Remove("f");
      EXPECT_THAT(Told(), ElementsAre("deleted f"));
      dir_.WriteFile("f");
      EXPECT_THAT(Told(), ElementsAre("created f"));
      dir_.AppendFile("f", "2");
      EXPECT_THAT(Told(), ElementsAre("written f"));
    }
    tree_ = nullptr;
  }
}

// 28
TEST_P(FileCasesWritesTest, AWriteToAFileIsToldByBothOfItsNames) {
  dir_.WriteFile("h1", "x");
  dir_.HardLink("h1", "h2");
  const std::unique_ptr<WatchedTree> first = NewTree(dir_.Path("h1"));
  const std::unique_ptr<WatchedTree> second = NewTree(dir_.Path("h2"));
  ASSERT_EQ(first->Start(), absl::OkStatus());
  ASSERT_EQ(second->Start(), absl::OkStatus());
  dir_.AppendFile("h1", "y");
  EXPECT_THAT(first->Told(), ElementsAre("written h1"));
  EXPECT_THAT(second->Told(), ElementsAre("written h2"));
  dir_.Remove("h1");
  dir_.AppendFile("h2", "z");
  EXPECT_THAT(Only("deleted", first->Told()), ElementsAre("deleted h1"));
  EXPECT_THAT(second->Told(), ElementsAre("written h2"));
}

// 29
TEST_P(FileCasesWritesTest, AFileBehindALinkIsWrittenAndSoIsItWhereTheLinkLeadsElsewhere) {
  outside_.WriteFile("one", "1");
  outside_.WriteFile("two", "22");
  dir_.Symlink(outside_.Path("one"), "f");
  Watch(dir_.Path("f"));
  outside_.AppendFile("one", "x");
  EXPECT_THAT(Told(), ElementsAre("written f"));
  dir_.Symlink(outside_.Path("two"), "f.tmp");
  dir_.Rename("f.tmp", "f");
  EXPECT_THAT(Told(), ElementsAre("written f"));
  outside_.AppendFile("two", "x");
  EXPECT_THAT(Told(), ElementsAre("written f"));
  outside_.AppendFile("one", "x");
  EXPECT_THAT(Told(), IsEmpty()) << "it leads elsewhere";
}

LOOKOUT_FILE_CASES(FileCasesWritesTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
