// What one exploration of the queue's model is about: the queue's options, and who does what.
//
// Scripts say what a thread does, or a callback, one letter a call:
//   a b c    Push() of an event of this key; under kKeepLatest equal keys may merge
//   R        Push() of a ForceReload
//   (ab)     PushAll() of both
//   F        Flush()
//   E        ReportError()
//   S, C     Stop(), Close()
//   D        destroys the queue, as soon as no call is under way but of senders that wait and of callbacks
//   G        Start(); where nobody does it, it was done before
#ifndef LOOKOUT_EVENTS_MODEL_SETTING_H_
#define LOOKOUT_EVENTS_MODEL_SETTING_H_

#include <string>
#include <vector>

#include "lookout/events/event_queue.h"

namespace lookout::queue_model {

struct Setting {
  std::string name = "";

  // As in EventQueueOptions.
  WhenFull when_full = WhenFull::kBlock;
  int capacity = 1;
  int max_batch = 0;
  bool interval = false;  // flush_interval is more than zero
  bool flush_on_sender = false;
  OnStop on_stop = OnStop::kDiscard;
  bool deadline = false;  // drain_timeout is not infinite: it may be over at any time

  int max_pending = 1;  // ErrorTeller::kMaxPending

  std::vector<std::string> threads = {};
  // Each call of the callback makes the next of these, or does not.
  std::string in_flush = "", in_error = "";
  // How many calls of it may throw.
  int flush_throws = 0, error_throws = 0;

  // For tests.
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const Setting& setting) {
    sink.Append(setting.name);
  }
};

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_SETTING_H_
