#include "lookout/events/attributes.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace lookout {

Attributes::Attributes(std::initializer_list<value_type> entries)
    : Attributes(std::vector<value_type>(entries)) {}

Attributes::Attributes(std::vector<value_type> entries) : entries_(std::move(entries)) {
  const auto less = [](const value_type& a, const value_type& b) { return a.first < b.first; };
  const auto equal = [](const value_type& a, const value_type& b) { return a.first == b.first; };
  std::stable_sort(entries_.begin(), entries_.end(), less);
  // std::unique keeps the first of equals: seen from behind, that is the last.
  const auto kept = std::unique(entries_.rbegin(), entries_.rend(), equal);
  entries_.erase(entries_.begin(), kept.base());
}

std::vector<Attributes::value_type>::iterator Attributes::LowerBound(absl::string_view key) {
  return std::lower_bound(entries_.begin(), entries_.end(), key,
                          [](const value_type& entry, absl::string_view k) { return entry.first < k; });
}

const std::string* Attributes::Find(absl::string_view key) const {
  const auto it = const_cast<Attributes*>(this)->LowerBound(key);
  return it != entries_.end() && it->first == key ? &it->second : nullptr;
}

absl::string_view Attributes::Get(absl::string_view key) const {
  const std::string* value = Find(key);
  return value != nullptr ? absl::string_view(*value) : absl::string_view();
}

void Attributes::Set(absl::string_view key, std::string value) {
  const auto it = LowerBound(key);
  if (it != entries_.end() && it->first == key) {
    it->second = std::move(value);
  } else {
    entries_.emplace(it, std::string(key), std::move(value));
  }
}

bool Attributes::Erase(absl::string_view key) {
  const auto it = LowerBound(key);
  if (it == entries_.end() || it->first != key) return false;
  entries_.erase(it);
  return true;
}

}  // namespace lookout
