// What instrument.py puts around each condition of a source. The environment
// variable NEGATED holds the number of the one that is negated; without it the
// program is what it was.
#ifndef TESTS_MUTANTS_NEGATED_H_
#define TESTS_MUTANTS_NEGATED_H_

#include <cstdlib>

#include "verifier/finding.h"

namespace vidimus {

inline int NegatedCondition() {
  static const int kNumber = [] {
    const char* const number = std::getenv("NEGATED");
    return number == nullptr ? 0 : std::atoi(number);
  }();
  return kNumber;
}

inline bool Negated(int number, bool condition) {
  return condition != (number == NegatedCondition());
}

inline Finding PassedOver(int number, Finding finding) {
  return number == NegatedCondition() ? Finding::kOk : finding;
}

}  // namespace vidimus

#endif  // TESTS_MUTANTS_NEGATED_H_
