// ES256 as a seam: ECDSA on P-256 with SHA-256, judged by whoever the caller
// hands in. Native code takes es256.h. A browser has its own, which answers
// later: the module asks nobody and needs no second curve, it is handed the
// answers (c_api.h).
#ifndef VERIFIER_ES256_VERIFY_H_
#define VERIFIER_ES256_VERIFY_H_

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace vidimus {

inline constexpr size_t kEs256KeyBytes = 65;  // 04 x y
inline constexpr size_t kEs256SignatureBytes = 64;

// Whether `signature` (r then s, big-endian) is by `public_key` over SHA-256 of
// `message`. Both have the sizes above when our code calls it. A value, copied
// freely; null if there is nobody to ask, and then it may not be called.
class Es256Verify {
 public:
  using Function = bool (*)(std::string_view public_key,
                            std::string_view message,
                            std::string_view signature);
  using FunctionOf = bool (*)(void* context, std::string_view public_key,
                              std::string_view message,
                              std::string_view signature);

  constexpr Es256Verify(std::nullptr_t = nullptr) {}  // NOLINT: a null pointer
  // A function, or a lambda that captures nothing.
  template <typename F, typename = std::enable_if_t<
                            std::is_convertible_v<F, Function> &&
                            !std::is_same_v<std::decay_t<F>, std::nullptr_t>>>
  constexpr Es256Verify(F function) : function_(function) {}  // NOLINT
  // `context`, which must outlive all copies, is handed to each call.
  constexpr Es256Verify(FunctionOf function, void* context)
      : function_of_(function), context_(context) {}

  bool operator()(std::string_view public_key, std::string_view message,
                  std::string_view signature) const {
    return function_of_ != nullptr
               ? function_of_(context_, public_key, message, signature)
               : function_(public_key, message, signature);
  }

  friend constexpr bool operator==(const Es256Verify& verify, std::nullptr_t) {
    return verify.function_ == nullptr && verify.function_of_ == nullptr;
  }
  friend constexpr bool operator!=(const Es256Verify& verify, std::nullptr_t) {
    return !(verify == nullptr);
  }

 private:
  Function function_ = nullptr;
  FunctionOf function_of_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace vidimus

#endif  // VERIFIER_ES256_VERIFY_H_
