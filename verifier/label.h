// The chain of a resident and an administration, and the labels of its entries:
// what only those who hold the chain's key can find in the log. Pure functions.
// Format and vectors: docs/label.md.
//
//   alpha   = u8len(origin) a(4) u16len(s)
//   K       = the first 32 bytes of the VRF's output (vrf.h) for alpha under
//             the log's label key
//   label i = HMAC-SHA256(K, 04 i(8))
//
// The function makes K the only possible one, so the label of entry i is the
// only possible one too, and its absence from the index (index.h) means that
// there is no entry i.
#ifndef VERIFIER_LABEL_H_
#define VERIFIER_LABEL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "verifier/finding.h"
#include "verifier/hash.h"

namespace vidimus {

// Whose entries a chain holds.
struct ChainName {
  std::string_view origin;      // of the log; at most 255 bytes
  uint32_t administration = 0;  // 0xffffffff: the chain called self
  // s: a byte for the scheme, then the id in the form that config fixes for it.
  // 1 to 65,535 bytes. Which spelling is canonical is not judged here.
  std::string_view subject;
};

// Sets `*alpha` to what the function is asked for a chain. kOk or
// kChainNameSize.
Finding ChainAlpha(const ChainName& chain, std::string* alpha);

// Judges by `label_key`, the log's, whether `proof` is that of the chain and,
// if so, sets `*key` to the chain's key K. kOk, kChainNameSize, or a finding of
// VerifyVrf. `*key` opens the whole chain, now and later: guard it.
Finding VerifyChainKey(std::string_view label_key, const ChainName& chain,
                       std::string_view proof, Hash* key);

// The label of entry `i`, counted from 0, in the chain whose key is `key`. Two
// hashes.
Hash ChainLabel(const Hash& key, uint64_t i);

}  // namespace vidimus

#endif  // VERIFIER_LABEL_H_
