#include "lookout/events/attributes.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lookout {
namespace {

using Entry = Attributes::value_type;
using Sorted = absl::InlinedVector<Entry, 16>;

constexpr std::size_t kWord = sizeof(std::size_t);

bool InStrictOrder(absl::Span<const Entry> entries) {
  const auto not_less = [](const Entry& a, const Entry& b) { return !(a.first < b.first); };
  return std::adjacent_find(entries.begin(), entries.end(), not_less) == entries.end();
}

// Sorted, and of equal keys the last.
Sorted Sort(absl::Span<const Entry> entries) {
  Sorted sorted(entries.begin(), entries.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Entry& a, const Entry& b) { return a.first < b.first; });
  // std::unique keeps the first of equals: seen from behind, that is the last.
  const auto kept = std::unique(sorted.rbegin(), sorted.rend(),
                                [](const Entry& a, const Entry& b) { return a.first == b.first; });
  sorted.erase(sorted.begin(), kept.base());
  return sorted;
}

std::size_t WordsOf(std::size_t count, std::size_t text) {
  return 1 + 2 * count + (text + kWord - 1) / kWord;
}

std::size_t WordsOf(const std::size_t* block) { return WordsOf(block[0], block[2 * block[0]]); }

char* Append(char* to, absl::string_view text) {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

}  // namespace

std::unique_ptr<std::size_t[]> Attributes::MakeBlock(absl::Span<const value_type> sorted) {
  if (sorted.empty()) return nullptr;
  std::size_t text = 0;
  for (const auto& [key, value] : sorted) text += key.size() + value.size();
  const std::size_t words = WordsOf(sorted.size(), text);
  auto block = std::make_unique_for_overwrite<std::size_t[]>(words);
  block[words - 1] = 0;  // what pads the text, so that equal maps are equal blocks
  block[0] = sorted.size();
  std::size_t* end = &block[1];
  char* const begin = reinterpret_cast<char*>(&block[1 + 2 * sorted.size()]);
  char* to = begin;
  for (const auto& [key, value] : sorted) {
    to = Append(to, key);
    *end++ = static_cast<std::size_t>(to - begin);
    to = Append(to, value);
    *end++ = static_cast<std::size_t>(to - begin);
  }
  return block;
}

Attributes::Attributes(absl::Span<const value_type> entries)
    : block_(InStrictOrder(entries) ? MakeBlock(entries) : MakeBlock(Sort(entries))) {}

Attributes::Attributes(const std::vector<std::pair<std::string, std::string>>& entries)
    : Attributes(absl::MakeConstSpan(absl::InlinedVector<Entry, 32>(entries.begin(), entries.end()))) {}

Attributes::Attributes(const Attributes& other) {
  if (other.block_ == nullptr) return;
  const std::size_t words = WordsOf(other.block_.get());
  block_ = std::make_unique_for_overwrite<std::size_t[]>(words);
  std::copy_n(other.block_.get(), words, block_.get());
}

Attributes& Attributes::operator=(const Attributes& other) { return *this = Attributes(other); }

std::size_t Attributes::bytes() const { return block_ == nullptr ? 0 : WordsOf(block_.get()) * kWord; }

Attributes::value_type Attributes::At(std::size_t i) const {
  const std::size_t* const ends = &block_[1];
  const char* const text = reinterpret_cast<const char*>(&block_[1 + 2 * block_[0]]);
  const std::size_t begin = i == 0 ? 0 : ends[2 * i - 1];
  const std::size_t middle = ends[2 * i];
  return {{text + begin, middle - begin}, {text + middle, ends[2 * i + 1] - middle}};
}

std::size_t Attributes::LowerBound(absl::string_view key) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (At(middle).first < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<absl::string_view> Attributes::Find(absl::string_view key) const {
  const std::size_t i = LowerBound(key);
  if (i == size()) return std::nullopt;
  const auto [found, value] = At(i);
  if (found != key) return std::nullopt;
  return value;
}

std::vector<Attributes::value_type> Attributes::Entries() const {
  std::vector<value_type> entries;
  entries.reserve(size() + 1);
  entries.assign(begin(), end());
  return entries;
}

void Attributes::Set(absl::string_view key, absl::string_view value) {
  const std::size_t i = LowerBound(key);
  std::vector<value_type> entries = Entries();
  if (i < entries.size() && entries[i].first == key) {
    entries[i].second = value;
  } else {
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(i), {key, value});
  }
  block_ = MakeBlock(entries);
}

bool Attributes::Erase(absl::string_view key) {
  if (!Contains(key)) return false;
  std::vector<value_type> entries = Entries();
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(LowerBound(key)));
  block_ = MakeBlock(entries);
  return true;
}

bool operator==(const Attributes& a, const Attributes& b) {
  if (a.block_ == nullptr || b.block_ == nullptr) return a.block_ == b.block_;
  const std::size_t words = WordsOf(a.block_.get());
  return words == WordsOf(b.block_.get()) &&
         std::equal(a.block_.get(), a.block_.get() + words, b.block_.get());
}

}  // namespace lookout
