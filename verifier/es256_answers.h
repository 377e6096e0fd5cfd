// ES256 for who cannot check such a signature at once: which checks a judgement
// needs, told before it, and their answers, handed in. Not synchronised.
#ifndef VERIFIER_ES256_ANSWERS_H_
#define VERIFIER_ES256_ANSWERS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/es256_verify.h"
#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

// A question for ECDSA on P-256 with SHA-256.
struct Es256Check {
  Hash id = {};  // H(public_key signature message)
  std::string public_key;
  std::string message;
  std::string signature;
};

// How many checks are told at once; a chain with more needs several rounds.
inline constexpr size_t kEs256ChecksMax = 4096;
// An id, then 01 or 00.
inline constexpr size_t kEs256SettledBytes = kHashBytes + 1;

// Answers out of what was settled before, and remembers what was not.
class Es256Answers {
 public:
  // Elements of `settled` that are no answer (another last byte, a rest that is
  // too short) are as if they were not there.
  explicit Es256Answers(std::string_view settled);

  // Not movable: verify() points here.
  Es256Answers(const Es256Answers&) = delete;
  Es256Answers& operator=(const Es256Answers&) = delete;

  // Says false of what is not settled; who finds owed() not empty afterwards
  // must not use what was judged. `this` must outlive all copies.
  Es256Verify verify() { return {&Es256Answers::Answer, this}; }

  // What was asked and not settled, each once, in the order it was asked.
  const std::vector<Es256Check>& owed() const { return owed_; }

 private:
  static bool Answer(void* self, std::string_view public_key,
                     std::string_view message, std::string_view signature);

  std::map<Hash, bool> answers_;
  std::vector<Es256Check> owed_;
};

// Asks `answers` all that judging the accesses of a chain bundle may ask: every
// statement under every key of its chain that it could be signed with. Judges
// nothing else. kOk or a finding of wire.h. Stops when kEs256ChecksMax are
// owed.
Finding AskAllOfBundle(std::string_view bundle, Es256Answers* answers);

}  // namespace vidimus

#endif  // VERIFIER_ES256_ANSWERS_H_
