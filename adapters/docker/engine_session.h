// From one connection to an engine to a receiver: proves that nothing was lost since the last one, or mends
// what was, and says so.
//
//   Continuity continuity(…);                    // for as long as the source lives
//   EngineSession session(…, continuity, engine, clock, receiver, …);
//   absl::Status end = session.Run();            // until the stream ends
//
// The engine answers before it subscribes, so a stream alone cannot be trusted at its beginning. But it can
// be asked at any time what it remembers (EngineApi::Replay()): the last object of that answer is a mark, a
// place in the stream before which all is that had happened when the answer was given. With marks:
//
// - Ready: subscribe, mark, list, mark; read the stream up to the second mark without telling it. What
//   containers were is in the list, or for those that changed between the marks, in the stream.
// - Again after a break: subscribe, mark. If the last object that was seen is still remembered, all between
//   is as well, and nothing is lost. Otherwise list, mark; read up to the mark; tell the difference between
//   what was known and the list as synthesized events; then say the loss. So also where something is
//   remembered from between what was seen: the stream left it out, and it is not told late.
// - Audit: the same on a stream that is not broken.
//
// Pure but for the clock and what EngineApi does. Used by one thread.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_SESSION_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/continuity.h"
#include "lookout/adapters/docker/engine_api.h"
#include "lookout/adapters/docker/engine_counters.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/adapters/docker/liveness_check.h"
#include "lookout/adapters/docker/stream_mark.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout::docker_internal {

struct SessionOptions {
  std::string name = {};  // of the source, for messages
  std::string host = {};  // the actor of a ForceReload
  bool tell_host = false;
  bool initial = false;
  std::size_t max_object_bytes = kDefaultMaxObjectBytes;
  absl::Duration timeout = absl::Seconds(10);  // for what the stream must send
  absl::Duration liveness = absl::Seconds(30);
  absl::Duration audit_interval = absl::InfiniteDuration();
};

class EngineSession {
 public:
  // All must outlive it. `was_ready`: the receiver was told, by an earlier session.
  EngineSession(const SessionOptions& options, Continuity& continuity, EngineApi& engine, absl::Clock& clock,
                Receiver& receiver, EngineCounters& counters, bool was_ready);

  // Why it is over; OK if the receiver takes no more.
  absl::Status Run();

  bool taken() const { return taken_; }  // the receiver takes more
  bool ready() const { return ready_; }  // it was told
  // For how long it told what happened until the stream was cut; zero if something else ended it.
  absl::Duration lived() const { return lived_; }

 private:
  using Mode = Continuity::Mode;
  using Meanwhile = Continuity::Meanwhile;
  using Keys = absl::flat_hash_set<std::uint64_t>;
  using Mark = StreamMark;
  struct Listing {
    std::optional<ContainerList> list;  // none: it is refused
    Mark mark;                          // taken after it
  };

  EventStreamDecoderOptions DecoderOptions() const;
  absl::Status Begin();
  absl::Status Resume();
  absl::Status Step();
  void TellRest();
  absl::Status Recover();
  absl::Duration MendIn() const;  // how long a loss has to wait
  absl::Status Audit();
  absl::Duration UntilNextCheck() const;
  absl::Duration TimeOfOurs() const;  // TimePassed(), but for what events took to be taken

  // Lists, and reads up to the mark, which was taken before, and to that of the list; what differs is told,
  // and that it was lost.
  absl::Status Compare(const Mark& mark, Mode mode, absl::string_view reason);
  // Lists, and takes over what the list says at the place in the stream where it was made.
  absl::Status Reconcile(Mode mode);
  absl::StatusOr<Listing> AskForList();
  absl::Status TakeOver(const Listing& listing, Mode mode);
  absl::StatusOr<Mark> TakeMark();
  void PassOverLeftOut(const Mark& mark);
  // Takes what comes up to the mark. Unavailable if it does not come, but not twice in a row.
  absl::Status ReadTo(const Mark& mark, Mode mode, Meanwhile* meanwhile = nullptr);
  absl::Status OnMarkMissed();
  absl::StatusOr<bool> FollowsOn(const Mark& mark);
  bool IsKnown(const EventStreamDecoder::Item& item) const;
  absl::Time Since() const;

  // Whether there is an item to take, after waiting for `timeout` at most.
  absl::StatusOr<bool> Fetch(absl::Duration timeout);
  // The same for one that the engine remembers, and so must send.
  absl::StatusOr<bool> FetchWhatMustCome();
  void Decode();
  bool HasItem() const { return taken_items_ < items_.size(); }
  void TakeItem(Mode mode, Meanwhile* meanwhile);
  void OnMalformed(const EventStreamDecoder::Item& item);

  void Ready();
  void TellLoss();
  void OnLossMended();
  void Flush();

  const SessionOptions& options_;
  Continuity& continuity_;
  EngineApi& engine_;
  absl::Clock& clock_;
  Receiver& receiver_;
  EngineCounters& counters_;
  LivenessCheck liveness_;

  std::optional<EventStreamDecoder> decoder_;
  std::string bytes_;                            // of the stream
  std::size_t decoded_ = 0;                      // of bytes_
  std::vector<EventStreamDecoder::Item> items_;  // decoded
  std::size_t taken_items_ = 0;                  // of items_
  std::vector<Event> told_;                      // to be handed over together

  bool ready_;
  bool taken_ = true;
  Keys unreadable_;  // that the engine remembers, and the stream has not shown yet
  Keys old_;         // that the stream will show, and were seen or are older than the source
  std::uint64_t malformed_ = 0;
  std::uint64_t malformed_when_listed_ = 0;
  bool begun_ = false;  // something has come
  bool was_cut_ = false;
  bool remembered_ = false;  // the last mark had a key
  bool forgot_ = false;      // it had none, but the one before had
  absl::Duration lived_;
  absl::Duration receivers_time_;  // that it took to take events
  // When, on the scale of TimePassed().
  absl::Duration connected_;
  absl::Duration came_;  // the last bytes
  absl::Duration audited_;
  std::optional<absl::Duration> mended_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_SESSION_H_
