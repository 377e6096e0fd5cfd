#include "verifier/check.h"

#include <cstdio>
#include <cstdlib>

namespace vidimus {
namespace check_internal {

// A wasm module imports nothing, so it has nowhere to print: it traps.
#if defined(__wasm__)

void Fail(const char*, int, const char*) { __builtin_trap(); }
void FailWith(const char*, int, const char*, Operand, Operand) {
  __builtin_trap();
}

#else

namespace {

void Print(const Operand& operand) {
  if (!operand.printable) {
    std::fputs("?", stderr);
  } else if (operand.negative) {
    std::fprintf(stderr, "%lld", static_cast<long long>(operand.bits));
  } else {
    std::fprintf(stderr, "%llu", static_cast<unsigned long long>(operand.bits));
  }
}

}  // namespace

void Fail(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, condition);
  std::abort();
}

void FailWith(const char* file, int line, const char* condition, Operand left,
              Operand right) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s", file, line, condition);
  if (left.printable || right.printable) {
    std::fputs(" (", stderr);
    Print(left);
    std::fputs(" vs ", stderr);
    Print(right);
    std::fputs(")", stderr);
  }
  std::fputs("\n", stderr);
  std::abort();
}

#endif

}  // namespace check_internal
}  // namespace vidimus
