// Whose signatures make a checkpoint worth believing: C2SP tlog-policy. A text
// that names logs, witnesses and groups of witnesses, and how many of them are
// a quorum. Pure functions. Format, and how monitors stand in it:
// docs/policy.md.
//
// A witness here is whoever cosigns: who only compares a head with the last one
// (a witness proper), and who has read every leaf (a monitor). Policy tells
// them apart by groups.
#ifndef VERIFIER_POLICY_H_
#define VERIFIER_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/note.h"

namespace vidimus {

// What we read; the specification wants 32 of each at least.
inline constexpr size_t kPolicyBytesMax = 256 * 1024;
inline constexpr size_t kPolicyItemsMax = 256;  // of each kind

struct PolicyLog {
  VerifierKey key;  // its name is the log's origin
  std::string url;  // where it is read, or empty
};

struct PolicyWitness {
  std::string name;  // within the policy; the key has its own
  VerifierKey key;   // of a cosigner
  std::string url;   // where it takes checkpoints, or empty
};

// What a group or a quorum counts: a witness or an earlier group, by place.
struct PolicyMember {
  bool group = false;
  size_t place = 0;
};

struct PolicyGroup {
  std::string name;
  size_t threshold = 0;  // 1 to members.size()
  std::vector<PolicyMember> members;
};

struct Policy {
  std::vector<PolicyLog> logs;
  std::vector<PolicyWitness> witnesses;
  std::vector<PolicyGroup> groups;     // members stand before who counts them
  std::optional<PolicyMember> quorum;  // nothing: "none", nobody need cosign
};

// Parses a policy. kOk, or kPolicyMalformed, kPolicyName, kPolicyKey or
// kPolicyQuorum with `*line`, if not null, the number of the line that is wrong
// (from 1; the number after the last if something is missing at the end); a key
// that ParseVkey refuses is told as it tells it.
Finding ParsePolicy(std::string_view text, Policy* policy, size_t* line);

// The log with this origin, or null.
const PolicyLog* FindLog(const Policy& policy, std::string_view origin);
// The group with this name, or nothing.
std::optional<PolicyMember> FindGroup(const Policy& policy,
                                      std::string_view name);

// When each witness cosigned a head, POSIX seconds, by place; nothing: it did
// not. Of the size of policy.witnesses.
using CosignatureTimes = std::vector<std::optional<uint64_t>>;

// The cosignatures of the policy's witnesses on a note: each is judged, others
// are ignored. Findings of OpenNote, but for kUnknownSigner: a note without any
// has none.
Finding ReadCosignatures(std::string_view note, const Policy& policy,
                         CosignatureTimes* times);

// Since when `member` is satisfied: the time of a witness; of a group, the k-th
// newest of its members', where k is its threshold: its quorum is as old as the
// oldest cosignature that it needs. Nothing if it is not. `times` of the size
// of policy.witnesses (CHECK).
std::optional<uint64_t> SatisfiedAt(const Policy& policy,
                                    const PolicyMember& member,
                                    const CosignatureTimes& times);

}  // namespace vidimus

#endif  // VERIFIER_POLICY_H_
