// One step of one thread of the queue's model: what EventQueueCore's functions do under one lock of a mutex,
// and what their thread then does up to the next. The functions here have the names of those there.
#ifndef LOOKOUT_EVENTS_MODEL_TURN_H_
#define LOOKOUT_EVENTS_MODEL_TURN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/setting.h"

namespace lookout::queue_model {

struct Call {
  char kind = 'p';  // a push, or the setting's letter
  int first = 0;    // the events of a push
  int events = 0;
};

// What all steps of one exploration have in common.
struct Rules {
  static constexpr int kFlushThread = 0;  // the queue's own; those of the setting follow

  Rules(const Setting& setting, Fault fault);

  Setting setting;
  Fault fault;
  std::vector<std::vector<Call>> scripts;  // by thread; the first is empty
  std::vector<Call> in_flush, in_error;
  std::vector<EventKind> events;  // of all scripts
  std::vector<Events> later;      // by event: those that its sender pushes after it
  bool starts_late = false;
  BufferModel buffer;
};

class Turn {
 public:
  Turn(const Rules& rules, QueueState& state, int me)
      : r_(rules), s_(state), me_(me), thread_(state.threads[me]) {}

  // In how many ways the thread can go on now. 0: it has ended, or sleeps.
  int Choices() const;
  void Step(int choice);

  const char* what() const { return what_; }    // it did
  const char* wrong() const { return wrong_; }  // about that; null: nothing

 private:
  enum class Taken { kKept, kRefused, kWaits };

  bool Is(Fault fault) const { return r_.fault == fault; }
  Frame& top() const { return thread_.frames[thread_.depth - 1]; }
  void Enter(Place place, int a = 0, int b = 0);
  void Leave();
  void Wrong(const char* rule) { wrong_ = wrong_ == nullptr ? rule : wrong_; }
  // Sleeps where it stands, until that is woken.
  void Sleep(Channel channel) { thread_.asleep = channel; }
  void Wake(Channel channel);

  // Scripts and callbacks (turn.cc).
  void Begin(const Call& call);
  void Start();
  bool MayDestroy() const;
  const Call* CallInside() const;
  int ChoicesInside(int thrown, int may_throw) const;
  void InsideOnFlush(int choice);
  void InsideOnError(int choice);

  // Sending (turn_send.cc).
  void PushAll(int first, int events);
  void PushFrom(int first, int events);
  Taken Take(int event, int rest);
  bool Offer(int event);
  void Force(int event);
  void Took(int event, const Offered& offered, bool was_empty);
  void SeeLosses(const Offered& offered);
  bool MayOvertake(int event) const;
  void WaitForRoom(int event, int rest);
  void InLine();
  void AdmitWaitingSenders();
  void Refuse(int event, int rest);
  bool MayFlushOnSender() const;
  void FlushOnSender(int first, int events);
  void SenderFlushed();

  // Flushing (turn_flush.cc).
  void Arm();
  void AskForFlush();
  void AskForEarlyFlush();
  void WakeThread();
  bool IsDue() const;
  bool HasTimer() const;
  void TakeBatch(int choice);
  void TakeWhatIsThere();
  void SeeBatch();
  void WaitForWork();
  void Wait();
  void Woken(int choice);
  int HandedSize() const;
  int HandedAt(int i) const;
  void HandOver();
  void LeaveHandOver();
  void BeginCall(int done);
  void EndCall(bool threw);
  bool OnFlushingThread() const;
  bool InsideCallback() const;
  void Flush();
  void FlushWaits();

  // Stopping, and errors (turn_stop.cc).
  void Close();
  void BeginStop();
  void GiveUp();
  void Finish();
  void AfterClose();
  void AwaitDrained(bool over);
  void AwaitFinished();
  void Stopped(bool drained);
  void Retire();
  void Join();
  void RetireQuiet(bool silence);
  void Destroyed();
  void Tell();
  void Next();

  const Rules& r_;
  QueueState& s_;
  const int me_;
  ThreadState& thread_;
  const char* what_ = "";
  const char* wrong_ = nullptr;
};

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_TURN_H_
