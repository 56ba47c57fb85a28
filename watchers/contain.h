// Calls of foreign code that may throw, where no exception may leave.
//
//   absl::Status result = watchers_internal::Contain([&] { return sink.Write(batch); });
#ifndef LOOKOUT_WATCHERS_CONTAIN_H_
#define LOOKOUT_WATCHERS_CONTAIN_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace lookout::watchers_internal {

// What `call` returns, or Internal, "threw: std::runtime_error: disk on fire", for what it throws.
absl::Status Contain(absl::FunctionRef<absl::Status()> call);

}  // namespace lookout::watchers_internal

#endif  // LOOKOUT_WATCHERS_CONTAIN_H_
