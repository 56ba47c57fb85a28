// What is known of a watched tree: its directories, the names in each, and the kernel's watch descriptors.
// A renamed directory keeps all that is below it at the cost of one step. Pure.
//
// Memory for each directory: some 80 bytes, 8 to 18 in its parent, 18 to 36 if it has a descriptor, and its
// name if that is longer than 15 bytes; for each other name 33 to 66 bytes. See
// //adapters/file:file_benchmark.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_WATCH_TREE_H_
#define LOOKOUT_ADAPTERS_FILE_WATCH_TREE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/file_kernel.h"

namespace lookout::file_internal {

struct WatchNode;

struct WatchNodeHash {
  using is_transparent = void;
  std::size_t operator()(absl::string_view name) const;
  std::size_t operator()(const std::unique_ptr<WatchNode>& node) const;
};

struct WatchNodeEq {
  using is_transparent = void;
  bool operator()(const std::unique_ptr<WatchNode>& a, const std::unique_ptr<WatchNode>& b) const;
  bool operator()(const std::unique_ptr<WatchNode>& a, absl::string_view b) const;
};

// A directory.
struct WatchNode {
  using Children = absl::flat_hash_set<std::unique_ptr<WatchNode>, WatchNodeHash, WatchNodeEq>;
  using Files = absl::flat_hash_set<std::string>;
  using Versions = absl::flat_hash_map<std::string, FileVersion>;

  WatchNode* parent = nullptr;  // null for a root, and for a subtree that is detached
  std::string name;             // the whole path where there is no parent
  int wd = -1;
  // The one of the directory that `files` and `children` are of: by a listing and the records since. -1 while
  // they are of none; kOfSeveral if records of one were applied to the listing of another.
  static constexpr int kOfSeveral = -2;
  int listed_wd = -1;
  // Of the last look at the disk; see InotifyWatcher.
  std::uint32_t scan = 0;
  // The kernel may still have older things to say of what its path leads to.
  bool fresh : 1 = false;
  // Fresh, and not (rightly) watched and listed yet: its path led nowhere, or elsewhere.
  bool unresolved : 1 = false;
  // It is looked at from time to time, as it cannot be watched.
  bool polled : 1 = false;
  // That it may not be read was said.
  bool unreadable : 1 = false;
  // Reached through a symbolic link of its name, which is followed.
  bool link : 1 = false;

  // Each null where there is none.
  std::unique_ptr<Children> children;
  std::unique_ptr<Files> files;        // the names of what is no directory
  std::unique_ptr<Versions> versions;  // of the files in a polled directory
};

// What a directory knows of a name.
enum class Known { kNothing, kFile, kDirectory };

class WatchTree {
 public:
  explicit WatchTree(std::string root_path);
  ~WatchTree();
  WatchTree(const WatchTree&) = delete;
  WatchTree& operator=(const WatchTree&) = delete;

  WatchNode& root() { return *root_; }
  const WatchNode& root() const { return *root_; }
  WatchNode* Find(int wd) const;
  std::size_t watches() const { return by_wd_.size(); }
  // Directories, the root and what is detached included.
  std::size_t directories() const { return directories_; }

  static Known Knows(const WatchNode& node, absl::string_view name);
  static WatchNode* Child(const WatchNode& node, absl::string_view name);

  // The child called `name`, made if there is none.
  WatchNode& AddChild(WatchNode& parent, absl::string_view name);
  // False if it was known.
  static bool AddFile(WatchNode& node, absl::string_view name);
  static bool RemoveFile(WatchNode& node, absl::string_view name);

  // `wd` is the node's from now on, and of no other: the kernel has one for each directory. What the node had
  // before belongs to none.
  void SetWatch(WatchNode& node, int wd);
  void ForgetWatch(WatchNode& node);

  void MakeFresh(WatchNode& node);
  void Settle(WatchNode& node);
  // All that are fresh, in detached subtrees too.
  const absl::flat_hash_set<WatchNode*>& fresh() const { return fresh_; }

  void SetPolled(WatchNode& node, bool polled);
  const absl::flat_hash_set<WatchNode*>& polled() const { return polled_; }

  // What is waiting to be looked at on the disk, in the order in which it was added. Nodes that are dropped
  // leave it.
  void AddPending(WatchNode& node);
  WatchNode* PopPending();
  // Of the first `most`.
  void EachPending(std::size_t most, absl::FunctionRef<void(const WatchNode&)> each) const;
  bool HasPending() const { return !pending_at_.empty(); }
  void ClearPending();

  // Takes the subtree of `name` out, or null. Its descriptors stay known and its paths as they were.
  std::unique_ptr<WatchNode> Detach(WatchNode& parent, absl::string_view name);
  // Puts a detached subtree in. There is no child of that name.
  WatchNode& Attach(std::unique_ptr<WatchNode> node, WatchNode& parent, absl::string_view name);
  // Ends the subtree; `each` is told the descriptors that it had.
  void Drop(std::unique_ptr<WatchNode> node, absl::FunctionRef<void(int wd)> each);

  // Calls it for every node of the subtree, parents first.
  static void EachNode(WatchNode& first, absl::FunctionRef<void(WatchNode&)> each);
  static bool IsAttached(const WatchNode& node, const WatchNode& root);

  // The path of `leaf` in `node`; of the node itself if `leaf` is empty.
  static std::string Path(const WatchNode& node, absl::string_view leaf = {});

 private:
  std::unique_ptr<WatchNode> root_;
  std::size_t directories_ = 1;
  absl::flat_hash_map<int, WatchNode*> by_wd_;
  absl::flat_hash_set<WatchNode*> fresh_;
  absl::flat_hash_set<WatchNode*> polled_;
  std::vector<WatchNode*> pending_;  // null where one was dropped
  std::size_t pending_begin_ = 0;
  absl::flat_hash_map<WatchNode*, std::size_t> pending_at_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_WATCH_TREE_H_
