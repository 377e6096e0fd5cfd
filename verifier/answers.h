// What was found, as JSON for other languages: the answers of c_api.h. Every
// member is described in docs/verifier_api.md. Each function writes members
// into the object that is open. Pure.
#ifndef VERIFIER_ANSWERS_H_
#define VERIFIER_ANSWERS_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "verifier/chain.h"
#include "verifier/chain_history.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction.h"
#include "verifier/entry_bundle.h"
#include "verifier/es256_answers.h"
#include "verifier/finding.h"
#include "verifier/json_writer.h"
#include "verifier/note.h"
#include "verifier/opening.h"
#include "verifier/policy.h"
#include "verifier/proven_register.h"
#include "verifier/register_proof.h"

namespace vidimus {

// The group of a policy whose members are monitors: their word is that a log's
// index holds every leaf.
inline constexpr std::string_view kMonitorsGroup = "monitors";

// The monitors' keys.
std::vector<VerifierKey> MonitorKeys(const Policy& policy);

// Who cosigned a head, and whether that is enough.
struct Cosigned {
  CosignatureTimes times;                 // by place in policy.witnesses
  std::optional<uint64_t> quorum_at_s;    // nothing also if nobody need cosign
  std::optional<uint64_t> monitors_at_s;  // since when the group is satisfied
};
Finding ReadCosigned(std::string_view note, const Policy& policy,
                     Cosigned* cosigned);

void WriteFinding(Finding finding, JsonWriter* json);
// What a finding is about. Nothing is written of what is empty.
void WritePlace(const char* part, const RegisterPlace& document,
                JsonWriter* json);
void WriteHead(const Checkpoint& checkpoint, JsonWriter* json);
void WriteCosigned(const Policy& policy, const Cosigned& cosigned,
                   JsonWriter* json);
void WriteDocuments(const std::vector<ProvenDocument>& documents,
                    JsonWriter* json);
void WriteOpened(const OpenedEntry& opened, std::string_view record,
                 JsonWriter* json);
void WriteChecks(std::string_view name, const std::vector<Es256Check>& checks,
                 JsonWriter* json);
void WriteConviction(std::string_view origin, const ConvictionReport& report,
                     JsonWriter* json);
// `probes` by place in report.chains; `judged` as JudgeAccesses gave it, or
// nothing, and then no chain has verdicts.
void WriteChains(const ChainsReport& report,
                 const std::vector<std::vector<uint64_t>>& probes,
                 const std::vector<JudgedChain>& judged, JsonWriter* json);
void WriteWords(JsonWriter* json);

}  // namespace vidimus

#endif  // VERIFIER_ANSWERS_H_
