#include "log/chain_keys.h"

#include <cstring>
#include <utility>

#include "verifier/finding.h"
#include "verifier/label.h"

namespace vidimus {

absl::StatusOr<std::unique_ptr<ChainKeys>> ChainKeys::Open(
    std::string_view label_seed, std::string_view label_key,
    std::string_view origin) {
  if (label_seed.size() != kVrfSeedBytes) {
    return absl::FailedPreconditionError("the label key is missing");
  }
  std::unique_ptr<ChainKeys> keys(new ChainKeys(label_seed, origin));
  if (keys->prover_.public_key() != label_key) {
    return absl::FailedPreconditionError(
        "the label key is not the private half of the one in config, by which "
        "everybody judges the chains of this log: put the right key back");
  }
  return keys;
}

void ChainKeys::Get(std::string_view subject, uint32_t administration,
                    absl::AnyInvocable<void(absl::StatusOr<Hash>)> done) const {
  const absl::StatusOr<ProvenChainKey> made = Prove(subject, administration);
  if (made.ok()) {
    done(made->key);
  } else {
    done(made.status());
  }
}

absl::StatusOr<ProvenChainKey> ChainKeys::Prove(std::string_view subject,
                                                uint32_t administration) const {
  std::string alpha;
  const Finding finding =
      ChainAlpha({origin_, administration, subject}, &alpha);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(FindingSentence(finding));
  }
  VrfOutput beta;
  ProvenChainKey made;
  made.proof = prover_.Prove(alpha, &beta);
  std::memcpy(made.key.data(), beta.data(), made.key.size());
  return made;
}

}  // namespace vidimus
