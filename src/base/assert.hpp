#pragma once

#include <cstdio>
#include <cstdlib>

namespace naru::detail {
[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "naru: %s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace naru::detail

// Our own mistakes. NARU_ASSERT guards memory and stays in release; NARU_DCHECK is for debug
// builds.
#define NARU_ASSERT(condition)        \
  ((condition) ? static_cast<void>(0) \
               : ::naru::detail::assertion_failed(#condition, __FILE__, __LINE__))
#ifdef NDEBUG
#define NARU_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define NARU_DCHECK(condition) NARU_ASSERT(condition)
#endif
