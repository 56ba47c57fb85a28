// A model of a tree, for tests of the one law: folding the events over the initial tree gives the tree on
// disk. And hands that work in a tree.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_MODEL_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_MODEL_H_

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "lookout/events/event.h"

namespace lookout::file_internal {

// What is on disk below a root: paths, and of each whether it is a directory, and of files which one, and how
// long.
struct ModelEntry {
  bool is_directory = false;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
};
using ModelTree = std::map<std::string, ModelEntry>;

ModelTree ReadTree(const std::string& root);

class FileModel {
 public:
  // `again`: what is there may be created again, as the same kind, which then replaces it.
  explicit FileModel(bool again = false) : again_(again) {}
  void AllowAgain() { again_ = true; }

  // What is wrong with the event after those before it; "" if nothing.
  std::string Fold(const Event& event);

  // How what was folded differs from the disk: names and kinds, and files that were changed since the last
  // Compare() without a word.
  std::vector<std::string> Compare(const ModelTree& disk);

 private:
  bool again_;
  std::map<std::string, bool> told_;  // path -> is it a directory?
  std::set<std::string> touched_;  // files that were told to be created or written since the last Compare()
  ModelTree before_;               // the disk then
};

// What the hands may do over what is there, by what the back end can tell apart; see the README.
enum class Replacing {
  kNothing,  // what comes in replaces nothing, and a file is not linked where it was before
  kNotByFileFromOutside,
  kAnything,
};

// Makes random changes in a tree so small that several hands meet all the time. What fails, as others meddle,
// fails: that is the point.
class ModelHand {
 public:
  // `outside` is a directory of the same file system, with which trees and files are exchanged.
  ModelHand(std::string root, std::string outside, Replacing replacing, unsigned seed);
  void Work(int operations);

 private:
  unsigned Upto(unsigned n);
  std::string Directory();
  std::string File();
  std::string NewDirectory();
  static void MoveIn(const std::string& from, const std::string& to, bool replace);
  void Operate();

  const std::string root_;
  const std::string outside_;
  const Replacing replacing_;
  int links_ = 0;
  std::mt19937 random_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_MODEL_H_
