// What the exception being handled says, for errors and logs.
//
//   try { callback(); } catch (...) { return absl::InternalError(DescribeCurrentException()); }
#ifndef LOOKOUT_EVENTS_CURRENT_EXCEPTION_H_
#define LOOKOUT_EVENTS_CURRENT_EXCEPTION_H_

#include <string>

namespace lookout::events_internal {

// "std::runtime_error: disk on fire" of a std::exception, "int" of anything else: its type, which is all that
// is known of it. Call inside a catch block. Does not throw.
std::string DescribeCurrentException();

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_CURRENT_EXCEPTION_H_
