#include "lookout/adapters/file/watch_tree.h"

#include <utility>

#include "absl/hash/hash.h"

namespace lookout::file_internal {
namespace {

std::size_t PathSize(const WatchNode& leaf) {
  std::size_t size = 0;
  for (const WatchNode* node = &leaf; node != nullptr; node = node->parent) size += node->name.size() + 1;
  return size;
}

// From the leaf to the root, and so without recursion: a tree may be deeper than a stack.
void AppendPath(const WatchNode& leaf, std::string& path) {
  std::size_t end = path.size() + PathSize(leaf) - 1;
  const bool root_ends_in_slash = [&leaf] {
    const WatchNode* node = &leaf;
    while (node->parent != nullptr) node = node->parent;
    return node != &leaf && (node->name.empty() || node->name.back() == '/');
  }();
  if (root_ends_in_slash) --end;
  path.resize(end);
  for (const WatchNode* node = &leaf; node != nullptr; node = node->parent) {
    end -= node->name.size();
    path.replace(end, node->name.size(), node->name);
    const bool slash = node->parent != nullptr && !(root_ends_in_slash && node->parent->parent == nullptr);
    if (slash) path[--end] = '/';
  }
}

}  // namespace

std::size_t WatchNodeHash::operator()(absl::string_view name) const {
  return absl::Hash<absl::string_view>()(name);
}
std::size_t WatchNodeHash::operator()(const std::unique_ptr<WatchNode>& node) const {
  return (*this)(absl::string_view(node->name));
}
bool WatchNodeEq::operator()(const std::unique_ptr<WatchNode>& a, const std::unique_ptr<WatchNode>& b) const {
  return a->name == b->name;
}
bool WatchNodeEq::operator()(const std::unique_ptr<WatchNode>& a, absl::string_view b) const {
  return a->name == b;
}

WatchTree::WatchTree(std::string root_path) : root_(std::make_unique<WatchNode>()) {
  root_->name = std::move(root_path);
}

WatchTree::~WatchTree() {
  Drop(std::move(root_), [](int) {});
}

WatchNode* WatchTree::Find(int wd) const {
  const auto found = by_wd_.find(wd);
  return found == by_wd_.end() ? nullptr : found->second;
}

Known WatchTree::Knows(const WatchNode& node, absl::string_view name) {
  if (node.files != nullptr && node.files->contains(name)) return Known::kFile;
  return Child(node, name) != nullptr ? Known::kDirectory : Known::kNothing;
}

WatchNode* WatchTree::Child(const WatchNode& node, absl::string_view name) {
  if (node.children == nullptr) return nullptr;
  const auto found = node.children->find(name);
  return found == node.children->end() ? nullptr : found->get();
}

WatchNode& WatchTree::AddChild(WatchNode& parent, absl::string_view name) {
  if (WatchNode* child = Child(parent, name)) return *child;
  ++directories_;
  return Attach(std::make_unique<WatchNode>(), parent, name);
}

bool WatchTree::AddFile(WatchNode& node, absl::string_view name) {
  if (node.files == nullptr) node.files = std::make_unique<WatchNode::Files>();
  return node.files->emplace(name).second;
}

bool WatchTree::RemoveFile(WatchNode& node, absl::string_view name) {
  if (node.versions != nullptr) node.versions->erase(name);
  if (node.files == nullptr || node.files->erase(name) == 0) return false;
  if (node.files->empty()) node.files = nullptr;  // which may have been large
  return true;
}

void WatchTree::SetWatch(WatchNode& node, int wd) {
  if (node.wd == wd) return;
  if (WatchNode* owner = Find(wd); owner != nullptr) ForgetWatch(*owner);
  ForgetWatch(node);
  by_wd_[wd] = &node;
  node.wd = wd;
}

void WatchTree::ForgetWatch(WatchNode& node) {
  if (node.wd < 0) return;
  by_wd_.erase(node.wd);
  node.wd = -1;
}

void WatchTree::MakeFresh(WatchNode& node) {
  node.fresh = true;
  fresh_.insert(&node);
}

void WatchTree::Settle(WatchNode& node) {
  node.unresolved = false;
  if (!node.fresh) return;
  node.fresh = false;
  fresh_.erase(&node);
  if (fresh_.empty()) fresh_ = {};  // which may have been large
}

void WatchTree::SetPolled(WatchNode& node, bool polled) {
  if (node.polled == polled) return;
  node.polled = polled;
  if (polled) {
    polled_.insert(&node);
  } else {
    polled_.erase(&node);
    node.versions = nullptr;
  }
}

void WatchTree::AddPending(WatchNode& node) {
  if (pending_at_.emplace(&node, pending_.size()).second) pending_.push_back(&node);
}

WatchNode* WatchTree::PopPending() {
  WatchNode* node = nullptr;
  while (node == nullptr && pending_begin_ < pending_.size()) node = pending_[pending_begin_++];
  if (node != nullptr) pending_at_.erase(node);
  if (pending_at_.empty()) ClearPending();
  return node;
}

void WatchTree::EachPending(std::size_t most, absl::FunctionRef<void(const WatchNode&)> each) const {
  for (std::size_t i = pending_begin_; i < pending_.size() && most > 0; ++i) {
    if (pending_[i] == nullptr) continue;
    each(*pending_[i]);
    --most;
  }
}

void WatchTree::ClearPending() {
  pending_ = {};
  pending_begin_ = 0;
  pending_at_ = {};
}

std::unique_ptr<WatchNode> WatchTree::Detach(WatchNode& parent, absl::string_view name) {
  if (parent.children == nullptr) return nullptr;
  const auto at = parent.children->find(name);
  if (at == parent.children->end()) return nullptr;
  std::unique_ptr<WatchNode> node = std::move(parent.children->extract(at).value());
  if (parent.children->empty()) parent.children = nullptr;
  node->name = Path(*node);
  node->parent = nullptr;
  return node;
}

WatchNode& WatchTree::Attach(std::unique_ptr<WatchNode> node, WatchNode& parent, absl::string_view name) {
  if (parent.children == nullptr) parent.children = std::make_unique<WatchNode::Children>();
  node->parent = &parent;
  node->name = std::string(name);
  return **parent.children->insert(std::move(node)).first;
}

void WatchTree::Drop(std::unique_ptr<WatchNode> node, absl::FunctionRef<void(int wd)> each) {
  // By a list rather than by recursion: a tree may be deeper than a stack.
  std::vector<std::unique_ptr<WatchNode>> rest;
  rest.push_back(std::move(node));
  while (!rest.empty()) {
    std::unique_ptr<WatchNode> next = std::move(rest.back());
    rest.pop_back();
    if (next == nullptr) continue;
    --directories_;
    if (next->wd >= 0) {
      each(next->wd);
      ForgetWatch(*next);
    }
    Settle(*next);
    SetPolled(*next, false);
    if (const auto at = pending_at_.find(next.get()); at != pending_at_.end()) {
      pending_[at->second] = nullptr;
      pending_at_.erase(at);
    }
    while (next->children != nullptr && !next->children->empty()) {
      rest.push_back(std::move(next->children->extract(next->children->begin()).value()));
    }
  }
}

void WatchTree::EachNode(WatchNode& first, absl::FunctionRef<void(WatchNode&)> each) {
  std::vector<WatchNode*> rest = {&first};
  while (!rest.empty()) {
    WatchNode& node = *rest.back();
    rest.pop_back();
    each(node);
    if (node.children == nullptr) continue;
    for (const std::unique_ptr<WatchNode>& child : *node.children) rest.push_back(child.get());
  }
}

bool WatchTree::IsAttached(const WatchNode& node, const WatchNode& root) {
  const WatchNode* top = &node;
  while (top->parent != nullptr) top = top->parent;
  return top == &root;
}

std::string WatchTree::Path(const WatchNode& node, absl::string_view leaf) {
  std::string path;
  path.reserve(PathSize(node) + leaf.size() + 1);
  AppendPath(node, path);
  if (!leaf.empty()) {
    if (!path.empty() && path.back() != '/') path += '/';
    path += leaf;
  }
  return path;
}

}  // namespace lookout::file_internal
