// The keys of chains: K of (subject, administration), which only the log can
// make, by the verifiable random function under its label key
// (verifier/label.h, docs/label.md).
//
// A key costs about 180 us. So it is made by threads of its own, never by the
// sequencer's, and remembered in a cache that is bounded and holds nothing
// readable (chain_cache.h).
#ifndef VIDIMUS_LOG_CHAIN_KEYS_H_
#define VIDIMUS_LOG_CHAIN_KEYS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "verifier/hash.h"
#include "verifier/vrf_proving.h"

namespace vidimus {

// K, and the 80-byte proof that there is no other. Who has K can follow the
// chain until the log ends.
struct ProvenChainKey {
  Hash key;
  std::string proof;
};

class ChainKeys {
 public:
  // `label_seed` is the 32-byte secret half of `label_key`, which stands in
  // config. kFailedPrecondition if it is not.
  static absl::StatusOr<std::unique_ptr<ChainKeys>> Open(
      std::string_view label_seed, std::string_view label_key,
      std::string_view origin);

  // K of the chain between `subject` and `administration`, 0xffffffff for the
  // chain `self`. Calls `done` once. Any thread. kInvalidArgument for a subject
  // that no chain can have.
  void Get(std::string_view subject, uint32_t administration,
           absl::AnyInvocable<void(absl::StatusOr<Hash>)> done) const;

  // The same with its proof, made on the calling thread. Any thread.
  absl::StatusOr<ProvenChainKey> Prove(std::string_view subject,
                                       uint32_t administration) const;

 private:
  ChainKeys(std::string_view label_seed, std::string_view origin)
      : prover_(label_seed), origin_(origin) {}

  const VrfProver prover_;
  const std::string origin_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_CHAIN_KEYS_H_
