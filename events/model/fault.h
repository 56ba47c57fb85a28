// Faults that can be put into the model, each of them a mistake that the real code could have: that
// queue_model_faults_test finds every one shows that the properties say something.
#ifndef LOOKOUT_EVENTS_MODEL_FAULT_H_
#define LOOKOUT_EVENTS_MODEL_FAULT_H_

namespace lookout::queue_model {

enum class Fault {
  kNone,

  // What is forgotten to be told to who sleeps.
  kArmWakesNobody,             // the first event in an empty buffer
  kAskWakesNobody,             // a flush that is asked for
  kAsleepSetAfterUnlock,       // the thread looks for work, lets go of the mutex, then says that it sleeps
  kSignalForgottenByWait,      // a signal that came before the wait
  kStopWakesNobody,            // BeginStop() and GiveUp()
  kSenderWakesNobody,          // what was pushed while a sender flushed
  kAdmittedNotNotified,        // a sender that was let in
  kAdmittedNotifiesOne,        // the first of several
  kReleasedNotNotified,        // a sender that the stop refuses
  kDoneNotNotified,            // who waits in Flush() for a batch
  kFinishedNotNotified,        // who waits for the stop
  kFinishedNotifiesOne,        // one of several
  kQuietNotNotified,           // who waits for on_error to be done
  kExitNotNotified,            // who joins the thread
  kSleepsWithoutTimer,         // something is buffered, and no end to the wait
  kTimeForgotten,              // the interval is over, and nobody is told
  kWaitingAsksForNoFlush,      // kFlushEarly: a sender that has to wait
  kLeftWaitingAsksForNoFlush,  // kFlushEarly: those for whom there was no room even then

  // Counting and order.
  kTakenCountedLate,      // the buffer is taken, and the mutex let go before that is counted
  kDoneCountedEarly,      // before the last call of a batch has returned
  kFlushedCountedLate,    // after the call
  kInHandForgotten,       // by GiveUp()
  kTakesWithoutEmptying,  // TakeAll() leaves behind what it took
  kLineOvertaken,         // a sender looks for room before it looks for others who wait
  kLatestFirst,           // those who wait are let in from behind
  kRefusedKept,           // an event after the stop is refused, and buffered
  kReleasedAsTaken,       // Push() says true to who waited at the stop
  kMergedNotCounted,      //
  kMaxBatchIgnored,       //

  // A sender that flushes.
  kSenderIgnoresBatch,        // it does not look whether one is under way
  kSenderIgnoresBuffer,       // it overtakes what is buffered
  kThreadIgnoresSender,       // the thread does not wait for it
  kFinishedIgnoresSender,     // the stop does not wait for it
  kSenderForgetsFinished,     // nobody says that it was the last
  kDestructorIgnoresSender,   // when drain_timeout is over
  kSenderWaitsInItsOwnFlush,  // it is not known to be inside a callback

  // Stopping.
  kStopReleasesNobody,          // senders that wait
  kStopIgnoresBuffer,           // a drain ends with what is in hand
  kGivenUpHandedOver,           // BeginCall() does not ask
  kDeadlineGivesNothingUp,      // what is not handed over goes on
  kStopWaitsInCallback,         //
  kFlushWaitsInCallback,        //
  kPushWaitsInCallback,         //
  kDestructorDoesNotJoin,       //
  kDestructorTellsOn,           // it neither waits for on_error nor silences it
  kDestructorJoinsItself,       // from inside on_flush
  kClockAskedAfterDestruction,  // by a call of on_flush that destroyed the queue

  // Errors.
  kTwoTell,          // a second thread does not look whether one is telling
  kTellerLeavesOne,  // it finds nothing to tell, lets go of the mutex, and only then ceases to be the teller
  kErrorThrowEndsTelling,  // what on_error throws leaves the loop
  kFlushThrowUntold,       //
  kPendingUnbounded,       //

  // EventBuffer.
  kCapacityIgnored,
  kForceReloadGivesWay,
  kNewestInsteadOfOldest,
  kLossNotSaid,
  kLossSaidTwice,
  kLossSaidInFront,
  kMergesAcrossForceReload,

  kEnd,  // none: how many there are
};

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_FAULT_H_
