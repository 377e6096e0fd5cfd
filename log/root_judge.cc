#include "log/root_judge.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/index_builder.h"
#include "verifier/index_trie.h"
#include "verifier/leaf.h"

namespace vidimus {
namespace {

// A block is the leaves of one run of 2^14.
constexpr uint64_t kBlockLeaves = kRunLeavesPrompt;

// Roots of blocks that are remembered; a longer run replaces a block's long
// before so many more are full.
constexpr size_t kRootsMax = 16;

// Merges `more`, in any order, into the sorted `entries`.
void MergeInto(std::vector<IndexEntry> more, std::vector<IndexEntry>* entries) {
  const auto less = [](const IndexEntry& a, const IndexEntry& b) {
    return KeyLess(a, b);
  };
  std::sort(more.begin(), more.end(), less);
  const auto middle = static_cast<std::ptrdiff_t>(entries->size());
  entries->insert(entries->end(), more.begin(), more.end());
  std::inplace_merge(entries->begin(), entries->begin() + middle,
                     entries->end(), less);
}

absl::StatusOr<Hash> BuildRoot(const std::vector<IndexEntry>& entries) {
  RunRootBuilder builder;
  for (const IndexEntry& entry : entries) {
    const Finding finding = builder.Add(entry);
    if (finding != Finding::kOk) {
      return absl::DataLossError(
          absl::StrCat("leaf ", entry.index, ": ", FindingSentence(finding)));
    }
  }
  return builder.Root();
}

}  // namespace

absl::Status RootJudge::Start(Storage* storage, uint64_t size) {
  if (size == 0) return absl::OkStatus();
  block_start_ = (size - 1) / kBlockLeaves * kBlockLeaves;
  partial_start_ = block_start_;
  absl::Status status;
  RETURN_IF_ERROR(ReadEntries(
      storage, block_start_, size, [&](uint64_t index, std::string_view entry) {
        Leaf leaf;
        if (ParseLeaf(entry, &leaf) != Finding::kOk) {
          status = absl::DataLossError(absl::StrCat(
              "the stored entries row of leaf ", index, " holds no leaf"));
        } else if (leaf.kind != LeafKind::kSeal) {
          Add(index, leaf.a);
        }
        return status.ok();
      }));
  return status;
}

void RootJudge::Add(uint64_t index, const Hash& key) {
  fresh_.push_back({key, index});
}

absl::Status RootJudge::Settle(uint64_t size) {
  auto next = fresh_.begin();
  while (true) {
    const uint64_t end = std::min(size, partial_start_ + kRunLeavesMin);
    const auto until =
        std::find_if(next, fresh_.end(),
                     [end](const IndexEntry& e) { return e.index >= end; });
    MergeInto({next, until}, &partial_);
    next = until;
    if (size < partial_start_ + kRunLeavesMin) break;
    MergeInto(std::move(partial_), &block_);
    partial_.clear();
    partial_start_ += kRunLeavesMin;
    if (partial_start_ < block_start_ + kBlockLeaves) continue;
    ASSIGN_OR_RETURN(const Hash root, BuildRoot(block_));
    roots_.push_back({{block_start_, partial_start_}, root});
    if (roots_.size() > kRootsMax) roots_.pop_front();
    block_.clear();
    block_start_ = partial_start_;
  }
  CHECK(next == fresh_.end());
  fresh_.clear();
  return absl::OkStatus();
}

absl::StatusOr<Hash> RootJudge::RootOfRun(const RunRange& run) {
  for (const auto& [range, root] : roots_) {
    if (range == run) return root;
  }
  if (run.leaves() >= kBlockLeaves) return run_roots_(run);
  if (run.start == partial_start_) return BuildRoot(partial_);
  CHECK_EQ(run.start, block_start_);
  CHECK_EQ(run.end, partial_start_);
  ASSIGN_OR_RETURN(const Hash root, BuildRoot(block_));
  roots_.push_back({run, root});
  if (roots_.size() > kRootsMax) roots_.pop_front();
  return root;
}

absl::Status RootJudge::Judge(uint64_t size, const Hash& index_root) {
  RETURN_IF_ERROR(Settle(size));
  std::vector<Hash> roots;
  for (const RunRange& run : RunsInForce(size)) {
    ASSIGN_OR_RETURN(roots.emplace_back(), RootOfRun(run));
  }
  if (IndexRoot(size, roots) == index_root) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "the seal at leaf ", size,
      " is wrong: its index root is not that of the leaves before it; the "
      "index, or a stored entries row of leaf ",
      block_start_, " or later, is not as it was written"));
}

}  // namespace vidimus
