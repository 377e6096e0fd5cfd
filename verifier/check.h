// What must hold, in every build. A CHECK that fails is an error in this
// program: it prints file, line and condition to standard error and aborts.
// Nothing that came from outside may reach one; bytes from outside are judged
// and get a Finding (finding.h) or an absl::Status.
//
// Say what must hold, one condition each: CHECK_LT(index, size). Each operand
// is evaluated once. Integers are printed with the condition, nothing else is,
// so no secret can get into the message. Safe from any thread.
#ifndef VERIFIER_CHECK_H_
#define VERIFIER_CHECK_H_

#include <cstdint>
#include <type_traits>

namespace vidimus {
namespace check_internal {

[[noreturn]] void Fail(const char* file, int line, const char* condition);
// As above, and prints both operands: `negative` says which of them holds the
// bits of a negative number.
struct Operand {
  bool printable;
  bool negative;
  uint64_t bits;
};
[[noreturn]] void FailWith(const char* file, int line, const char* condition,
                           Operand left, Operand right);

template <typename T>
Operand Show(const T& value) {
  if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    const auto wide = static_cast<int64_t>(value);
    return {true, std::is_signed_v<T> && wide < 0,
            static_cast<uint64_t>(value)};
  } else {
    return {false, false, 0};
  }
}

struct Eq {
  template <typename A, typename B>
  static bool Holds(const A& a, const B& b) {
    return a == b;
  }
};
struct Ne {
  template <typename A, typename B>
  static bool Holds(const A& a, const B& b) {
    return a != b;
  }
};
struct Lt {
  template <typename A, typename B>
  static bool Holds(const A& a, const B& b) {
    return a < b;
  }
};
struct Le {
  template <typename A, typename B>
  static bool Holds(const A& a, const B& b) {
    return a <= b;
  }
};
struct Gt {
  template <typename A, typename B>
  static bool Holds(const A& a, const B& b) {
    return a > b;
  }
};
struct Ge {
  template <typename A, typename B>
  static bool Holds(const A& a, const B& b) {
    return a >= b;
  }
};

template <typename Relation, typename A, typename B>
inline void Compare(const A& a, const B& b, const char* file, int line,
                    const char* condition) {
  if (__builtin_expect(Relation::Holds(a, b), 1)) return;
  FailWith(file, line, condition, Show(a), Show(b));
}

}  // namespace check_internal
}  // namespace vidimus

#define CHECK(condition)              \
  (__builtin_expect(!!(condition), 1) \
       ? (void)0                      \
       : ::vidimus::check_internal::Fail(__FILE__, __LINE__, #condition))

#define VIDIMUS_CHECK_RELATION(relation, sign, a, b)                       \
  ::vidimus::check_internal::Compare<::vidimus::check_internal::relation>( \
      (a), (b), __FILE__, __LINE__, #a " " #sign " " #b)

#define CHECK_EQ(a, b) VIDIMUS_CHECK_RELATION(Eq, ==, a, b)
#define CHECK_NE(a, b) VIDIMUS_CHECK_RELATION(Ne, !=, a, b)
#define CHECK_LT(a, b) VIDIMUS_CHECK_RELATION(Lt, <, a, b)
#define CHECK_LE(a, b) VIDIMUS_CHECK_RELATION(Le, <=, a, b)
#define CHECK_GT(a, b) VIDIMUS_CHECK_RELATION(Gt, >, a, b)
#define CHECK_GE(a, b) VIDIMUS_CHECK_RELATION(Ge, >=, a, b)

#endif  // VERIFIER_CHECK_H_
