// Goes through every state that a step-wise model can reach, and says the shortest way to one that is wrong.
//
//   Exploration all = Explore(model, /*most_states=*/1'000'000);
//   EXPECT_EQ(all.wrong, "") << all.Trace();
//
// A model is a class with
//   using State = …;   // trivially copyable, and equal exactly where all its bytes are
//   State Initial() const;
//   // Calls `visit` once for each step that any thread could take now.
//   void ForEachStep(const State&, StepVisitor<State> visit) const;
//   // A state from which there is no step: what is wrong with ending there. Empty: nothing.
//   std::string WrongAtEnd(const State&) const;
//   // For the trace.
//   std::string ToString(const State&) const;
//   std::string ThreadName(int thread) const;
//
// Breadth first, so that a trace is as short as can be. Nothing is left out in silence: more states than
// `most_states` is itself something wrong. When all is seen it is asked of every state whether an end can
// still be reached from it; where not, the threads would go round for ever.
#ifndef LOOKOUT_EVENTS_MODEL_EXPLORE_H_
#define LOOKOUT_EVENTS_MODEL_EXPLORE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace lookout::queue_model {

// Of one step. Both point to what outlives the exploration: literals.
struct StepReport {
  int thread = 0;
  const char* what = "";
  const char* wrong = nullptr;  // the rule that it broke
};

template <typename State>
using StepVisitor = absl::FunctionRef<void(const State& next, const StepReport& report)>;

struct Exploration {
  std::size_t states = 0;
  std::size_t steps = 0;
  std::size_t ends = 0;            // states without a next
  std::string wrong;               // empty: nothing is
  std::vector<std::string> trace;  // the steps to it

  std::string Trace() const { return absl::StrJoin(trace, "\n"); }
};

template <typename Model>
class Explorer {
 public:
  using State = typename Model::State;
  static_assert(std::is_trivially_copyable_v<State> && std::has_unique_object_representations_v<State>);

  Explorer(const Model& model, std::size_t most_states)
      : model_(model), most_states_(most_states), known_(0, Hash(), Equal{&states_}) {}

  Exploration Run() {
    Add(model_.Initial(), 0);
    for (std::size_t at = 0; at < states_.size() && result_.wrong.empty(); ++at) Expand(at);
    result_.states = states_.size();
    result_.steps = next_.size();
    if (result_.wrong.empty()) FindThoseThatNeverEnd();
    return std::move(result_);
  }

 private:
  using Index = std::uint32_t;

  static absl::string_view Bytes(const State& state) {
    return {reinterpret_cast<const char*>(&state), sizeof(State)};
  }
  // Where a state stands in states_. The hash is worked out once.
  struct Known {
    std::size_t hash;
    Index index;
  };
  struct Hash {
    std::size_t operator()(const Known& known) const { return known.hash; }
  };
  struct Equal {
    const std::vector<State>* states;
    bool operator()(const Known& a, const Known& b) const {
      return a.hash == b.hash && Bytes((*states)[a.index]) == Bytes((*states)[b.index]);
    }
  };

  Index Add(const State& state, Index parent) {
    const auto index = static_cast<Index>(states_.size());
    states_.push_back(state);
    const auto [known, is_new] = known_.insert({absl::HashOf(Bytes(state)), index});
    if (is_new) {
      parents_.push_back(parent);
    } else {
      states_.pop_back();
    }
    return known->index;
  }

  void Expand(std::size_t at) {
    first_next_.push_back(next_.size());
    const State state = states_[at];
    model_.ForEachStep(state, [&](const State& next, const StepReport& report) {
      if (!result_.wrong.empty()) return;
      if (report.wrong != nullptr) {
        Fail(at, report.wrong);
        result_.trace.push_back(Line(result_.trace.size(), report, next));
        return;
      }
      next_.push_back(Add(next, static_cast<Index>(at)));
    });
    if (!result_.wrong.empty()) return;
    if (states_.size() > most_states_) {
      Fail(at, absl::StrCat("there are more than ", most_states_, " states: the rest was not looked at"));
    } else if (next_.size() == first_next_.back()) {
      ++result_.ends;
      if (const std::string wrong = model_.WrongAtEnd(state); !wrong.empty()) Fail(at, wrong);
    }
  }

  // Who reaches an end: the ends themselves, and, backwards, whoever has a step to one who does.
  void FindThoseThatNeverEnd() {
    const std::size_t n = states_.size();
    first_next_.push_back(next_.size());
    std::vector<Index> sources(next_.size()), first(n + 1, 0);
    for (const Index to : next_) ++first[to + 1];
    for (std::size_t i = 0; i < n; ++i) first[i + 1] += first[i];
    std::vector<Index> fill = first;
    std::vector<bool> ends(n, false);
    std::vector<Index> todo;
    for (std::size_t from = 0; from < n; ++from) {
      for (std::size_t i = first_next_[from]; i < first_next_[from + 1]; ++i) {
        sources[fill[next_[i]]++] = static_cast<Index>(from);
      }
      if (first_next_[from] != first_next_[from + 1]) continue;
      ends[from] = true;
      todo.push_back(static_cast<Index>(from));
    }
    while (!todo.empty()) {
      const Index to = todo.back();
      todo.pop_back();
      for (Index i = first[to]; i < first[to + 1]; ++i) {
        if (ends[sources[i]]) continue;
        ends[sources[i]] = true;
        todo.push_back(sources[i]);
      }
    }
    for (std::size_t at = 0; at < n; ++at) {
      if (!ends[at]) return Fail(at, "no progress: from here the threads go round for ever");
    }
  }

  void Fail(std::size_t at, absl::string_view wrong) {
    result_.wrong = std::string(wrong);
    std::vector<std::size_t> way;
    for (std::size_t i = at; i != 0; i = parents_[i]) way.push_back(i);
    result_.trace = {absl::StrCat("  0. ", model_.ToString(states_[0]))};
    for (auto i = way.rbegin(); i != way.rend(); ++i) {
      bool found = false;
      model_.ForEachStep(states_[parents_[*i]], [&](const State& next, const StepReport& report) {
        if (found || Bytes(next) != Bytes(states_[*i])) return;
        found = true;
        result_.trace.push_back(Line(result_.trace.size(), report, next));
      });
    }
  }

  std::string Line(std::size_t number, const StepReport& report, const State& next) const {
    return absl::StrCat("  ", number, ". ", model_.ThreadName(report.thread), ": ", report.what, "\n       ",
                        model_.ToString(next));
  }

  const Model& model_;
  const std::size_t most_states_;
  std::vector<State>
      states_;  // in the order in which they were found, which is that in which they are expanded
  std::vector<Index> parents_;           // from where each was found
  std::vector<Index> next_;              // of all states, one after the other
  std::vector<std::size_t> first_next_;  // where those of each begin
  absl::flat_hash_set<Known, Hash, Equal> known_;
  Exploration result_;
};

template <typename Model>
Exploration Explore(const Model& model, std::size_t most_states) {
  return Explorer<Model>(model, most_states).Run();
}

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_EXPLORE_H_
