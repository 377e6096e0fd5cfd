#include "verifier/chain.h"

#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "verifier/proof_parts.h"

namespace vidimus {
namespace {

// --- The tables --------------------------------------------------------------

constexpr FieldRule kChainEntryFields[] = {
    {1, FieldKind::kUint64, false, "leaf_index", nullptr},
    {2, FieldKind::kBytes, false, "leaf", nullptr},
    {3, FieldKind::kEnum, false, "state", nullptr},
    {4, FieldKind::kMessage, false, "opening", &kOpeningRule},
    {5, FieldKind::kUint64, false, "notice", nullptr},
};
constexpr MessageRule kChainEntry = {"ChainEntry", kChainEntryFields,
                                     std::size(kChainEntryFields)};

constexpr FieldRule kChainFields[] = {
    {1, FieldKind::kUint32, false, "administration", nullptr},
    {2, FieldKind::kBytes, false, "subject", nullptr},
    {3, FieldKind::kBytes, false, "chain_key", nullptr},
    {4, FieldKind::kBytes, false, "vrf_proof", nullptr},
    {5, FieldKind::kMessage, true, "entries", &kChainEntry},
};

constexpr FieldRule kProbedChainFields[] = {
    {1, FieldKind::kMessage, false, "chain", &kChainRule},
    {2, FieldKind::kUint64, true, "probe", nullptr},
};
constexpr MessageRule kProbedChain = {"ProbedChain", kProbedChainFields,
                                      std::size(kProbedChainFields)};

constexpr FieldRule kChainBundleFields[] = {
    {1, FieldKind::kText, false, "origin", nullptr},
    kCheckpointField,
    kLeavesField,
    kKeysField,
    kDocumentField,
    {6, FieldKind::kMessage, true, "chain", &kProbedChain},
};

// --- Reading -----------------------------------------------------------------
// What is read below has been judged by JudgeWire.

// The states of proto/chain.proto.
enum State : uint64_t {
  kStateOpen = 1,
  kStateWithheld = 2,
  kStateRestricted = 3,
  kStateErased = 4,
};

struct ShownEntry {
  ClaimedEntry claimed;
  uint64_t state = 0;
  bool has_opening = false;
  ShownOpening opening;
  uint64_t notice = 0;
};

struct ShownChain {
  uint32_t administration = 0;
  std::string_view subject;
  std::string_view chain_key;
  std::string_view vrf_proof;
  std::vector<ShownEntry> entries;
  std::vector<uint64_t> probes;
};

struct ShownBundle {
  std::string_view origin;
  ProofParts proofs;
  std::vector<ShownChain> chains;
};

Finding ReadEntry(std::string_view message, ShownEntry* entry) {
  WireReader reader(kChainEntry, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        entry->claimed.leaf_index = field.number;
        break;
      case 2:
        entry->claimed.leaf = field.bytes;
        break;
      case 3:
        entry->state = field.number;
        break;
      case 4:
        entry->has_opening = true;
        RETURN_IF_FOUND(ParseOpening(field.bytes, &entry->opening));
        break;
      default:
        entry->notice = field.number;
    }
  }
  return reader.finding();
}

Finding ReadChain(std::string_view message, ShownChain* chain) {
  WireReader reader(kChainRule, message);
  WireField field;
  while (reader.Next(&field)) {
    switch (field.rule->number) {
      case 1:
        chain->administration = static_cast<uint32_t>(field.number);
        break;
      case 2:
        chain->subject = field.bytes;
        break;
      case 3:
        chain->chain_key = field.bytes;
        break;
      case 4:
        chain->vrf_proof = field.bytes;
        break;
      default:
        RETURN_IF_FOUND(ReadEntry(field.bytes, &chain->entries.emplace_back()));
    }
  }
  return reader.finding();
}

Finding ReadProbedChain(std::string_view message, ShownChain* chain) {
  WireReader reader(kProbedChain, message);
  WireField field;
  while (reader.Next(&field)) {
    if (field.rule->number == 1) {
      RETURN_IF_FOUND(ReadChain(field.bytes, chain));
    } else {
      chain->probes.push_back(field.number);
    }
  }
  return reader.finding();
}

Finding ReadBundle(std::string_view bytes, ShownBundle* bundle) {
  RETURN_IF_FOUND(JudgeWire(kChainBundleRule, bytes));
  WireReader reader(kChainBundleRule, bytes);
  WireField field;
  while (reader.Next(&field)) {
    if (TakeProofPart(field, &bundle->proofs)) continue;
    if (field.rule->number == 1) {
      bundle->origin = field.bytes;
    } else {
      RETURN_IF_FOUND(
          ReadProbedChain(field.bytes, &bundle->chains.emplace_back()));
    }
  }
  return reader.finding();
}

// --- One chain ---------------------------------------------------------------

// Probes must be where chance was asked to put them; that it was chance, only
// the one who drew them knows.
Finding JudgeProbes(const Extract& extract, const Hash& chain_key,
                    const ChainClaim& claim, uint64_t* entry) {
  const uint64_t end = claim.entries.size();
  size_t near = 0;
  size_t usable = 0;
  uint64_t last = end;
  for (const uint64_t probe : claim.probes) {
    if (probe <= last || probe > end + kProbeFarMax) {
      return Finding::kProbesMissing;
    }
    last = probe;
    IndexAnswer answer;
    RETURN_IF_FOUND(extract.FindKey(ChainLabel(chain_key, probe), &answer));
    if (answer.has_value()) {
      *entry = probe;
      return Finding::kProbePresent;
    }
    ++usable;
    if (probe <= end + kProbeNearMax) ++near;
  }
  return usable >= kProbes && near >= kProbesNear ? Finding::kOk
                                                  : Finding::kProbesMissing;
}

// --- What a chain's entries say ----------------------------------------------

bool EventFits(uint64_t state, const Notice& notice) {
  switch (state) {
    case kStateWithheld:
      return notice.event == NoticeEvent::kWithholding;
    case kStateRestricted:
      return notice.event == NoticeEvent::kRestriction && !notice.lifted;
    case kStateErased:
      return notice.event == NoticeEvent::kErasure;
    default:
      return false;
  }
}

class ContentJudge {
 public:
  // `chain` is complete, and is entry for entry what `report` will be of.
  ContentJudge(const Extract& extract, const ProvenRegister& proven_register,
               const ShownChain& chain, ChainReport* report)
      : extract_(extract),
        proven_register_(proven_register),
        chain_(chain),
        report_(report) {}

  void Judge() {
    report_->entries.resize(chain_.entries.size());
    for (size_t i = 0; i < chain_.entries.size(); ++i) JudgeOpened(i);
    for (size_t i = 0; i < chain_.entries.size(); ++i) {
      if (chain_.entries[i].state != kStateOpen) JudgeClosed(i);
    }
  }

 private:
  void Refuse(size_t i, Content content, Finding finding) {
    EntryReport& report = report_->entries[i];
    report.opened = OpenedEntry();
    report.opened.content = content;
    report.opened.finding = finding;
    report.record = {};
  }

  void JudgeOpened(size_t i) {
    const ShownEntry& entry = chain_.entries[i];
    EntryReport& report = report_->entries[i];
    report.leaf_index = entry.claimed.leaf_index;
    if (entry.state != kStateOpen) return;
    Leaf leaf;
    if (!entry.has_opening ||
        extract_.FindLeaf(entry.claimed.leaf_index, &leaf) != Finding::kOk) {
      Refuse(i, Content::kMissing, Finding::kOpeningMissing);
      return;
    }
    std::vector<std::string_view> entry_keys;
    if (entry.opening.has_request) {
      const Finding finding =
          proven_register_.EntryKeys(extract_, chain_.administration,
                                     entry.claimed.leaf_index, &entry_keys);
      if (finding != Finding::kOk) {
        Refuse(i, Content::kMissing, finding);
        return;
      }
    }
    report.opened = JudgeOpening(
        {extract_.checkpoint().origin, chain_.administration, chain_.subject},
        leaf.b, entry_keys, entry.opening);
    // Who has a signed access could file it twice.
    if (report.opened.content == Content::kOpen && entry.opening.has_request &&
        !signed_ids_.insert(entry.opening.entry_id).second) {
      Refuse(i, Content::kForged, Finding::kEntryTwice);
    }
    const OpenedEntry& opened = report.opened;
    if (opened.content == Content::kOpen) {
      report.record = entry.opening.opening.record;
    }
    if (opened.content == Content::kOpen &&
        opened.kind == RecordContent::kNotice &&
        opened.notice.event == NoticeEvent::kRestriction) {
      newest_restriction_[opened.notice.entry] = i;
    }
  }

  void JudgeClosed(size_t i) {
    const ShownEntry& entry = chain_.entries[i];
    EntryReport& report = report_->entries[i];
    if (entry.has_opening) {
      Refuse(i, Content::kMissing, Finding::kOpeningSpare);
      return;
    }
    if (entry.state < kStateWithheld || entry.state > kStateErased) {
      Refuse(i, Content::kMissing, Finding::kOpeningMissing);
      return;
    }
    if (entry.notice >= report_->entries.size()) {
      Refuse(i, Content::kMissing, Finding::kNoticeMissing);
      return;
    }
    const OpenedEntry& said = report_->entries[entry.notice].opened;
    if (chain_.entries[entry.notice].state != kStateOpen ||
        said.content != Content::kOpen || said.kind != RecordContent::kNotice ||
        said.notice.entry != i || !EventFits(entry.state, said.notice)) {
      Refuse(i, Content::kMissing, Finding::kNoticeMissing);
      return;
    }
    report.notice = entry.notice;
    report.opened.finding = Finding::kOk;
    switch (entry.state) {
      case kStateWithheld:
        if (said.notice.until_s <= extract_.seal().time_s) {
          Refuse(i, Content::kMissing, Finding::kWithholdingOver);
          return;
        }
        report.until_s = said.notice.until_s;
        report.opened.content = Content::kWithheld;
        return;
      case kStateRestricted:
        // A later one may have lifted it.
        if (newest_restriction_[i] != entry.notice) {
          Refuse(i, Content::kMissing, Finding::kNoticeMissing);
          return;
        }
        report.opened.content = Content::kRestricted;
        return;
      default:
        report.opened.content = Content::kErased;
    }
  }

  const Extract& extract_;
  const ProvenRegister& proven_register_;
  const ShownChain& chain_;
  ChainReport* const report_;
  std::set<std::string_view> signed_ids_;
  // Entry -> the last notice that restricts it or lifts that.
  std::map<uint64_t, uint64_t> newest_restriction_;
};

// --- All chains --------------------------------------------------------------

ChainReport ReportChain(const Extract& extract,
                        const ProvenRegister& proven_register,
                        const ShownChain& chain) {
  ChainReport report;
  report.administration = chain.administration;
  ChainClaim claim;
  claim.name = {extract.checkpoint().origin, chain.administration,
                chain.subject};
  claim.chain_key = chain.chain_key;
  claim.vrf_proof = chain.vrf_proof;
  claim.probes = chain.probes;
  for (const ShownEntry& entry : chain.entries) {
    claim.entries.push_back(entry.claimed);
  }
  uint64_t entry = 0;
  report.finding =
      JudgeChain(extract, proven_register.config.label_key, claim, &entry);
  if (report.finding != Finding::kOk) {
    report.entry = entry;
    return report;
  }
  ContentJudge(extract, proven_register, chain, &report).Judge();
  return report;
}

// Each chain is of one subject, and of a number of the register or `self`, and
// of each there is one at most.
Finding SortChains(const ShownBundle& bundle, uint64_t administrations,
                   std::map<uint32_t, const ShownChain*>* chains) {
  for (const ShownChain& chain : bundle.chains) {
    const bool known =
        chain.administration == kSelf || chain.administration < administrations;
    if (!known || chain.subject != bundle.chains[0].subject ||
        !chains->emplace(chain.administration, &chain).second) {
      return Finding::kChainNotAsked;
    }
  }
  return Finding::kOk;
}

}  // namespace

constexpr MessageRule kChainRule = {"Chain", kChainFields,
                                    std::size(kChainFields)};
constexpr MessageRule kChainBundleRule = {"ChainBundle", kChainBundleFields,
                                          std::size(kChainBundleFields)};

Finding JudgeChain(const Extract& extract, std::string_view label_key,
                   const ChainClaim& claim, uint64_t* entry) {
  *entry = 0;
  Hash chain_key = {};
  RETURN_IF_FOUND(
      VerifyChainKey(label_key, claim.name, claim.vrf_proof, &chain_key));
  if (claim.chain_key != Bytes(chain_key)) return Finding::kChainKeyMismatch;

  for (uint64_t i = 0; i < claim.entries.size(); ++i) {
    *entry = i;
    uint64_t index = 0;
    Leaf leaf;
    const Finding finding = extract.FindEntry(
        ChainLabel(chain_key, i), LeafKind::kSubject, &index, &leaf);
    if (finding == Finding::kIndexKeyAbsent) return Finding::kChainHole;
    // Nothing carries the label, and another leaf stands where it should.
    if (finding == Finding::kKeyUnproven &&
        extract.FindLeaf(claim.entries[i].leaf_index, &leaf) == Finding::kOk) {
      return Finding::kEntryMismatch;
    }
    RETURN_IF_FOUND(finding);
    if (index != claim.entries[i].leaf_index ||
        FormatLeaf(leaf) != claim.entries[i].leaf) {
      return Finding::kEntryMismatch;
    }
  }
  *entry = claim.entries.size();
  IndexAnswer answer;
  RETURN_IF_FOUND(extract.FindKey(ChainLabel(chain_key, *entry), &answer));
  if (answer.has_value()) return Finding::kChainGoesOn;
  return JudgeProbes(extract, chain_key, claim, entry);
}

size_t CountMonitors(std::string_view note,
                     const std::vector<VerifierKey>& monitors) {
  size_t count = 0;
  for (const VerifierKey& monitor : monitors) {
    OpenedNote opened;
    if (monitor.type == kKeyTypeCosignatureEd25519 &&
        OpenNote(note, {monitor}, &opened) == Finding::kOk) {
      ++count;
    }
  }
  return count;
}

const Administration* ChainsReport::Registered(uint32_t administration) const {
  return administration < proven_register.administrations.size()
             ? &proven_register.administrations[administration]
                    .back()
                    .administration
             : nullptr;
}

bool ChainsReport::Complete() const {
  for (const ChainReport& chain : chains) {
    if (chain.finding != Finding::kOk) return false;
  }
  return !chains.empty();
}

uint64_t ChainsReport::ContentFindings() const {
  uint64_t count = 0;
  for (const ChainReport& chain : chains) {
    for (const EntryReport& entry : chain.entries) {
      if (entry.opened.finding != Finding::kOk) ++count;
    }
  }
  return count;
}

Finding JudgeChainBundle(std::string_view bundle, const VerifierKey& log_key,
                         const std::vector<VerifierKey>& monitors,
                         ChainsReport* report) {
  *report = ChainsReport();
  report->part = "file";
  if (bundle.size() > kChainBundleBytesMax) return Finding::kWireTooMany;
  ShownBundle shown;
  RETURN_IF_FOUND(ReadBundle(bundle, &shown));
  report->part = "origin";
  if (shown.origin != log_key.name) return Finding::kOriginMismatch;

  report->part = "checkpoint";
  Extract& extract = report->extract;
  RETURN_IF_FOUND(extract.Open(shown.proofs.checkpoint, log_key));
  report->checkpoint = extract.checkpoint();
  report->monitors = CountMonitors(shown.proofs.checkpoint, monitors);
  if (report->monitors > 0) extract.TrustIndex();

  RETURN_IF_FOUND(TakeProofs(shown.proofs, &extract, &report->part));
  report->seal_time_s = extract.seal().time_s;
  report->part = "register";
  RETURN_IF_FOUND(ProveRegister(extract, shown.proofs.documents,
                                &report->proven_register, &report->document));

  report->part = "chains";
  const auto administrations =
      static_cast<uint32_t>(report->proven_register.administrations.size());
  std::map<uint32_t, const ShownChain*> chains;
  RETURN_IF_FOUND(SortChains(shown, administrations, &chains));
  if (!shown.chains.empty()) report->subject = shown.chains[0].subject;
  for (uint32_t number = 0; number <= administrations; ++number) {
    const uint32_t administration = number < administrations ? number : kSelf;
    const auto found = chains.find(administration);
    if (found == chains.end()) {
      ChainReport missing;
      missing.administration = administration;
      report->chains.push_back(std::move(missing));
      continue;
    }
    report->chains.push_back(
        ReportChain(extract, report->proven_register, *found->second));
  }
  report->part = "";
  return Finding::kOk;
}

}  // namespace vidimus
