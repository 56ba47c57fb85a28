// Holds ParseDockerMessage against a reading by Boost.JSON, for tests: two readers that agree on everything
// that a fuzzer or a test can think of are probably right.
#ifndef LOOKOUT_ADAPTERS_DOCKER_MESSAGE_DIFFERENCE_H_
#define LOOKOUT_ADAPTERS_DOCKER_MESSAGE_DIFFERENCE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

// What the two do not agree on: whether `json` is a message, and what it says; empty if on all. One
// difference is allowed: a number that Boost finds too large to calculate with is as good as any here.
std::string MessageDifference(absl::string_view json);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_MESSAGE_DIFFERENCE_H_
