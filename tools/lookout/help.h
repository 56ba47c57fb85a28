// What lookout --help prints.
#ifndef LOOKOUT_TOOLS_LOOKOUT_HELP_H_
#define LOOKOUT_TOOLS_LOOKOUT_HELP_H_

#include "absl/strings/string_view.h"

namespace lookout {

// Lines of at most 80 characters, the last one ended too.
absl::string_view HelpText();

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_HELP_H_
