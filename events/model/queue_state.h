// A state of the queue's model: the members of EventQueueCore, ErrorTeller and Wakeup, where each thread
// stands, and what an observer has seen so far. Plain bytes, so that states can be compared and kept.
#ifndef LOOKOUT_EVENTS_MODEL_QUEUE_STATE_H_
#define LOOKOUT_EVENTS_MODEL_QUEUE_STATE_H_

#include <cstdint>

#include "lookout/events/model/buffer_model.h"

namespace lookout::queue_model {

// Where a thread stands in a function: between two of its lock regions.
enum class Place : std::uint8_t {
  kNowhere,
  kScript,         // between two calls. a: the next one
  kInLine,         // in WaitForRoom(). a: the event; b: how many of its PushAll() follow
  kSenderFlush,    // FlushOnSender(), when all is handed over. a: the first event; b: how many
  kFlushWaits,     // in Flush()
  kStop,           // Stop(), after Close()
  kAwaitDrained,   // in StopAndWait(), up to drain_timeout. a: whether for the destructor
  kAwaitFinished,  // the same without end
  kRetire,         // Retire(), after Close()
  kRetireJoins,    // waits for the thread's exit
  kRetireQuiet,    // errors_.AwaitQuiet()
  kRetireSilence,  // errors_.Silence()
  kTell,           // before ErrorTeller::Tell()
  kNext,           // before ErrorTeller::Next()
  kOnError,        // inside on_error. a: whether it has made its call
  kTake,           // before TakeBatch()
  kLateAsleep,     // with Fault::kAsleepSetAfterUnlock. a: whether there is a timer
  kWait,           // in Wakeup::Wait(). a: whether there is a timer
  kWoken,          // after it. a: whether it was signalled
  kExits,          // after the last TakeBatch()
  kLateCount,      // with Fault::kTakenCountedLate
  kHandOver,       // before BeginCall(), or, when all is handed over, before that is counted.
                   // a: how many are; b: how many are in the present call
  kOnFlush,        // inside on_flush. a: whether it has made its call
  kLateQuiet,      // with Fault::kTellerLeavesOne
};

// What a sleeping thread is woken for.
enum class Channel : std::uint8_t { kAwake, kRoom, kFlushed, kFinished, kQuiet, kExit };

struct Frame {
  Place place = Place::kNowhere;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
};

struct ThreadState {
  static constexpr int kMostFrames = 9;

  Frame frames[kMostFrames];
  std::uint8_t depth = 0;  // 0: it has ended
  Channel asleep = Channel::kAwake;
  std::uint8_t wanted = 0;  // Flush(): the batch it waits for
  Events before = 0;        // seen: what was taken when that began
  // Of the Sender on its stack.
  bool sender_done = false;
  bool sender_taken = false;
};

struct QueueState {
  static constexpr int kMostThreads = 7;

  // What an observer has seen. Events: taken by Push(); handed to on_flush; that call has returned.
  Events was_taken = 0, was_handed = 0, was_returned = 0;
  Events was_dropped = 0, was_merged = 0, was_discarded = 0, was_refused = 0;
  Events to_say = 0;    // dropped, and taken with a ForceReload that is not handed over yet
  Events was_said = 0;  // and is

  // EventQueueCore.
  BufferState buffer;
  Slots batch;
  std::uint8_t line[kMostThreads] = {};
  std::uint8_t line_size = 0;
  bool started = false, stopping = false, gave_up = false, thread_done = false, finished = false,
       retired = false;
  bool sender_flushes = false;
  std::uint8_t sender_id = 0;
  bool is_due = false, asked = false, early = false, asleep = false;
  std::uint8_t taken_batches = 0, done_batches = 0, in_hand = 0;
  std::uint8_t received = 0, flushed = 0, dropped = 0, merged = 0, discarded = 0, refused = 0;
  bool signalled = false;  // Wakeup

  // ErrorTeller.
  std::uint8_t pending = 0, teller = 0, told = 0, errors_dropped = 0;
  bool telling = false, silent = false;

  // The callbacks: how far their scripts are, how often they threw, how many run.
  std::uint8_t flush_script = 0, error_script = 0, flush_thrown = 0, error_thrown = 0;
  std::uint8_t in_flush = 0, in_error = 0;

  // And more of what an observer has seen.
  Slots arrived;            // what came into the buffer since it was last taken, in order
  std::uint8_t forced = 0;  // of those in it, from inside on_flush
  std::uint8_t reported = 0;
  bool closing = false;    // somebody destroys the queue, so nobody begins a call
  bool destroyed = false;  // the destructor has returned
  bool no_more = false;    // Stop() has returned, so on_flush may not begin
  bool gave_way = false;   // the stop discarded what there was

  ThreadState threads[kMostThreads];
};

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_QUEUE_STATE_H_
