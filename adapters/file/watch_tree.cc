#include "lookout/adapters/file/watch_tree.h"

#include <algorithm>
#include <utility>

namespace lookout::file_internal {
namespace {

using Children = std::vector<std::unique_ptr<WatchNode>>;

Children::iterator LowerBound(Children& children, absl::string_view name) {
  return std::lower_bound(
      children.begin(), children.end(), name,
      [](const std::unique_ptr<WatchNode>& child, absl::string_view wanted) { return child->name < wanted; });
}

void AppendPath(const WatchNode& node, std::string& path) {
  if (node.parent != nullptr) {
    AppendPath(*node.parent, path);
    if (path.empty() || path.back() != '/') path += '/';
  }
  path += node.name;
}

}  // namespace

WatchTree::WatchTree(std::string root_path) : root_(std::make_unique<WatchNode>()) {
  root_->name = std::move(root_path);
}

WatchTree::~WatchTree() {
  if (root_ != nullptr) Drop(std::move(root_), [](int) {});
}

WatchNode* WatchTree::Find(int wd) const {
  const auto found = by_wd_.find(wd);
  return found == by_wd_.end() ? nullptr : found->second;
}

WatchNode* WatchTree::Child(WatchNode& parent, absl::string_view name) const {
  const auto at = LowerBound(parent.children, name);
  return at != parent.children.end() && (*at)->name == name ? at->get() : nullptr;
}

WatchNode& WatchTree::AddChild(WatchNode& parent, absl::string_view name) {
  const auto at = LowerBound(parent.children, name);
  if (at != parent.children.end() && (*at)->name == name) return **at;
  auto node = std::make_unique<WatchNode>();
  node->parent = &parent;
  node->name = std::string(name);
  return **parent.children.insert(at, std::move(node));
}

void WatchTree::SetWatch(WatchNode& node, int wd) {
  if (WatchNode* other = Find(wd); other != nullptr && other != &node) other->wd = -1;
  ForgetWatch(node);
  node.wd = wd;
  by_wd_[wd] = &node;
}

void WatchTree::ForgetWatch(WatchNode& node) {
  if (node.wd >= 0) by_wd_.erase(node.wd);
  node.wd = -1;
}

void WatchTree::MakeFresh(WatchNode& node) {
  if (node.fresh()) return;
  node.known = std::make_unique<absl::flat_hash_set<std::string>>();
  fresh_.insert(&node);
}

void WatchTree::Settle(WatchNode& node) {
  node.known = nullptr;
  node.unresolved = false;
  fresh_.erase(&node);
}

std::unique_ptr<WatchNode> WatchTree::Detach(WatchNode& parent, absl::string_view name) {
  const auto at = LowerBound(parent.children, name);
  if (at == parent.children.end() || (*at)->name != name) return nullptr;
  std::unique_ptr<WatchNode> node = std::move(*at);
  parent.children.erase(at);
  node->name = Path(*node);
  node->parent = nullptr;
  return node;
}

void WatchTree::Attach(std::unique_ptr<WatchNode> node, WatchNode& parent, absl::string_view name) {
  node->parent = &parent;
  node->name = std::string(name);
  parent.children.insert(LowerBound(parent.children, name), std::move(node));
}

void WatchTree::Drop(std::unique_ptr<WatchNode> node, absl::FunctionRef<void(int wd)> each) {
  // By a list rather than by recursion: a tree may be deeper than a stack.
  std::vector<std::unique_ptr<WatchNode>> rest;
  rest.push_back(std::move(node));
  while (!rest.empty()) {
    std::unique_ptr<WatchNode> next = std::move(rest.back());
    rest.pop_back();
    if (next == nullptr) continue;
    if (next->wd >= 0) {
      each(next->wd);
      ForgetWatch(*next);
    }
    Settle(*next);
    for (std::unique_ptr<WatchNode>& child : next->children) rest.push_back(std::move(child));
  }
}

void WatchTree::EachWatch(absl::FunctionRef<void(int wd)> each) const {
  for (const auto& [wd, node] : by_wd_) each(wd);
}

std::string WatchTree::Path(const WatchNode& node, absl::string_view leaf) {
  std::string path;
  AppendPath(node, path);
  if (!leaf.empty()) {
    if (!path.empty() && path.back() != '/') path += '/';
    path += leaf;
  }
  return path;
}

}  // namespace lookout::file_internal
