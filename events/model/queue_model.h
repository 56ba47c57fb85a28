// A step-wise model of EventQueue for explore.h: threads that push, flush, report, stop and destroy, with
// callbacks that do the same or throw. What it proves, and what not: README.md.
//
//   const Exploration all = Explore(QueueModel(setting), 1'000'000);
#ifndef LOOKOUT_EVENTS_MODEL_QUEUE_MODEL_H_
#define LOOKOUT_EVENTS_MODEL_QUEUE_MODEL_H_

#include <string>

#include "lookout/events/model/explore.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/setting.h"
#include "lookout/events/model/turn.h"

namespace lookout::queue_model {

class QueueModel {
 public:
  using State = QueueState;

  explicit QueueModel(const Setting& setting, Fault fault = Fault::kNone) : rules_(setting, fault) {}

  // What explore.h asks for.
  State Initial() const;
  void ForEachStep(const State& state, StepVisitor<State> visit) const;
  std::string WrongAtEnd(const State& state) const;
  std::string ToString(const State& state) const;
  std::string ThreadName(int thread) const;

 private:
  // What must be true whenever nobody is inside a lock region. Null: it is.
  const char* Wrong(const State& state) const;
  const char* WrongCounters(const State& state, int size) const;
  const char* WrongSleep(const State& state, int size) const;
  std::string Stuck(const State& state) const;
  std::string EventName(int event) const;
  std::string Names(const Slots& slots) const;

  const Rules rules_;
};

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_QUEUE_MODEL_H_
