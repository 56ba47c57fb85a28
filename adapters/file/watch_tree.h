// The watched directories as a tree of names, so that a renamed directory keeps its children's paths right
// at the cost of one step, and the map from the kernel's watch descriptors to them. Pure.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_WATCH_TREE_H_
#define LOOKOUT_ADAPTERS_FILE_WATCH_TREE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

struct WatchNode {
  WatchNode* parent = nullptr;  // null for a root, and for a subtree that is detached
  std::string name;             // the whole path where there is no parent
  int wd = -1;
  std::vector<std::unique_ptr<WatchNode>> children;  // sorted by name
  // Only of a fresh directory, one that appeared while events were told: the names that were told to be in
  // it. As long as the kernel may still have older things to say of its path, each name is told by what this
  // set lacks, so that neither a listing nor a record tells it twice.
  std::unique_ptr<absl::flat_hash_set<std::string>> known;
  // Fresh, and not (rightly) watched and listed yet: its path led nowhere, or elsewhere.
  bool unresolved = false;

  bool fresh() const { return known != nullptr; }
};

class WatchTree {
 public:
  explicit WatchTree(std::string root_path);
  ~WatchTree();
  WatchTree(WatchTree&&) = default;
  WatchTree& operator=(WatchTree&&) = default;

  WatchNode& root() { return *root_; }
  WatchNode* Find(int wd) const;
  std::size_t watches() const { return by_wd_.size(); }

  // The child called `name`, made if there is none.
  WatchNode& AddChild(WatchNode& parent, absl::string_view name);
  WatchNode* Child(WatchNode& parent, absl::string_view name) const;

  // `wd` is the node's from now on, and of no other: the kernel has one for each directory.
  void SetWatch(WatchNode& node, int wd);
  void ForgetWatch(WatchNode& node);

  // Makes the directory fresh, with nothing known of it, if it is not yet.
  void MakeFresh(WatchNode& node);
  void Settle(WatchNode& node);
  // All that are fresh, in detached subtrees too.
  const absl::flat_hash_set<WatchNode*>& fresh() const { return fresh_; }

  // Takes the subtree of `name` out, or null. Its descriptors stay known and its paths as they were.
  std::unique_ptr<WatchNode> Detach(WatchNode& parent, absl::string_view name);
  // Puts a detached subtree in, in place of a child of that name.
  void Attach(std::unique_ptr<WatchNode> node, WatchNode& parent, absl::string_view name);
  // Ends the subtree; `each` is told the descriptors that it had.
  void Drop(std::unique_ptr<WatchNode> node, absl::FunctionRef<void(int wd)> each);

  // Tells every descriptor.
  void EachWatch(absl::FunctionRef<void(int wd)> each) const;

  // The path of `leaf` in `node`; of the node itself if `leaf` is empty.
  static std::string Path(const WatchNode& node, absl::string_view leaf = {});

 private:
  std::unique_ptr<WatchNode> root_;
  absl::flat_hash_map<int, WatchNode*> by_wd_;
  absl::flat_hash_set<WatchNode*> fresh_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_WATCH_TREE_H_
