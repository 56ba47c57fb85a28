#include "lookout/events/event_buffer.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"

namespace lookout {
namespace {

// Fewer dead slots than this are not worth moving anything.
constexpr std::size_t kFewDead = 16;

bool IsForceReload(const Event& event) { return HasAny(event.action, Action::kForceReload); }

// What may change the meaning of a name, so that nothing is merged across it.
bool IsBarrier(const Event& event) {
  return HasAny(event.action, Action::kForceReload | Action::kFileRenamed);
}

// A container is known by its ID, which outlives a change of its name.
absl::string_view ActorKey(const Event& event) {
  return event.actor_id.empty() ? absl::string_view(event.actor_name) : event.actor_id.view();
}

}  // namespace

std::size_t EventBuffer::SameHash::operator()(const Event& event) const {
  return absl::HashOf(event.type, event.action, ActorKey(event));
}

bool EventBuffer::SameEvent::Equal(const Event& a, const Event& b) {
  return a.type == b.type && a.action == b.action && a.actor_id.empty() == b.actor_id.empty() &&
         ActorKey(a) == ActorKey(b);
}

EventBuffer::EventBuffer(EventBufferOptions options)
    : options_(std::move(options)), index_(0, SameHash{&slots_}, SameEvent{&slots_}) {}

bool EventBuffer::OfferToFull(Event& event) {
  // An index, once built, is kept complete.
  if (indexed_) return OfferMerging(event);
  switch (options_.when_full) {
    case WhenFull::kBlock:
    case WhenFull::kFlushEarly:
      return false;
    case WhenFull::kDropOldest:
      return OfferDroppingOldest(event);
    case WhenFull::kDropNewest:
      return OfferDroppingNewest(event);
    case WhenFull::kKeepLatest:
      Index();
      return OfferMerging(event);
  }
  return false;
}

void EventBuffer::Force(Event&& event) {
  Append(std::move(event));
  if (indexed_) IndexSlot(end_ - 1);
}

bool EventBuffer::Droppable(std::size_t slot) const {
  return slot != force_reload_ && !IsForceReload(slots_[slot]);
}

bool EventBuffer::OfferDroppingOldest(Event& event) {
  oldest_ = std::max(oldest_, first_);
  while (oldest_ < end_ && !Droppable(oldest_)) ++oldest_;
  if (oldest_ < end_) {
    Lose(oldest_++);
    Append(std::move(event));
    CompactIfSparse();
  } else if (IsForceReload(event)) {
    return false;
  } else {
    LoseArriving(event);
  }
  ++tally_.dropped_oldest;
  return true;
}

bool EventBuffer::OfferDroppingNewest(Event& event) {
  if (IsForceReload(event)) {
    newest_ = std::min(newest_, end_);
    while (newest_ > first_ && !Droppable(newest_ - 1)) --newest_;
    if (newest_ <= first_) return false;
    Lose(--newest_);
    Append(std::move(event));
  } else {
    LoseArriving(event);
  }
  ++tally_.dropped_newest;
  return true;
}

void EventBuffer::Lose(std::size_t slot) {
  ++lost_;
  --live_;
  lost_type_ = slots_[slot].type;
  if (force_reload_ == kNowhere) {
    force_reload_ = slot;
  } else if (force_reload_ > slot) {
    holes_.push_back(slot);  // the loss is said further on already
  } else {
    if (force_reload_ == first_) {
      ++first_;
    } else {
      holes_.push_back(force_reload_);
    }
    force_reload_ = slot;
  }
}

void EventBuffer::LoseArriving(const Event& event) {
  if (force_reload_ != kNowhere && force_reload_ + 1 == end_) {
    ++lost_;
    lost_type_ = event.type;
  } else {
    // It gets a slot like any other and loses it at once: what was lost is said there.
    Append(Event{.type = event.type});
    Lose(end_ - 1);
  }
}

bool EventBuffer::OfferMerging(Event& event) {
  const bool merges = !IsBarrier(event) && index_.contains(event);
  if (full() && !merges) return false;
  Append(std::move(event));
  IndexSlot(end_ - 1);
  CompactIfSparse();
  return true;
}

void EventBuffer::Index() {
  Compact();
  index_.clear();
  for (std::size_t slot = first_; slot < end_; ++slot) IndexSlot(slot);
  indexed_ = true;
}

void EventBuffer::IndexSlot(std::size_t slot) {
  if (IsBarrier(slots_[slot])) {
    index_.clear();
    return;
  }
  if (const auto older = index_.find(slots_[slot]); older != index_.end()) {
    holes_.push_back(*older);
    index_.erase(older);
    --live_;
    ++tally_.merged;
  }
  index_.insert(slot);
}

void EventBuffer::CompactIfSparse() {
  const std::size_t dead = end_ - live_;
  if (dead <= std::max(live_, kFewDead)) return;
  if (indexed_) {
    Index();
  } else {
    Compact();
  }
}

void EventBuffer::Compact() {
  if (first_ == 0 && holes_.empty()) return;
  std::sort(holes_.begin(), holes_.end());
  auto hole = holes_.begin();
  std::size_t to = 0;
  std::size_t oldest = 0;
  std::size_t force_reload = kNowhere;
  for (std::size_t from = first_; from < end_; ++from) {
    if (from == oldest_) oldest = to;
    while (hole != holes_.end() && *hole < from) ++hole;
    if (hole != holes_.end() && *hole == from) continue;
    if (from == force_reload_) force_reload = to;
    if (to != from) slots_[to] = std::move(slots_[from]);
    ++to;
  }
  end_ = to;
  holes_.clear();
  first_ = 0;
  force_reload_ = force_reload;
  oldest_ = oldest;
  newest_ = kNowhere;
}

Event EventBuffer::MakeOwnForceReload(absl::Time now) const {
  const absl::string_view policy = options_.when_full == WhenFull::kDropOldest ? "oldest" : "newest";
  return MakeForceReload(
      lost_type_, options_.name,
      absl::StrCat(lost_, lost_ == 1 ? " event" : " events", " lost: queue '", options_.name,
                   "' was full at ", options_.capacity, ", ", policy, " dropped"),
      now);
}

void EventBuffer::TakeAll(Batch& batch, absl::Time now) {
  if (!holes_.empty()) Compact();
  batch.force_reload.reset();
  if (force_reload_ != kNowhere) {
    slots_[force_reload_] = MakeOwnForceReload(now);
    batch.force_reload = force_reload_ - first_;
  }
  batch.first = first_;
  batch.end = end_;
  index_.clear();
  indexed_ = false;
  batch.storage.swap(slots_);
  first_ = 0;
  end_ = 0;
  force_reload_ = kNowhere;
  live_ = 0;
  lost_ = 0;
  oldest_ = 0;
  newest_ = kNowhere;
}

void EventBuffer::TakeDead(Slots& dead) {
  if (end_ == 0) slots_.swap(dead);
}

}  // namespace lookout
