// For fuzzers: what a complaint about outside bytes must never be.
#ifndef VIDIMUS_LOG_FUZZ_CHECKS_H_
#define VIDIMUS_LOG_FUZZ_CHECKS_H_

#include "absl/status/status.h"
#include "verifier/check.h"

namespace vidimus {

// A message that goes into a log's lines is printable ASCII, whatever it is
// about: it can then neither break a line nor hold what was sent.
inline void CheckIsPlain(const absl::Status& status) {
  for (const char c : status.message()) {
    CHECK_GE(c, ' ');
    CHECK_LE(c, '~');
  }
}

}  // namespace vidimus

#endif  // VIDIMUS_LOG_FUZZ_CHECKS_H_
