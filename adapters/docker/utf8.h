// Whether bytes are UTF-8. Pure.
#ifndef LOOKOUT_ADAPTERS_DOCKER_UTF8_H_
#define LOOKOUT_ADAPTERS_DOCKER_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

// How many bytes at the beginning of `text` are whole characters of UTF-8 (surrogates count as such).
std::size_t Utf8Prefix(absl::string_view text);

inline bool IsUtf8(absl::string_view text) { return Utf8Prefix(text) == text.size(); }

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_UTF8_H_
