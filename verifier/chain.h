// None is missing: a resident's chains in one log, judged whole. Pure: bytes
// and keys in, findings and a report out; no I/O, no clock, no chance. What is
// demanded and why: docs/completeness.md; the file: docs/bundles.md,
// proto/bundle.proto.
//
// A chain of n entries is complete at a head if
// - its key K is the only possible one under the label key of the log's config;
// - labels 0 to n-1 are in the index, each at the leaf that is shown; where a
//   monitor vouches for the index, it is enough that these leaves stand there;
// - label n is not in the index, nor any of eight more beyond it that the
//   checker drew at random before it asked;
// and the resident's chains are complete if there is one such for each number
// of the register, touched or not, and for `self`. That the index itself holds
// every leaf is known only to who has read them all: a monitor, whose
// cosignature on the head says so.
#ifndef VERIFIER_CHAIN_H_
#define VERIFIER_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/checkpoint.h"
#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/label.h"
#include "verifier/note.h"
#include "verifier/opening.h"
#include "verifier/proven_register.h"
#include "verifier/wire.h"

namespace vidimus {

// Labels beyond the end of a chain that are looked up: four nearby, four far.
inline constexpr size_t kProbes = 8;
inline constexpr size_t kProbesNear = 4;
inline constexpr uint64_t kProbeNearMax = 64;                // n+1 to n+64
inline constexpr uint64_t kProbeFarMax = uint64_t{1} << 20;  // to n+2^20

// What a file of chains may weigh.
inline constexpr size_t kChainBundleBytesMax = size_t{256} << 20;

// An entry as it is claimed: where it stands and what stands there.
struct ClaimedEntry {
  uint64_t leaf_index = 0;
  std::string_view leaf;  // 65 bytes
};

// A chain as it is claimed. Views that someone else owns.
struct ChainClaim {
  ChainName name;
  std::string_view chain_key;  // 32 bytes
  std::string_view vrf_proof;  // 80 bytes
  std::vector<ClaimedEntry> entries;
  // Numbers of the labels that were probed, ascending strictly.
  std::vector<uint64_t> probes;
};

// Judges whether the chain has exactly these entries at the extract's head. On
// anything but kOk `*entry` is the number in the chain that it is about. kOk;
// findings of VerifyChainKey and kChainKeyMismatch (entry 0); kChainHole,
// kEntryMismatch, kLeafNotOfKey, kLeafUnproven, kKeyUnproven,
// kPresenceUnproven, kIndexKeyTwice; kChainGoesOn; kProbesMissing,
// kProbePresent. One proof of the function and two hashes a label.
Finding JudgeChain(const Extract& extract, std::string_view label_key,
                   const ChainClaim& claim, uint64_t* entry);

// How an entry's content is shown.
struct EntryReport {
  uint64_t leaf_index = 0;
  // `opened.content` and `opened.finding` sum up: kOk with kOpen, kWithheld,
  // kRestricted, kErased; a finding with kMissing, kForged, or unreadable kOpen
  // content.
  OpenedEntry opened;
  // Of content that is kOpen: the record's bytes.
  std::string_view record;
  // Of kWithheld: until when, POSIX seconds.
  uint64_t until_s = 0;
  // Of content that is closed: the number of the notice in the chain.
  uint64_t notice = 0;
};

// What was found of one administration's chain.
struct ChainReport {
  uint32_t administration = 0;  // kSelf for `self`
  // kOk: there are exactly entries.size() entries. Else why that is not shown,
  // and of which entry if it is of one; no entries are then reported.
  Finding finding = Finding::kChainMissing;
  std::optional<uint64_t> entry;
  std::vector<EntryReport> entries;
};

// What was found of a whole bundle. Its views point into the bundle's bytes.
struct ChainsReport {
  Checkpoint checkpoint;
  uint64_t seal_time_s = 0;  // of the head, POSIX seconds
  std::string_view subject;
  // Cosignatures of the head by the given monitors. Under none nobody vouches
  // for the index.
  size_t monitors = 0;
  ProvenRegister proven_register;
  std::vector<ChainReport> chains;  // by number; `self` last
  // What the bundle's proofs show of the log, for chain_history.h.
  Extract extract;

  // What the finding for the bundle as a whole is about, if it is not kOk: a
  // document, or the name of a part of the file ("checkpoint"). Static storage.
  RegisterPlace document;
  const char* part = "";

  // The newest version of an administration's document; null for `self`.
  const Administration* Registered(uint32_t administration) const;
  // Whether each chain is complete.
  bool Complete() const;
  // Entries whose content carries a finding.
  uint64_t ContentFindings() const;
};

// The tables of proto/bundle.proto and proto/chain.proto.
extern const MessageRule kChainBundleRule;
extern const MessageRule kChainRule;

// How many of the monitors' keys cosigned the note.
size_t CountMonitors(std::string_view note,
                     const std::vector<VerifierKey>& monitors);

// Judges a chain bundle by the log's key. kOk if head, register and proofs
// hold; what was found of each chain is then in `*report`, and only
// report->Complete() says that none is missing. Else the first thing that is
// wrong with what all chains rest on: a finding of wire.h, Extract or
// ProveRegister, kOriginMismatch (a bundle of another log), kChainNotAsked.
// `bundle` must outlive `*report`. Total for any bytes up to
// kChainBundleBytesMax (kWireTooMany beyond).
Finding JudgeChainBundle(std::string_view bundle, const VerifierKey& log_key,
                         const std::vector<VerifierKey>& monitors,
                         ChainsReport* report);

}  // namespace vidimus

#endif  // VERIFIER_CHAIN_H_
