// The inner loop of reading JSON: to where the plain text of a string ends.
#ifndef LOOKOUT_ADAPTERS_DOCKER_JSON_PLAIN_H_
#define LOOKOUT_ADAPTERS_DOCKER_JSON_PLAIN_H_

#ifdef __SSE2__
#include <emmintrin.h>

#include <bit>
#endif

namespace lookout::docker_internal {

// Whether `c` stands for itself in a JSON string.
inline bool IsPlain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

// The first byte of [begin, end) that is not plain; `end` if all are.
inline const char* FindEndOfPlain(const char* begin, const char* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    // What is its own minimum with the last control character, unsigned, is one.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i special =
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (found != 0) return begin + std::countr_zero(found);
  }
#endif
  while (begin != end && IsPlain(*begin)) ++begin;
  return begin;
}

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_JSON_PLAIN_H_
