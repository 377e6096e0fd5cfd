#include "client/monitor/branching_log.h"

#include <optional>

#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction_builder.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {

std::string Cosigned(const std::string& note, const NoteSigner& cosigner,
                     uint64_t time_s) {
  Note split;
  CHECK(SplitNote(note, &split) == Finding::kOk);
  std::string line;
  CHECK(cosigner.Sign(split.text, time_s, &line));
  return note + line;
}

Ed25519NoteSigner TestSigner(const std::string& name, uint8_t type) {
  const Hash seed = Sha256(name);
  return Ed25519NoteSigner(name, type, Bytes(seed));
}

BranchingLog::BranchingLog(const std::string& origin)
    : signer_(origin, kKeyTypeEd25519, Bytes(Sha256(origin))), branches_(1) {}

void BranchingLog::Append(Branch* branch, const Hash& leaf) {
  branch->range.Append(leaf, [branch](int level, uint64_t, const Hash& hash) {
    const size_t place = static_cast<size_t>(level);
    if (branch->levels.size() <= place) branch->levels.resize(place + 1);
    branch->levels[place].push_back(hash);
  });
}

size_t BranchingLog::Fork(size_t branch, uint64_t size) {
  CHECK_LE(size, branches_[branch].range.size());
  Branch forked;
  for (uint64_t i = 0; i < size; ++i) {
    Append(&forked, branches_[branch].levels[0][i]);
  }
  branches_.push_back(std::move(forked));
  Grow(branches_.size() - 1, 1);
  return branches_.size() - 1;
}

void BranchingLog::Grow(size_t branch, uint64_t leaves) {
  for (uint64_t i = 0; i < leaves; ++i) {
    std::string entry;
    AppendBe64(drawn_++, &entry);
    Append(&branches_[branch], LeafHash(entry));
  }
}

NodeReader BranchingLog::Nodes(size_t branch) const {
  return [this, branch](int level, uint64_t index, Hash* hash) {
    *hash = branches_[branch].levels[static_cast<size_t>(level)][index];
    return true;
  };
}

TreeHead BranchingLog::Head(size_t branch, uint64_t size) const {
  if (size > this->size(branch)) {
    return {size, Sha256("no tree " + DecimalEncode(branch))};
  }
  return {size, *RootFrom(size, Nodes(branch))};
}

const std::string& BranchingLog::Note(size_t branch, uint64_t size) {
  std::string& note = notes_[{branch, size}];
  if (note.empty()) {
    const std::string text =
        FormatCheckpoint({signer_.key().name, Head(branch, size)});
    std::string line;
    CHECK(signer_.Sign(text, 0, &line));
    note = JoinNote(text, {line});
  }
  return note;
}

TreeComparison BranchingLog::Compare(size_t branch, uint64_t tree_size,
                                     const std::string& note) {
  TreeComparison comparison;
  Checkpoint checkpoint;
  CHECK(OpenCheckpoint(note, signer_.key(), &checkpoint) == Finding::kOk);
  const TreeHead& head = checkpoint.head;
  if (head.size > tree_size) {
    comparison.relation = TreeComparison::Relation::kAhead;
  } else if (head == Head(branch, head.size)) {
    comparison.relation = TreeComparison::Relation::kPrefix;
  } else {
    comparison.relation = TreeComparison::Relation::kConvicts;
    std::vector<Hash> subtrees;
    if (head.size < tree_size) {
      subtrees = *CommonSubtrees(head.size, tree_size, Nodes(branch));
    }
    comparison.conviction =
        ForkConviction(Note(branch, tree_size), note, subtrees);
  }
  return comparison;
}

}  // namespace vidimus
