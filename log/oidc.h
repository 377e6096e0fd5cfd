// Who a resident is, by a bearer token of OpenID Connect: a JSON Web Token
// (RFC 7519) in compact form (RFC 7515), signed by an issuer that settings
// name with keys of a file that the operator keeps. What is accepted is small
// and spelled out; everything else is refused. docs/residents.md.
//
// Accepted: ES256, RS256 and EdDSA (Ed25519), by the key of the file that `kid`
// names and for the one algorithm that this key's type has, so that a token
// can't choose how it is judged. `iss` and `aud` as configured, `exp` not
// passed, `nbf` and `iat`, if there are any, not in the future. Base64url in
// its one spelling, JSON without duplicate names.
//
// Messages say which rule was broken; never anything of the token's.
#ifndef VIDIMUS_LOG_OIDC_H_
#define VIDIMUS_LOG_OIDC_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/json_value.h"
#include "proto/mutex.h"
#include "proto/public_key.h"

namespace vidimus {

inline constexpr size_t kTokenBytesMax = 8192;
inline constexpr size_t kJwksBytesMax = 256 * 1024;
inline constexpr size_t kJwksKeysMax = 64;
inline constexpr size_t kTokenKidBytesMax = 256;
inline constexpr size_t kTokenSubjectBytesMax = 255;

// A token taken apart; nothing of it is believed yet.
struct ParsedToken {
  Json header;
  Json claims;
  // What is signed: a view into the token.
  std::string_view signed_part;
  std::string signature;
};

// Takes a compact token apart: two dots, three parts, objects in the first two.
// kUnauthenticated says what is wrong.
absl::StatusOr<ParsedToken> ParseToken(std::string_view token);

// Public keys by their `kid`.
using TokenKeys = std::map<std::string, PublicKey>;

// A JSON Web Key Set (RFC 7517). Keys for other uses and other algorithms are
// left out; of the others each must have a `kid` of its own.
// kInvalidArgument, naming the key by its place, for what is no such set or
// has no key left, and for a set with a secret in it.
absl::StatusOr<TokenKeys> ParseJwks(std::string_view text);

struct TokenIssuer {
  std::string issuer;    // `iss`, as text
  std::string audience;  // must be `aud` or one of them
  // The claim that names the subject, and how its text is meant: a scheme of
  // config's.
  std::string subject_claim = "sub";
  uint8_t id_scheme = 0;
  // How far the issuer's clock may be from ours.
  int64_t clock_skew_s = 60;
};

// Whom a token names.
struct TokenSubject {
  uint8_t id_scheme = 0;
  std::string id;  // as the claim spells it
};

// Any thread.
class TokenJudge {
 public:
  // No two may have one name and one audience. kInvalidArgument for that, and
  // for an empty name, audience or claim.
  static absl::StatusOr<std::unique_ptr<TokenJudge>> Make(
      std::vector<TokenIssuer> issuers);

  // From now on issuer number `issuer` (CHECK) signs with these keys. Until it
  // was called once, an issuer has none.
  void SetKeys(size_t issuer, TokenKeys keys) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether residents can show tokens at all.
  bool empty() const { return issuers_.empty(); }

  // Judges the value of an `authorization` header at `now_s`, POSIX seconds:
  // the word Bearer in any case, one space, a token. kUnauthenticated says
  // which rule was broken. One signature check, after everything that is
  // needed to choose the key.
  absl::StatusOr<TokenSubject> Judge(std::string_view authorization,
                                     int64_t now_s) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  explicit TokenJudge(std::vector<TokenIssuer> issuers)
      : issuers_(std::move(issuers)), keys_(issuers_.size()) {}

  const std::vector<TokenIssuer> issuers_;

  mutable Mutex mu_;
  std::vector<std::shared_ptr<const TokenKeys>> keys_ ABSL_GUARDED_BY(mu_);
};

// The other side, for trying a log out and for tests: an issuer with an Ed25519
// key whose `kid` is "try-out".
std::string MakeTryOutJwks(std::string_view seed);
std::string MakeTryOutToken(std::string_view seed, const TokenIssuer& issuer,
                            std::string_view subject, int64_t now_s,
                            int64_t lifetime_s);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_OIDC_H_
