#include "lookout/adapters/file/mount_table.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace lookout::file_internal {
namespace {

// Before the optional fields: id, parent, device, root, mount point, options.
constexpr std::size_t kFixedFields = 6;

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// "\040" is a blank; the kernel writes so what would be taken for the end of a field.
std::string Unescape(absl::string_view field) {
  std::string bytes;
  bytes.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) &&
        IsOctal(field[i + 3])) {
      bytes += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      bytes += field[i];
    }
  }
  return bytes;
}

bool ParseDevice(absl::string_view field, std::uint64_t& device) {
  const std::pair<absl::string_view, absl::string_view> numbers =
      absl::StrSplit(field, absl::MaxSplits(':', 1));
  std::uint32_t major = 0, minor = 0;
  if (!absl::SimpleAtoi(numbers.first, &major) || !absl::SimpleAtoi(numbers.second, &minor)) return false;
  device = makedev(major, minor);
  return true;
}

std::optional<MountEntry> ParseLine(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  if (fields.size() < kFixedFields) return std::nullopt;
  MountEntry entry{.root = Unescape(fields[3]), .point = Unescape(fields[4])};
  if (!absl::SimpleAtoi(fields[0], &entry.id) || !absl::SimpleAtoi(fields[1], &entry.parent) ||
      entry.id < 0 || !ParseDevice(fields[2], entry.device) || !absl::StartsWith(entry.point, "/")) {
    return std::nullopt;
  }
  // Any number of optional fields, then a dash.
  const auto dash = std::find(fields.begin() + kFixedFields, fields.end(), "-");
  if (fields.end() - dash < 2 || dash[1].empty()) return std::nullopt;
  entry.type = Unescape(dash[1]);
  return entry;
}

// Calls it for "/", "/a", "/a/b" of "/a/b".
template <typename Each>
void EachPrefix(absl::string_view path, Each each) {
  each(absl::string_view("/"));
  for (std::size_t end = 1; end < path.size();) {
    end = std::min(path.find('/', end), path.size());
    each(path.substr(0, end));
    ++end;
  }
}

constexpr absl::string_view kNetwork = "what other machines change there is not seen by this one";
constexpr absl::string_view kFuse = "what its server changes there is not told";
constexpr absl::string_view kHost = "what the host changes there is not told";
constexpr absl::string_view kMadeUp = "the kernel makes it up, and tells of no change";

struct TypeOfFileSystem {
  absl::string_view type;
  PollReason reason;
};

constexpr TypeOfFileSystem kPolledTypes[] = {
    {"nfs", {Polling::kStates, kNetwork}},
    {"nfs4", {Polling::kStates, kNetwork}},
    {"cifs", {Polling::kStates, kNetwork}},
    {"smb3", {Polling::kStates, kNetwork}},
    {"smbfs", {Polling::kStates, kNetwork}},
    {"afs", {Polling::kStates, kNetwork}},
    {"auristorfs", {Polling::kStates, kNetwork}},
    {"coda", {Polling::kStates, kNetwork}},
    {"ncpfs", {Polling::kStates, kNetwork}},
    {"ceph", {Polling::kStates, kNetwork}},
    {"lustre", {Polling::kStates, kNetwork}},
    {"beegfs", {Polling::kStates, kNetwork}},
    {"gpfs", {Polling::kStates, kNetwork}},
    {"gfs", {Polling::kStates, kNetwork}},
    {"gfs2", {Polling::kStates, kNetwork}},
    {"ocfs2", {Polling::kStates, kNetwork}},
    {"orangefs", {Polling::kStates, kNetwork}},
    {"pvfs2", {Polling::kStates, kNetwork}},
    {"fuse", {Polling::kStates, kFuse}},
    {"virtiofs", {Polling::kStates, kHost}},
    {"9p", {Polling::kStates, kHost}},
    {"drvfs", {Polling::kStates, kHost}},
    {"vboxsf", {Polling::kStates, kHost}},
    {"vmhgfs", {Polling::kStates, kHost}},
    {"prl_fs", {Polling::kStates, kHost}},
    {"hostfs", {Polling::kStates, kHost}},
    {"proc", {Polling::kNames, kMadeUp}},
    {"sysfs", {Polling::kNames, kMadeUp}},
    {"cgroup", {Polling::kNames, kMadeUp}},
    {"cgroup2", {Polling::kNames, kMadeUp}},
    {"cpuset", {Polling::kNames, kMadeUp}},
    {"resctrl", {Polling::kNames, kMadeUp}},
    {"debugfs", {Polling::kNames, kMadeUp}},
    {"tracefs", {Polling::kNames, kMadeUp}},
    {"securityfs", {Polling::kNames, kMadeUp}},
    {"selinuxfs", {Polling::kNames, kMadeUp}},
    {"smackfs", {Polling::kNames, kMadeUp}},
    {"fusectl", {Polling::kNames, kMadeUp}},
    {"binfmt_misc", {Polling::kNames, kMadeUp}},
    {"nfsd", {Polling::kNames, kMadeUp}},
};

}  // namespace

MountTable MountTable::Parse(absl::string_view text) {
  MountTable table;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::optional<MountEntry> entry;
    // A last line without an end is half of one.
    if (end != absl::string_view::npos) entry = ParseLine(text.substr(0, end));
    entry.has_value() ? table.entries_.push_back(*std::move(entry)) : static_cast<void>(++table.malformed_);
    if (end == absl::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  absl::flat_hash_set<std::int64_t> ids;
  for (const MountEntry& entry : table.entries_) ids.insert(entry.id);
  for (std::size_t i = 0; i < table.entries_.size(); ++i) {
    MountEntry& entry = table.entries_[i];
    if (entry.parent == entry.id || !ids.contains(entry.parent)) entry.parent = kNoMount;
    table.by_place_[{entry.parent, entry.point}] = i;
  }
  return table;
}

// As the kernel walks: from mount to mount, and at one place through all that are on top of each other.
const MountEntry* MountTable::At(absl::string_view path) const {
  const MountEntry* at = nullptr;
  std::size_t left = entries_.size();  // a table that makes no sense may have circles
  EachPrefix(path, [&](absl::string_view prefix) {
    for (; left > 0; --left) {
      const auto next = by_place_.find({at == nullptr ? kNoMount : at->id, prefix});
      if (next == by_place_.end()) return;
      at = &entries_[next->second];
    }
  });
  return at;
}

const MountEntry* MountTable::On(absl::string_view point) const {
  const MountEntry* at = At(point);
  return at != nullptr && at->point == point ? at : nullptr;
}

std::vector<const MountEntry*> MountTable::Below(absl::string_view path) const {
  std::vector<const MountEntry*> below;
  for (const MountEntry& entry : entries_) {
    if (entry.point != path && IsAtOrBelow(entry.point, path) && At(entry.point) == &entry) {
      below.push_back(&entry);
    }
  }
  return below;
}

std::vector<std::string> ChangedMountPoints(const MountTable& before, const MountTable& after) {
  absl::flat_hash_set<absl::string_view> points;
  for (const MountEntry& entry : before.entries()) points.insert(entry.point);
  for (const MountEntry& entry : after.entries()) points.insert(entry.point);
  std::vector<std::string> changed;
  for (const absl::string_view point : points) {
    const MountEntry* was = before.On(point);
    const MountEntry* is = after.On(point);
    const bool same = was == nullptr || is == nullptr ? was == is : *was == *is;
    if (!same) changed.emplace_back(point);
  }
  std::sort(changed.begin(), changed.end());
  return changed;
}

bool IsAtOrBelow(absl::string_view path, absl::string_view directory) {
  if (directory == "/") return absl::StartsWith(path, "/");
  return absl::StartsWith(path, directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

PollReason MustPoll(absl::string_view type) {
  if (absl::StartsWith(type, "fuse.")) type = "fuse";
  const auto* found = std::find_if(std::begin(kPolledTypes), std::end(kPolledTypes),
                                   [type](const TypeOfFileSystem& polled) { return polled.type == type; });
  return found == std::end(kPolledTypes) ? PollReason{} : found->reason;
}

}  // namespace lookout::file_internal
