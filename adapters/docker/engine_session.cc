#include "lookout/adapters/docker/engine_session.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lookout/events/wait.h"

namespace lookout::docker_internal {
namespace {

using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

// Bytes that are decoded together: what they become is held at once.
constexpr std::size_t kSlice = 64 << 10;

// Events that are handed over together.
constexpr std::size_t kMostTold = 256;

// Podman, whose memory has no end, is asked for what is a little older than what was seen last.
constexpr absl::Duration kOverlap = absl::Seconds(1);

// What cannot be read is mended by a list and said, but not more often.
constexpr absl::Duration kMendPause = absl::Seconds(1);

constexpr char kUnreadable[] = "a part of the engine's stream could not be read";

// Listing is not allowed, or not there, and will not be: events are told without it.
bool IsRefusal(const absl::Status& failure) {
  return absl::IsPermissionDenied(failure) || absl::IsFailedPrecondition(failure);
}

}  // namespace

EngineSession::EngineSession(const SessionOptions& options, Continuity& continuity, EngineApi& engine,
                             absl::Clock& clock, Receiver& receiver, EngineCounters& counters, bool was_ready)
    : options_(options),
      continuity_(continuity),
      engine_(engine),
      clock_(clock),
      receiver_(receiver),
      counters_(counters),
      liveness_(options.timeout, options.liveness, engine, clock, counters),
      ready_(was_ready) {}

absl::Status EngineSession::Run() {
  if (absl::Status status = engine_.Connect(); !status.ok()) return status;
  connected_ = TimePassed(clock_);
  decoder_.emplace(DecoderOptions());
  continuity_.StartAt(engine_.engine_time());
  if (absl::Status status = engine_.Subscribe(Since()); !status.ok()) return status;
  if (absl::Status status = continuity_.began() ? Resume() : Begin(); !status.ok()) return status;
  ++counters_.connections;
  const absl::Duration live = TimePassed(clock_);
  audited_ = live;
  liveness_.Begin();
  while (taken_) {
    if (absl::Status status = Step(); !status.ok()) {
      if (was_cut_) {
        lived_ = TimePassed(clock_) - live;
      } else if (!absl::IsCancelled(status)) {
        TellRest();
      }
      return status;
    }
  }
  return absl::OkStatus();
}

EventStreamDecoderOptions EngineSession::DecoderOptions() const {
  return {.max_object_bytes = options_.max_object_bytes, .dialect = engine_.dialect()};
}

absl::Status EngineSession::Begin() {
  absl::StatusOr<Mark> mark = TakeMark();
  if (!mark.ok()) return mark.status();
  if (absl::Status status = ReadTo(*mark, Mode::kOld); !status.ok()) return status;
  if (absl::Status status = Reconcile(Mode::kOld); !status.ok()) return status;
  OnLossMended();  // of what happened before
  continuity_.SetBegan();
  Ready();
  if (options_.initial) continuity_.TellRunning(clock_.TimeNow(), told_);
  Flush();
  return absl::OkStatus();
}

absl::Status EngineSession::Resume() {
  const absl::StatusOr<Mark> mark = TakeMark();
  if (!mark.ok()) return mark.status();
  unreadable_ = mark->unreadable;
  old_ = mark->before_last;
  if (continuity_.last().has_value() || continuity_.loss().has_value()) {
    const absl::StatusOr<bool> follows_on = FollowsOn(*mark);
    if (!follows_on.ok()) return follows_on.status();
    if (!*follows_on) {
      continuity_.ForgetLast();
      continuity_.Lose("the engine does not remember what came right after the last event that was seen");
    }
    PassOverLeftOut(*mark);
    if (!continuity_.loss().has_value()) {
      Ready();
      return ReadTo(*mark, Mode::kNew);
    }
  }
  return Compare(*mark, Mode::kAfterGap, "the engine was away, and its containers are not as they were");
}

absl::Status EngineSession::Step() {
  // A loss is said as soon as it may be, however quiet the stream is.
  const absl::StatusOr<bool> got = Fetch(continuity_.loss().has_value() ? MendIn() : UntilNextCheck());
  if (!got.ok()) return got.status();
  while (taken_ && HasItem()) TakeItem(Mode::kNew, nullptr);
  if (begun_ && decoded_ == bytes_.size()) continuity_.NoteHeard(came_);
  Flush();
  if (!taken_) return absl::OkStatus();
  if (continuity_.loss().has_value()) return MendIn() > absl::ZeroDuration() ? absl::OkStatus() : Recover();
  // An engine whose words are at hand is not silent, however long they had to wait for the receiver.
  if (!*got) {
    if (absl::Status status = liveness_.Check(); !status.ok()) return status;
  }
  return TimePassed(clock_) - audited_ >= options_.audit_interval ? Audit() : absl::OkStatus();
}

// What had come by the time that something else failed. What comes from now on, the next stream shows again.
void EngineSession::TellRest() {
  bool asked = false;
  while (taken_ && !engine_.stopping()) {
    if (HasItem()) {
      TakeItem(Mode::kNew, nullptr);
    } else if (decoded_ < bytes_.size()) {
      Flush();
      Decode();
    } else if (!std::exchange(asked, true)) {
      absl::StatusOr<std::string> rest = engine_.Next(absl::ZeroDuration(), std::exchange(bytes_, {}));
      decoded_ = 0;
      if (rest.ok()) bytes_ = *std::move(rest);
    } else {
      break;
    }
  }
  Flush();
}

absl::Status EngineSession::Recover() {
  if (absl::Status status = Reconcile(Mode::kAfterGap); !status.ok()) return status;
  TellLoss();
  return absl::OkStatus();
}

absl::Duration EngineSession::MendIn() const {
  if (!mended_.has_value()) return absl::ZeroDuration();
  return std::max(absl::ZeroDuration(), *mended_ + kMendPause - TimePassed(clock_));
}

absl::Status EngineSession::Audit() {
  ++counters_.audits;
  audited_ = TimePassed(clock_);
  const absl::StatusOr<Mark> mark = TakeMark();
  if (!mark.ok()) return mark.status();
  return Compare(*mark, Mode::kNew, "an audit found that the engine's containers are not as its events said");
}

// All that can fail is asked before the source counts as live again, so that a failure is one more in a row.
// A list that had to wait for a mark in vain is older than what came meanwhile: then another is asked for.
absl::Status EngineSession::Compare(const Mark& mark, Mode mode, absl::string_view reason) {
  const absl::StatusOr<Listing> listing = AskForList();
  if (!listing.ok()) return listing.status();
  Ready();
  const std::uint64_t before = counters_.synthesized;
  if (absl::Status status = ReadTo(mark, mode); !status.ok()) return status;
  const absl::Status learnt = continuity_.mark_missed() ? Reconcile(mode) : TakeOver(*listing, mode);
  if (!learnt.ok()) return learnt;
  if (counters_.synthesized != before) continuity_.Lose(std::string(reason));
  PassOverLeftOut(mark);
  if (continuity_.loss().has_value()) TellLoss();
  return absl::OkStatus();
}

absl::Duration EngineSession::UntilNextCheck() const {
  const absl::Duration audit_in = audited_ + options_.audit_interval - TimePassed(clock_);
  return std::max(absl::ZeroDuration(), std::min(liveness_.DueIn(), audit_in));
}

// An engine is not late while it is the receiver that is waited for.
absl::Duration EngineSession::TimeOfOurs() const { return TimePassed(clock_) - receivers_time_; }

absl::Status EngineSession::Reconcile(Mode mode) {
  const absl::StatusOr<Listing> listing = AskForList();
  return listing.ok() ? TakeOver(*listing, mode) : listing.status();
}

absl::StatusOr<EngineSession::Listing> EngineSession::AskForList() {
  absl::StatusOr<ContainerList> list = engine_.List();
  if (!list.ok() && !IsRefusal(list.status())) return list.status();
  const absl::Status trouble = list.ok() ? list->first_unreadable : list.status();
  if (!trouble.ok() && continuity_.NoteRefusal()) receiver_.OnError(trouble);
  if (!list.ok()) return Listing();
  absl::StatusOr<Mark> mark = TakeMark();
  if (!mark.ok()) return mark.status();
  if (forgot_) {
    return absl::UnavailableError(
        absl::StrCat(options_.host, ": the engine was restarted while it was asked"));
  }
  return Listing{.list = *std::move(list), .mark = *std::move(mark)};
}

absl::Status EngineSession::TakeOver(const Listing& listing, Mode mode) {
  malformed_when_listed_ = malformed_;
  if (!listing.list.has_value()) return absl::OkStatus();
  Meanwhile meanwhile;
  if (absl::Status status = ReadTo(listing.mark, mode, &meanwhile); !status.ok()) return status;
  continuity_.Learn(*listing.list, meanwhile, clock_.TimeNow(), told_);
  Flush();
  return absl::OkStatus();
}

absl::StatusOr<EngineSession::Mark> EngineSession::TakeMark() {
  const absl::StatusOr<std::string> replay = engine_.Replay(Since());
  if (!replay.ok()) return replay.status();
  Mark mark = ReadMark(*replay, DecoderOptions(), continuity_);
  forgot_ = std::exchange(remembered_, mark.key.has_value()) && !remembered_;
  return mark;
}

// Told late it would be out of order: its container went on.
void EngineSession::PassOverLeftOut(const Mark& mark) {
  for (const Mark::Remembered& event : LeftOut(mark, continuity_)) {
    if (event.follows_on) continuity_.Lose("the engine left out of its stream what it remembers");
    if (continuity_.loss().has_value()) continuity_.NoteSeen(event.key);
  }
}

// A mark that was seen on an earlier stream says nothing of this one, which may not be subscribed yet: it has
// to begin first.
absl::Status EngineSession::ReadTo(const Mark& mark, Mode mode, Meanwhile* meanwhile) {
  const absl::Duration deadline = TimeOfOurs() + 3 * options_.timeout;
  while (taken_ && mark.key.has_value() && !(begun_ && continuity_.HasSeen(*mark.key))) {
    const absl::StatusOr<bool> got = FetchWhatMustCome();
    if (!got.ok()) return got.status();
    if (!*got || TimeOfOurs() > deadline) return OnMarkMissed();
    TakeItem(mode, meanwhile);
  }
  continuity_.MarkIsFound();
  Flush();
  return absl::OkStatus();
}

// A stream that was subscribed after more had happened than the engine remembers does not show the mark; the
// next one will. Where none does, something in between does not replay: then without marks.
absl::Status EngineSession::OnMarkMissed() {
  Flush();
  if (!continuity_.NoteMarkMissed()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(options_.host, ": the stream does not show what the engine remembers"));
}

// An engine that stands still has not failed to send what is not there after `timeout`: one that answers has.
absl::StatusOr<bool> EngineSession::FetchWhatMustCome() {
  const absl::StatusOr<bool> got = Fetch(options_.timeout);
  if (!got.ok() || *got) return got;
  if (absl::Status answer = engine_.Ping(options_.timeout); !answer.ok()) return answer;
  return Fetch(options_.timeout);
}

// Docker replays what it remembers without a hole, from its oldest: if that was seen, nothing in between was
// missed. (That the mark has the last object seen is not enough: the stream may have been subscribed after
// it.) Podman forgets nothing. After a loss that is still to be told there is nothing to follow on.
absl::StatusOr<bool> EngineSession::FollowsOn(const Mark& mark) {
  if (!continuity_.last().has_value()) return true;
  if (engine_.dialect() == DockerDialect::kPodman) return mark.has_last;
  const absl::StatusOr<bool> got = mark.key.has_value() ? FetchWhatMustCome() : Fetch(absl::ZeroDuration());
  if (!got.ok()) return got.status();
  if (!*got) return false;
  return IsKnown(items_[taken_items_]);
}

// What cannot be read may be the same again, and tell of something else: it is known if it is replayed.
bool EngineSession::IsKnown(const Item& item) const {
  if (item.verdict == Verdict::kMalformed && !unreadable_.contains(item.key)) return false;
  return continuity_.HasSeen(item.key);
}

absl::Time EngineSession::Since() const {
  if (engine_.dialect() != DockerDialect::kPodman) return absl::UnixEpoch();
  absl::Time since = std::max(continuity_.started_at(), continuity_.last_time());
  if (continuity_.last().has_value()) {
    // The engine's clock may have been set back: then what came after the last object says that it is older.
    const absl::Time heard = engine_.engine_time() - (connected_ - continuity_.heard_at());
    if (heard < since - kOverlap) since = heard;
  }
  return since - kOverlap;
}

absl::StatusOr<bool> EngineSession::Fetch(absl::Duration timeout) {
  if (HasItem()) return true;
  const absl::Duration deadline = TimeOfOurs() + timeout;
  absl::Duration left = timeout;
  while (!HasItem()) {
    Flush();  // nothing is kept back while it waits, nor if there is no more to come
    if (decoded_ == bytes_.size()) {
      if (left < absl::ZeroDuration()) return false;
      decoded_ = 0;
      absl::StatusOr<std::string> next = engine_.Next(left, std::exchange(bytes_, std::string()));
      if (!next.ok()) {
        was_cut_ = true;
        return next.status();
      }
      if (next->empty()) return false;
      bytes_ = *std::move(next);
      came_ = TimePassed(clock_);
      left = deadline - TimeOfOurs();  // bytes need not be the end of an object
    }
    // Of what waits to be decoded there may be seconds of work.
    if (engine_.stopping()) return absl::CancelledError("stopped");
    Decode();
  }
  begun_ = true;
  return true;
}

// A slice of what has come, once what was decoded is taken.
void EngineSession::Decode() {
  items_.clear();
  taken_items_ = 0;
  const absl::string_view slice = absl::string_view(bytes_).substr(decoded_, kSlice);
  decoded_ += slice.size();
  decoder_->Feed(slice, clock_.TimeNow(), [this](Item item) {
    items_.push_back(std::move(item));
    return true;
  });
}

void EngineSession::TakeItem(Mode mode, Meanwhile* meanwhile) {
  Item& item = items_[taken_items_++];
  if (!old_.empty() && old_.erase(item.key) > 0) {
    ++counters_.duplicates;
    return;
  }
  if (item.verdict == Verdict::kMalformed) return OnMalformed(item);
  // What follows on what could not be read, in one piece with it or not.
  if (mode == Mode::kNew && continuity_.loss().has_value()) mode = Mode::kAfterGap;
  continuity_.Take(std::move(item), mode, clock_.TimeNow(), told_, meanwhile);
  if (told_.size() >= kMostTold) Flush();
}

// All until the next list is one loss. Errors are told ever more rarely: the 1st, 2nd, 4th, 8th… of them.
void EngineSession::OnMalformed(const Item& item) {
  const bool is_known = IsKnown(item);
  unreadable_.erase(item.key);
  continuity_.NoteSeen(item.key);
  if (is_known) {
    ++counters_.duplicates;
    return;
  }
  const std::uint64_t count = ++counters_.malformed;
  if (std::has_single_bit(++malformed_)) {
    receiver_.OnError(absl::DataLossError(
        absl::StrCat(options_.name, ": passed over ", item.error.message(), " (", count, " so far)")));
  }
  continuity_.Lose(kUnreadable);
}

void EngineSession::Ready() {
  if (!std::exchange(ready_, true)) receiver_.OnReady();
}

void EngineSession::TellLoss() {
  Flush();
  if (!taken_) return;
  ++counters_.losses;
  Event loss = MakeForceReload(EventType::kDocker, options_.host, *continuity_.loss(), clock_.TimeNow());
  if (options_.tell_host) loss.attributes.Set(kHost, options_.host);
  taken_ = receiver_.OnEvent(std::move(loss));
  mended_ = TimePassed(clock_);
  OnLossMended();
}

// But not of what could not be read after the list was made: that takes another.
void EngineSession::OnLossMended() {
  continuity_.LossIsTold();
  if (malformed_ != malformed_when_listed_) continuity_.Lose(kUnreadable);
}

void EngineSession::Flush() {
  if (told_.empty() || !taken_ || !ready_) return;
  if (options_.tell_host) {
    for (Event& event : told_) event.attributes.Set(kHost, options_.host);
  }
  counters_.emitted += told_.size();
  const absl::Duration before = TimePassed(clock_);
  taken_ = receiver_.OnEvents(absl::MakeSpan(told_));
  receivers_time_ += TimePassed(clock_) - before;
  told_.clear();
}

}  // namespace lookout::docker_internal
