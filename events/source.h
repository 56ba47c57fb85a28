// What a Source and the side that listens to it owe each other.
//
//   class HeartbeatSource final : public Source {
//    public:
//     explicit HeartbeatSource(absl::Clock& clock) : clock_(clock) {}
//     absl::string_view name() const override { return "heartbeat"; }
//     absl::Status Run(std::stop_token stop, Receiver& receiver) override {
//       receiver.OnReady();
//       while (SleepUnlessStopped(clock_, stop, absl::Seconds(1))) {
//         if (!receiver.OnEvent({.actor_name = "pulse", .time = clock_.TimeNow()})) break;
//       }
//       return absl::OkStatus();
//     }
//    private:
//     absl::Clock& clock_;
//   };
#ifndef LOOKOUT_EVENTS_SOURCE_H_
#define LOOKOUT_EVENTS_SOURCE_H_

#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"

namespace lookout {

// The listening side of a Source: an EventQueue, a Pipeline's input, a decorator, a test's recorder.
//
// All three may be called from any thread; a Source calls them from the thread that runs it.
class Receiver {
 public:
  virtual ~Receiver() = default;

  // The source is live: whatever happens from now on is reported. Once per Run(), before its first event;
  // never if Run() fails before it is live.
  virtual void OnReady() = 0;

  // Takes the event. May block while the receiver is full. False: nobody takes events any more, the source
  // should return; the event is lost to nobody who listens.
  virtual bool OnEvent(Event event) = 0;

  // The same for several that are at hand together, in their order; the events are moved from. A receiver
  // that has a cost for each call, such as a lock, saves it by taking them at once.
  virtual bool OnEvents(absl::Span<Event> events) {
    for (Event& event : events) {
      if (!OnEvent(std::move(event))) return false;
    }
    return true;
  }

  // Something went wrong that does not end the source: a directory that may not be read, a line that does
  // not parse. What ends it is Run()'s result, and is not told here as well.
  virtual void OnError(absl::Status error) = 0;
};

// Tells what happens in one place: an engine, a directory, a script in a test.
class Source {
 public:
  virtual ~Source() = default;

  // For messages: "docker unix:///var/run/docker.sock", "file /etc". Constant; any thread.
  virtual absl::string_view name() const = 0;

  // Blocks, telling `receiver`, until `stop` is requested (then OK, within 250 ms unless the receiver
  // blocks) or until it can see no more (then why). It does not retry: RestartingSource does.
  //
  // May be called again after it returned, from any one thread at a time, and then goes on from where it
  // was: what it cannot vouch for between two calls it says with a ForceReload after OnReady().
  //
  // The code of a failure tells RestartingSource what to do: InvalidArgument, PermissionDenied,
  // Unimplemented and FailedPrecondition will not go away by themselves; everything else may.
  virtual absl::Status Run(std::stop_token stop, Receiver& receiver) = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_SOURCE_H_
