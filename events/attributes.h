// An event's attributes: a small map from string to string, kept in order of the keys.
//
// Files have none, containers three to thirty: a sorted vector is smaller than a node-based or hashed map
// at that size, an empty one allocates nothing, and two equal maps print the same.
//
//   Attributes labels{{"com.example.tier", "web"}};
//   if (const std::string* tier = labels.Find("com.example.tier")) ...
//
// Thread-compatible, like a standard container.
#ifndef LOOKOUT_EVENTS_ATTRIBUTES_H_
#define LOOKOUT_EVENTS_ATTRIBUTES_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace lookout {

class Attributes {
 public:
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = std::vector<value_type>::const_iterator;

  Attributes() = default;
  // Of equal keys the last wins, as in a JSON object read in order.
  Attributes(std::initializer_list<value_type> entries);
  explicit Attributes(std::vector<value_type> entries);

  // The value of `key`, or null. Valid until the next change.
  const std::string* Find(absl::string_view key) const;
  // The value of `key`, or empty: for keys whose absence and emptiness mean the same.
  absl::string_view Get(absl::string_view key) const;
  bool Contains(absl::string_view key) const { return Find(key) != nullptr; }

  // Inserts, or replaces the value of `key`.
  void Set(absl::string_view key, std::string value);
  // Returns whether `key` was there.
  bool Erase(absl::string_view key);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }

  friend bool operator==(const Attributes&, const Attributes&) = default;

 private:
  std::vector<value_type>::iterator LowerBound(absl::string_view key);

  std::vector<value_type> entries_;  // sorted by key, keys unique
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_ATTRIBUTES_H_
