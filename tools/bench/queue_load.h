// What the benchmarks of EventQueue in this folder push, and how they tell what it cost.
#ifndef LOOKOUT_TOOLS_BENCH_QUEUE_LOAD_H_
#define LOOKOUT_TOOLS_BENCH_QUEUE_LOAD_H_

#include <cstddef>
#include <vector>

#include "absl/time/time.h"
#include "lookout/events/event.h"

namespace lookout {

// A container's start: a name that fits into a std::string itself, and an ID of 64 characters, as Docker's.
Event MakeContainerStart();
// The same of one of many containers: actor 1's ID differs from actor 2's.
Event MakeContainerStartOf(std::size_t actor);
// The same with the 8 labels that docker compose gives.
Event MakeContainerStartWithLabels();

// Used so far by the whole process, user and system.
absl::Duration CpuTime();

// The middle one; the higher of the two in the middle. There must be one.
double Median(std::vector<double> values);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_BENCH_QUEUE_LOAD_H_
