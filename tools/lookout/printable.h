// Any bytes as text for one line of a terminal or a log.
//
//   AppendPrintable("a\nb\x1b[2J", line);   // a\nb\x1b[2J, as 12 printable characters
//
// A file's name may be any bytes, so it could break a line in two, colour or clear the terminal, or make text
// run backwards. What could is escaped: \n, \t, \r, \\ and \xHH for each byte of a control character, of a
// character that reorders or breaks lines (U+2028, U+202E, …), and of what is not UTF-8. All else, letters of
// any script among it, stays as it is. The escape is reversible.
//
// Pure, thread-safe.
#ifndef LOOKOUT_TOOLS_LOOKOUT_PRINTABLE_H_
#define LOOKOUT_TOOLS_LOOKOUT_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout {

void AppendPrintable(absl::string_view bytes, std::string& out);

std::string Printable(absl::string_view bytes);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_PRINTABLE_H_
