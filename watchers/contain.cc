#include "lookout/watchers/contain.h"

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lookout/events/current_exception.h"

namespace lookout::watchers_internal {

absl::Status Contain(absl::FunctionRef<absl::Status()> call) {
  try {
    return call();
  } catch (...) {
    return absl::InternalError(absl::StrCat("threw: ", events_internal::DescribeCurrentException()));
  }
}

}  // namespace lookout::watchers_internal
