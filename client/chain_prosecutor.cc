#include "client/chain_prosecutor.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/conviction_maker.h"
#include "proto/bundle.pb.h"
#include "proto/status.h"
#include "verifier/chain.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/conviction_builder.h"
#include "verifier/crypto.h"
#include "verifier/index.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// Labels beyond the end of a chain that are looked up.
constexpr uint64_t kBeyond = kProbeNearMax;

class ChainProsecutor {
 public:
  ChainProsecutor(Fetcher* fetcher, const SignedHead& head,
                  const v1::ChainBundle& bundle, const ChainsReport& report)
      : bundle_(bundle),
        report_(report),
        prove_keys_(ProverOf(fetcher)),
        seal_(head.head.size - 1),
        maker_(fetcher, head) {}

  absl::StatusOr<ConvictionFile> Convict() {
    Leaf seal;
    RETURN_IF_ERROR(maker_.ReadLeaf(seal_, &seal));
    index_root_ = seal.a;
    ASSIGN_OR_RETURN(config_bytes_, maker_.ReadConfig());
    Document document;
    Config config;
    if (SplitDocument(config_bytes_, &document) != Finding::kOk ||
        ParseConfig(document.message, 0, &config, nullptr) != Finding::kOk) {
      return absl::DataLossError("config cannot be read");
    }
    for (const v1::ProbedChain& probed : bundle_.chain()) {
      const v1::Chain& chain = probed.chain();
      Hash key;
      const ChainName name = {maker_.head().log_key.name,
                              chain.administration(), chain.subject()};
      // A key without a proof is an answer like any other: nobody signed it.
      if (VerifyChainKey(config.label_key, name, chain.vrf_proof(), &key) !=
          Finding::kOk) {
        continue;
      }
      auto file = ConvictChain(probed, name, key);
      if (file.ok() || !absl::IsNotFound(file.status())) return file;
    }
    return Nothing();
  }

 private:
  static absl::Status Nothing() {
    return absl::NotFoundError(
        "this convicts nobody: nothing that the log signed shows it, so it is "
        "an alarm");
  }

  const ConvictionBuilder& builder() const { return maker_.builder(); }
  absl::StatusOr<ConvictionFile> Made(std::optional<std::string> bytes) const {
    return maker_.Made(std::move(bytes));
  }

  // Where the index says that the chain's labels stand: number -> answer.
  absl::StatusOr<std::map<uint64_t, IndexAnswer>> Places(
      const v1::ProbedChain& probed, const Hash& key) {
    std::map<Hash, uint64_t> numbers;
    const auto end = static_cast<uint64_t>(probed.chain().entries_size());
    for (uint64_t i = 0; i <= end + kBeyond; ++i) {
      numbers.emplace(ChainLabel(key, i), i);
    }
    for (const uint64_t probe : probed.probe()) {
      numbers.emplace(ChainLabel(key, probe), probe);
    }
    std::map<uint64_t, IndexAnswer> places;
    for (auto next = numbers.begin(); next != numbers.end();) {
      std::vector<Hash> keys;
      std::vector<uint64_t> asked;
      for (; next != numbers.end() && keys.size() < kKeysAskedMax; ++next) {
        keys.push_back(next->first);
        asked.push_back(next->second);
      }
      ASSIGN_OR_RETURN(const std::string proof, prove_keys_(seal_, keys));
      std::vector<IndexAnswer> answers;
      const Finding finding =
          VerifySeveral(keys, index_root_, seal_, proof, &answers);
      if (finding != Finding::kOk) {
        return absl::DataLossError(absl::StrCat(
            "the log's proof of keys is wrong: ", FindingSentence(finding)));
      }
      for (size_t k = 0; k < keys.size(); ++k) places[asked[k]] = answers[k];
    }
    return places;
  }

  absl::StatusOr<ConvictionFile> ConvictChain(const v1::ProbedChain& probed,
                                              const ChainName& name,
                                              const Hash& key) {
    ASSIGN_OR_RETURN(const auto places, Places(probed, key));
    std::optional<uint64_t> missing, last;
    for (const auto& [number, place] : places) {
      const Hash label = ChainLabel(key, number);
      Leaf leaf;
      if (place.has_value()) {
        last = number;
        RETURN_IF_ERROR(maker_.ReadLeaf(*place, &leaf));
        if (leaf.kind != LeafKind::kSeal && leaf.a == label) continue;
        ASSIGN_OR_RETURN(AbsenceProof ways,
                         AskForKey(prove_keys_, seal_, index_root_, label));
        for (TriePath& way : ways.paths) {
          if (!way.end.has_value() || way.end->key != label) continue;
          return Made(builder().WrongIndexEntry(
              label, *place, seal_,
              {std::move(ways.run_roots), std::move(way)}));
        }
        continue;
      }
      if (!missing.has_value()) missing = number;
      if (number >= static_cast<uint64_t>(probed.chain().entries_size())) {
        continue;
      }
      // The index lacks an entry that the log showed.
      const uint64_t shown =
          probed.chain().entries(static_cast<int>(number)).leaf_index();
      if (shown >= seal_) continue;
      RETURN_IF_ERROR(maker_.ReadLeaf(shown, &leaf));
      if (leaf.kind != LeafKind::kSubject || leaf.a != label) continue;
      ASSIGN_OR_RETURN(const AbsenceProof absence,
                       AskForKey(prove_keys_, seal_, index_root_, label));
      return Made(builder().Omission(shown, seal_, absence));
    }
    const ChainEvidence evidence = {name, probed.chain().vrf_proof(),
                                    config_bytes_};
    if (missing.has_value() && last.has_value() && *missing < *last) {
      ASSIGN_OR_RETURN(const AbsenceProof absence,
                       AskForKey(prove_keys_, seal_, index_root_,
                                 ChainLabel(key, *missing)));
      return Made(builder().Hole(evidence, *places.at(*last), *last, *missing,
                                 seal_, absence));
    }
    return ConvictContent(probed.chain(), evidence);
  }

  // Content of another chain under one of this chain's labels.
  absl::StatusOr<ConvictionFile> ConvictContent(const v1::Chain& chain,
                                                const ChainEvidence& evidence) {
    for (const ChainReport& report : report_.chains) {
      if (report.administration != chain.administration()) continue;
      for (size_t i = 0; i < report.entries.size(); ++i) {
        if (report.entries[i].opened.finding != Finding::kRecordElsewhere) {
          continue;
        }
        const v1::Opening& opening =
            chain.entries(static_cast<int>(i)).opening();
        auto file = Made(
            builder().WrongContent(evidence, report.entries[i].leaf_index,
                                   {opening.record_salt(), opening.record(),
                                    opening.actor_salt(), opening.actor()},
                                   i));
        // It may be the entry's id alone that is another: an alarm.
        if (file.ok()) return file;
      }
    }
    return Nothing();
  }

  const v1::ChainBundle& bundle_;
  const ChainsReport& report_;
  const KeyProver prove_keys_;
  const uint64_t seal_;
  ConvictionMaker maker_;
  Hash index_root_ = {};
  std::string config_bytes_;
};

}  // namespace

absl::StatusOr<ConvictionFile> ConvictChains(
    Fetcher* fetcher, const VerifierKey& log_key,
    const std::vector<VerifierKey>& monitors, absl::string_view bundle) {
  const std::string_view bytes(bundle.data(), bundle.size());
  v1::ChainBundle parsed;
  ChainsReport report;
  JudgeChainBundle(bytes, log_key, monitors, &report);
  SignedHead head;
  head.log_key = log_key;
  Checkpoint checkpoint;
  if (!parsed.ParseFromArray(bundle.data(), static_cast<int>(bundle.size())) ||
      OpenCheckpoint(parsed.checkpoint(), log_key, &checkpoint) !=
          Finding::kOk ||
      checkpoint.head.size < 2) {
    return absl::InvalidArgumentError("the file holds no head of this log");
  }
  head.note = parsed.checkpoint();
  head.head = checkpoint.head;
  return ChainProsecutor(fetcher, head, parsed, report).Convict();
}

}  // namespace vidimus
