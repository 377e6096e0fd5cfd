#include "client/prosecutor.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/tree_reader.h"
#include "proto/status.h"
#include "verifier/conviction.h"
#include "verifier/conviction_builder.h"
#include "verifier/encoding.h"
#include "verifier/index.h"
#include "verifier/index_builder.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/runs.h"

namespace vidimus {
namespace {

// 1,024 keys in 20 runs, each by a way of its own.
constexpr size_t kKeysProofBytesMax = size_t{32} << 20;
// Keys of a run that are asked for one by one before the whole run is shown.
constexpr size_t kCulpritsMax = 16384;

class Prosecutor {
 public:
  Prosecutor(Fetcher* fetcher, const SignedHead& head, const AuditStop& stop,
             const KeyProver& prove_keys)
      : stop_(stop), prove_keys_(prove_keys), maker_(fetcher, head) {}

  absl::StatusOr<ConvictionFile> Convict() {
    const uint64_t leaf = stop_.leaf_index;
    switch (stop_.finding) {
      case Finding::kLeafSize:
      case Finding::kLeafKindUnknown:
      case Finding::kSealSpareBytes:
      case Finding::kSealCoverage:
        return Made(builder().ImpossibleLeaf(leaf));
      case Finding::kFirstBatch:
        return Made(builder().ImpossibleLeaf(1));
      case Finding::kBatchUnfinished:
        return Made(builder().ImpossibleLeaf(maker_.head().head.size - 1));
      case Finding::kBatchOrder:
        return Made(builder().ImpossibleLeaves(leaf - 1, leaf, ""));
      case Finding::kBatchDuplicateKey:
        return Made(builder().Duplicate(leaf - 1, leaf));
      case Finding::kSealTimeDecreases:
        return Made(builder().ImpossibleLeaves(stop_.last_seal, leaf, ""));
      case Finding::kBatchTooSmall: {
        ASSIGN_OR_RETURN(const std::string config, maker_.ReadConfig());
        return Made(builder().ImpossibleLeaves(stop_.last_seal, leaf, config));
      }
      case Finding::kIndexKeyTwice: {
        const auto& twice = *stop_.index->twice();
        return Made(builder().Duplicate(twice.first, twice.second));
      }
      case Finding::kIndexRoot:
        return ConvictIndex();
      default:
        return absl::NotFoundError("this convicts nobody: it is an alarm");
    }
  }

 private:
  const ConvictionBuilder& builder() const { return maker_.builder(); }
  absl::StatusOr<ConvictionFile> Made(std::optional<std::string> bytes) const {
    return maker_.Made(std::move(bytes));
  }

  // The seal at stop_.leaf_index has another index root than its leaves give.
  absl::StatusOr<ConvictionFile> ConvictIndex() {
    const uint64_t seal = stop_.leaf_index;
    Leaf leaf;
    RETURN_IF_ERROR(maker_.ReadLeaf(seal, &leaf));
    if (leaf.kind != LeafKind::kSeal) {
      return absl::DataLossError("the seal cannot be read");
    }
    index_root_ = leaf.a;
    if (prove_keys_ == nullptr) return GuessOmission();
    const auto asked = AskIndex();
    if (asked.ok()) return asked;
    const auto guessed = GuessOmission();
    return guessed.ok() ? guessed : asked;
  }

  absl::StatusOr<AbsenceProof> AskOne(const Hash& key) {
    return AskForKey(prove_keys_, stop_.leaf_index, index_root_, key);
  }

  // Finds the run that is wrong, then a key of it for which the log's own
  // answer shows that; else shows the run.
  absl::StatusOr<ConvictionFile> AskIndex() {
    const std::vector<RunRange> runs = RunsInForce(stop_.leaf_index);
    ASSIGN_OR_RETURN(const AbsenceProof any, AskOne(Hash{}));
    const std::vector<Hash>& ours = stop_.index->run_roots();
    uint32_t run = 0;
    while (run < runs.size() && any.run_roots[run] == ours[run]) ++run;
    if (run == runs.size()) {
      return absl::InternalError("the index roots agree");
    }
    const std::vector<IndexEntry> entries = stop_.index->Entries(runs[run]);
    if (entries.size() <= kCulpritsMax) {
      for (size_t first = 0; first < entries.size(); first += kKeysAskedMax) {
        const size_t count = std::min(kKeysAskedMax, entries.size() - first);
        ASSIGN_OR_RETURN(const IndexEntry* culprit,
                         FindCulprit(entries.data() + first, count));
        if (culprit != nullptr) return ShowCulprit(*culprit);
      }
    }
    return Made(builder().WrongSeal(stop_.leaf_index, any.run_roots, run));
  }

  // The first of `count` entries that the log's index does not have as it is.
  absl::StatusOr<const IndexEntry*> FindCulprit(const IndexEntry* entries,
                                                size_t count) {
    std::vector<Hash> keys;
    for (size_t i = 0; i < count; ++i) keys.push_back(entries[i].key);
    ASSIGN_OR_RETURN(const std::string proof,
                     prove_keys_(stop_.leaf_index, keys));
    std::vector<IndexAnswer> answers;
    const Finding finding =
        VerifySeveral(keys, index_root_, stop_.leaf_index, proof, &answers);
    if (finding != Finding::kOk) {
      return absl::DataLossError(absl::StrCat(
          "the log's proof of keys is wrong: ", FindingSentence(finding)));
    }
    for (size_t i = 0; i < count; ++i) {
      if (answers[i] != IndexAnswer(entries[i].index)) return entries + i;
    }
    return nullptr;
  }

  absl::StatusOr<ConvictionFile> ShowCulprit(const IndexEntry& entry) {
    ASSIGN_OR_RETURN(AbsenceProof paths, AskOne(entry.key));
    for (TriePath& path : paths.paths) {
      if (!path.end.has_value() || path.end->key != entry.key) continue;
      const uint64_t said = path.end->index;
      // It may be led to an earlier leaf with the same key, rightly.
      Leaf leaf;
      RETURN_IF_ERROR(maker_.ReadLeaf(said, &leaf));
      if (leaf.kind != LeafKind::kSeal && leaf.a == entry.key) {
        return Made(builder().Duplicate(std::min(said, entry.index),
                                        std::max(said, entry.index)));
      }
      return Made(builder().WrongIndexEntry(
          entry.key, said, stop_.leaf_index,
          {std::move(paths.run_roots), std::move(path)}));
    }
    return Made(builder().Omission(entry.index, stop_.leaf_index, paths));
  }

  // Without the log's help: tries whether the index is right but for one key of
  // the last run.
  absl::StatusOr<ConvictionFile> GuessOmission() {
    const RunRange run = RunsInForce(stop_.leaf_index).back();
    const std::vector<IndexEntry> entries = stop_.index->Entries(run);
    std::vector<Hash> roots = stop_.index->run_roots();
    if (entries.size() <= kRunLeavesMin) {
      for (size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].index <= stop_.last_seal) continue;
        std::vector<IndexEntry> rest = entries;
        rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
        roots.back() = RunRoot(rest);
        if (IndexRoot(stop_.leaf_index, roots) != index_root_) continue;
        AbsenceProof absence;
        absence.run_roots = roots;
        for (const RunRange& each : RunsInForce(stop_.leaf_index)) {
          absence.paths.push_back(MakeTriePath(
              each == run ? rest : stop_.index->Entries(each), entries[i].key));
        }
        return Made(
            builder().Omission(entries[i].index, stop_.leaf_index, absence));
      }
    }
    return absl::UnavailableError(
        "the log has not said what its index holds; ask it over its URL");
  }

  const AuditStop& stop_;
  const KeyProver& prove_keys_;
  ConvictionMaker maker_;
  Hash index_root_ = {};
};

}  // namespace

absl::StatusOr<AbsenceProof> AskForKey(const KeyProver& prove_keys,
                                       uint64_t seal, const Hash& index_root,
                                       const Hash& key) {
  ASSIGN_OR_RETURN(const std::string proof, prove_keys(seal, {key}));
  std::vector<IndexAnswer> answers;
  Finding finding = VerifySeveral({key}, index_root, seal, proof, &answers);
  AbsenceProof paths;
  if (finding == Finding::kOk) {
    finding = PathsFromSeveral(key, seal, proof, &paths);
  }
  if (finding != Finding::kOk) {
    return absl::DataLossError(absl::StrCat(
        "the log's proof of a key is wrong: ", FindingSentence(finding)));
  }
  return paths;
}

KeyProver ProverOf(Fetcher* fetcher) {
  return [fetcher](
             uint64_t size,
             const std::vector<Hash>& keys) -> absl::StatusOr<std::string> {
    std::string request;
    AppendBe64(size, &request);
    request += BytesOfHashes(keys);
    ASSIGN_OR_RETURN(const std::string answer,
                     fetcher->Post("index/proof", request, kKeysProofBytesMax));
    if (answer.size() < 8 || Be64(answer) != size) {
      return absl::DataLossError("index/proof: an answer about another size");
    }
    return answer.substr(8);
  };
}

absl::StatusOr<ConvictionFile> Convict(Fetcher* fetcher, const SignedHead& head,
                                       const AuditStop& stop,
                                       const KeyProver& prove_keys) {
  return Prosecutor(fetcher, head, stop, prove_keys).Convict();
}

absl::StatusOr<ConvictionFile> ConvictFork(Fetcher* fetcher,
                                           const SignedHead& head,
                                           absl::string_view older_note,
                                           uint64_t older_size) {
  const std::string_view older(older_note.data(), older_note.size());
  std::vector<Hash> subtrees;
  if (older_size > 0 && older_size < head.head.size) {
    TreeReader tree(fetcher, head.head.size);
    auto made = CommonSubtrees(older_size, head.head.size,
                               [&tree](int level, uint64_t index, Hash* hash) {
                                 return tree.Node(level, index, hash);
                               });
    if (!made.has_value()) return tree.status();
    subtrees = *std::move(made);
  }
  return JudgedConviction(head, ForkConviction(head.note, older, subtrees));
}

}  // namespace vidimus
