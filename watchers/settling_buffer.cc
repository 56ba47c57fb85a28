#include "lookout/watchers/settling_buffer.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/watchers/known_names.h"
#include "lookout/watchers/pending_log.h"

namespace lookout::watchers_internal {
namespace {

bool IsDirectory(const Event& event) { return event.attributes.Get(kKind) == kKindDirectory; }

Place PlaceOf(const Event& event) { return IsDirectory(event) ? Place::kDirectory : Place::kFile; }

bool Is(const PendingChange* change, Action action) {
  return change != nullptr && change->event.action == action;
}

// Whether the change is why there is something at `path`.
bool MakesExist(const PendingChange& change, absl::string_view path) {
  return change.event.action != Action::kFileDeleted && change.path() == path;
}

// What the source itself says that a rename replaced.
Place SaidToBeReplaced(const Event& renamed) {
  const absl::string_view said = renamed.attributes.Get(kReplaced);
  if (said == kKindFile) return Place::kFile;
  if (said == kKindDirectory) return Place::kDirectory;
  return said == kKindNothing ? Place::kNothing : Place::kUnknown;
}

// Whether what a rename replaced can be told as a deletion of its own, or is nothing.
bool CanBeUndone(Place replaced) { return replaced == Place::kNothing || replaced == Place::kFile; }

Event ToldAs(Event event, Action action, absl::string_view path) {
  event.action = action;
  event.actor_name = std::string(path);
  event.attributes.Erase(kRenamedFrom);
  return event;
}

}  // namespace

SettlingBuffer::SettlingBuffer(const SettlingOptions& options)
    : max_pending_(options.max_pending),
      log_({.quiet = options.quiet, .max_wait = options.max_wait.value_or(10 * options.quiet)}),
      names_(options.max_pending) {}

void SettlingBuffer::Append(Event event, Place replaced) {
  log_.Append(std::move(event), replaced, since_, now_);
}

void SettlingBuffer::Remove(const PendingChange& change) { since_ = std::min(since_, log_.Remove(change)); }

void SettlingBuffer::Refresh(PendingChange& change, Event event) {
  log_.Replace(change, std::move(event), since_, now_);
}

void SettlingBuffer::Add(Event event, absl::Duration now, std::vector<Event>& out) {
  now_ = since_ = now;
  if (event.action == Action::kForceReload) {
    TakeAll(out);
    names_.Clear();  // nobody vouches for them any more
    out.push_back(std::move(event));
    return;
  }
  if (event.type != EventType::kFile) {
    out.push_back(std::move(event));
    return;
  }
  switch (event.action) {
    case Action::kFileCreated:
      OnCreated(std::move(event));
      break;
    case Action::kFileWritten:
      OnWritten(std::move(event));
      break;
    case Action::kFileDeleted:
      OnDeleted(std::move(event));
      break;
    case Action::kFileRenamed:
      if (!event.attributes.Get(kRenamedFrom).empty()) {
        Place replaced = PlaceAt(event.actor_name);
        if (replaced == Place::kUnknown) replaced = SaidToBeReplaced(event);
        event.attributes.Erase(kReplaced);
        OnRenamed(std::move(event), replaced);
        break;
      }
      [[fallthrough]];
    default:  // of which it is not known what it means
      TakeAll(out);
      names_.Clear();
      out.push_back(std::move(event));
  }
  if (std::max(log_.paths(), log_.changes()) >= max_pending_) TakeAll(out);
}

void SettlingBuffer::TakeDue(absl::Duration now, std::vector<Event>& out) {
  const std::size_t before = out.size();
  log_.TakeDue(now, out);
  for (std::size_t i = before; i < out.size(); ++i) names_.Fold(out[i]);
}

void SettlingBuffer::TakeAll(std::vector<Event>& out) {
  const std::size_t before = out.size();
  log_.TakeAll(out);
  for (std::size_t i = before; i < out.size(); ++i) names_.Fold(out[i]);
}

Place SettlingBuffer::PlaceAt(absl::string_view path) {
  const PendingChange* latest = log_.LatestRelated(path);
  if (latest == nullptr) return names_.Find(path);
  if (MakesExist(*latest, path)) return PlaceOf(latest->event);
  if (latest->touches(path)) return Place::kNothing;
  // Nothing came since into a directory that was made, nor is anything in one that is gone.
  const bool above = IsBelow(path, latest->path());
  return above && !Is(latest, Action::kFileRenamed) ? Place::kNothing : Place::kUnknown;
}

void SettlingBuffer::OnWritten(Event event) {
  PendingChange* last = log_.Latest(event.actor_name);
  const bool absorbs = Is(last, Action::kFileCreated) || Is(last, Action::kFileWritten);
  if (!absorbs || last->is_directory()) return Append(std::move(event));
  event.action = last->event.action;
  Refresh(*last, std::move(event));
}

void SettlingBuffer::OnCreated(Event event) {
  PendingChange* last = log_.Latest(event.actor_name);
  const bool is_there = last == nullptr && PlaceAt(event.actor_name) == Place::kFile;
  if (is_there && !IsDirectory(event)) {
    event.action = Action::kFileWritten;  // as below
    return OnWritten(std::move(event));
  }
  if (last == nullptr || last->is_directory() || IsDirectory(event)) return Append(std::move(event));
  if (Is(last, Action::kFileDeleted)) {
    event.action = Action::kFileWritten;
    return Refresh(*last, std::move(event));
  }
  // Told to be created where it was: so it was replaced.
  if (MakesExist(*last, event.actor_name)) {
    event.action = Action::kFileWritten;
    return OnWritten(std::move(event));
  }
  Append(std::move(event));
}

void SettlingBuffer::OnDeleted(Event event) {
  if (IsDirectory(event) && VanishesWithAllBelow(event)) return;
  PendingChange* last = log_.Latest(event.actor_name);
  if (last == nullptr || last->is_directory() != IsDirectory(event)) return Append(std::move(event));
  if (Is(last, Action::kFileWritten)) {
    Remove(*last);
    return OnDeleted(std::move(event));
  }
  if (Is(last, Action::kFileCreated)) return Remove(*last);
  if (Is(last, Action::kFileRenamed) && DeletesUnderOldName(*last, event)) return;
  Append(std::move(event));
}

bool SettlingBuffer::VanishesWithAllBelow(const Event& deleted) {
  std::vector<PendingChange*> below;
  const PendingChange* own = log_.LatestBut(deleted.actor_name, below);
  if (!Is(own, Action::kFileCreated) || !own->is_directory()) return false;
  const bool is_closed = absl::c_all_of(below, [&](const PendingChange* change) {
    return IsBelow(change->path(), deleted.actor_name) &&
           (change->from().empty() || IsBelow(change->from(), deleted.actor_name));
  });
  if (!is_closed) return false;
  for (const PendingChange* change : below) Remove(*change);
  Remove(*own);
  return true;
}

bool SettlingBuffer::DeletesUnderOldName(PendingChange& renamed, Event& deleted) {
  if (renamed.path() != deleted.actor_name || !CanBeUndone(renamed.replaced)) return false;
  const bool replaced_a_file = renamed.replaced == Place::kFile;
  const std::string old_name(renamed.from());
  Refresh(renamed, ToldAs(deleted, Action::kFileDeleted, old_name));
  // As an editor saves: the file under its old name is there again, and is another.
  PendingChange* next = log_.NextRelated(renamed, old_name);
  if (!renamed.is_directory() && Is(next, Action::kFileCreated) && next->path() == old_name &&
      !next->is_directory()) {
    next->event.action = Action::kFileWritten;
    Remove(renamed);
  }
  if (replaced_a_file) OnDeleted(std::move(deleted));
  return true;
}

void SettlingBuffer::OnRenamed(Event event, Place replaced) {
  const std::string from(event.attributes.Get(kRenamedFrom));
  PendingChange* last = log_.Latest(from);
  bool written = false;
  if (Is(last, Action::kFileWritten)) {
    written = true;
    Remove(*last);
    last = log_.Latest(from);
  }
  if (Is(last, Action::kFileCreated) && IsNewUnderNewName(*last, event, replaced)) return;
  if (Is(last, Action::kFileRenamed) && ContinuesRename(*last, event, replaced, written)) return;

  Event as_written = ToldAs(event, Action::kFileWritten, event.actor_name);
  if (!IsDirectory(event)) replaced = ForgetReplaced(event.actor_name, replaced);
  Append(std::move(event), replaced);
  if (written) Append(std::move(as_written));
}

bool SettlingBuffer::IsNewUnderNewName(const PendingChange& created, Event& renamed, Place replaced) {
  if (created.is_directory() != IsDirectory(renamed)) return false;
  const bool replaces_a_file = replaced == Place::kFile && !created.is_directory();
  if (replaced != Place::kNothing && !replaces_a_file) return false;
  Remove(created);
  const Action action = replaces_a_file ? Action::kFileWritten : Action::kFileCreated;
  Event settled = ToldAs(renamed, action, renamed.actor_name);
  replaces_a_file ? OnWritten(std::move(settled)) : OnCreated(std::move(settled));
  return true;
}

bool SettlingBuffer::ContinuesRename(const PendingChange& first, Event& renamed, Place replaced,
                                     bool written) {
  const std::string oldest(first.from()), middle(first.path());
  const std::string& newest = renamed.actor_name;
  if (middle != renamed.attributes.Get(kRenamedFrom) || first.is_directory() != IsDirectory(renamed) ||
      !CanBeUndone(first.replaced) || log_.Latest(oldest) != &first) {
    return false;
  }
  // Into its own old self, or over what it was in: possible step by step only.
  if (IsBelow(newest, oldest) || IsBelow(oldest, newest)) return false;
  const bool replaced_a_file = first.replaced == Place::kFile;
  Remove(first);
  if (replaced_a_file) OnDeleted(ToldAs(renamed, Action::kFileDeleted, middle));
  Event as_written = ToldAs(renamed, Action::kFileWritten, newest);
  if (newest != oldest) {
    renamed.attributes.Set(kRenamedFrom, oldest);
    OnRenamed(std::move(renamed), replaced);
  }
  if (written) OnWritten(std::move(as_written));
  return true;
}

Place SettlingBuffer::ForgetReplaced(absl::string_view path, Place replaced) {
  const PendingChange* last = log_.Latest(path);
  if (last == nullptr || last->is_directory()) return replaced;
  switch (last->event.action) {
    case Action::kFileWritten:
    case Action::kFileDeleted:
      Remove(*last);
      return Place::kFile;
    case Action::kFileCreated:
      Remove(*last);
      return Place::kNothing;
    default:
      return replaced;
  }
}

}  // namespace lookout::watchers_internal
