#include "verifier/chain_history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "verifier/extract.h"
#include "verifier/leaf.h"
#include "verifier/proven_register.h"
#include "verifier/record.h"

namespace vidimus {
namespace {

// What RegisterIndex asks for.
constexpr RegisterType kJudgedTypes[] = {
    RegisterType::kAdministration, RegisterType::kProvision,
    RegisterType::kPurpose, RegisterType::kAiSystem,
    RegisterType::kIdentityService};

// What all chains of a bundle share: the history of its log but for entries.
class Bridge {
 public:
  explicit Bridge(const ChainsReport& report)
      : report_(report),
        batches_(report.extract.WholeBatches()),
        seals_(report.extract.Seals()) {
    shared_gap_ = ShareRegister();
  }

  HistoryGap Add(const ChainReport& chain, History* history) const {
    HistoryGap gap;
    gap.finding = chain.finding;
    gap.entry = chain.entry;
    if (gap.finding != Finding::kOk) return gap;
    if (shared_gap_.finding != Finding::kOk) return shared_gap_;
    HistoryLog log = shared_;
    for (uint64_t i = 0; i < chain.entries.size(); ++i) {
      const EntryReport& entry = chain.entries[i];
      const ProvenBatch* batch = BatchOf(entry.leaf_index);
      if (batch == nullptr || !ShowsAsOf(entry)) {
        gap.finding = Finding::kPositionUnproven;
        gap.entry = i;
        return gap;
      }
      log.entries.push_back({batch->position, batch->time_s,
                             entry.opened.content, entry.notice, entry.record});
    }
    if (history->logs.empty()) {
      history->subject = report_.subject;
      history->administration = chain.administration;
    }
    history->logs.push_back(std::move(log));
    return gap;
  }

 private:
  const ProvenBatch* BatchOf(uint64_t leaf_index) const {
    const auto found =
        std::lower_bound(batches_.begin(), batches_.end(), leaf_index,
                         [](const ProvenBatch& batch, uint64_t index) {
                           return batch.seal < index;
                         });
    return found != batches_.end() && found->position <= leaf_index ? &*found
                                                                    : nullptr;
  }

  // Whether it is known what stands at the end of the state that an access
  // names, if that is one of this log at all. A leaf that is no seal is known
  // too: then the administration named none that ever was.
  bool ShowsAsOf(const EntryReport& entry) const {
    if (ContentOf(entry.record) != RecordContent::kAccess) return true;
    AccessRecord access;
    if (ParseAccess(entry.record, &access, nullptr) != Finding::kOk ||
        access.as_of_origin != shared_.origin ||
        access.as_of_size > report_.extract.head().size) {
      return true;
    }
    Leaf leaf;
    return report_.extract.FindLeaf(access.as_of_size - 1, &leaf) ==
           Finding::kOk;
  }

  HistoryGap ShareRegister() {
    const ProvenRegister& proven = report_.proven_register;
    HistoryGap gap;
    for (const RegisterType type : kJudgedTypes) {
      if (proven.Shows(type)) continue;
      gap.finding = Finding::kKeyUnproven;
      gap.document = RegisterId{type, 0, 0};
      return gap;
    }
    shared_.origin = proven.config.origin;
    shared_.limits = LimitsOf(proven.config);
    shared_.head_time_s = report_.seal_time_s;
    for (const ProvenDocument& document : proven.documents) {
      const ProvenBatch* batch = BatchOf(document.leaf_index);
      if (batch == nullptr) {
        gap.finding = Finding::kPositionUnproven;
        gap.document = document.id;
        return gap;
      }
      shared_.documents.push_back(
          {document.id, batch->position, batch->time_s, document.message});
    }
    for (const auto& [index, seal] : seals_) {
      shared_.seals.push_back({index + 1, seal.time_s});
    }
    return gap;
  }

  const ChainsReport& report_;
  const std::vector<ProvenBatch> batches_;
  const std::map<uint64_t, Seal> seals_;
  HistoryLog shared_;
  HistoryGap shared_gap_;
};

}  // namespace

HistoryGap AddToHistory(const ChainsReport& report, const ChainReport& chain,
                        History* history) {
  return Bridge(report).Add(chain, history);
}

std::vector<JudgedChain> JudgeAccesses(const ChainsReport& report,
                                       Es256Verify es256) {
  const Bridge bridge(report);
  std::vector<JudgedChain> judged;
  for (const ChainReport& chain : report.chains) {
    JudgedChain& one = judged.emplace_back();
    one.administration = chain.administration;
    one.gap = bridge.Add(chain, &one.history);
    if (one.gap.finding != Finding::kOk) continue;
    one.verdicts = JudgeHistory(one.history, es256);
  }
  return judged;
}

}  // namespace vidimus
