// For tests and benches of the index: leaves that nobody stored, made from
// their number as they are asked for, as many as wanted.
#ifndef VIDIMUS_LOG_INDEX_TESTING_H_
#define VIDIMUS_LOG_INDEX_TESTING_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/storage.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/index.h"

namespace vidimus {

// The key of leaf `index`, or nothing: a seal.
using KeyMaker = std::function<std::optional<Hash>(uint64_t index)>;

// Random keys; every `batch`th leaf is a seal.
KeyMaker UniformKeys(uint64_t batch);
// Many share long prefixes or differ in their last bits only.
KeyMaker SkewedKeys(uint64_t batch);
// Hardly any leaf has a key: runs of one and of none.
KeyMaker SparseKeys();

// A storage that holds the entries of the first `size` such leaves and nothing
// else. Any thread.
class MadeUpLeaves : public Storage {
 public:
  explicit MadeUpLeaves(KeyMaker key_of) : key_of_(std::move(key_of)) {}

  uint64_t size() const { return size_; }
  void SetSize(uint64_t size) { size_ = size; }

  // Makes a seal of a leaf, whatever the maker says.
  void AddSeal(uint64_t index) ABSL_LOCKS_EXCLUDED(mu_);
  std::optional<Hash> KeyOf(uint64_t index) const ABSL_LOCKS_EXCLUDED(mu_);
  // The entries of leaves [begin, end), in leaf order and by key.
  std::vector<IndexEntry> Entries(uint64_t begin, uint64_t end) const;
  std::vector<IndexEntry> Sorted(uint64_t begin, uint64_t end) const;

  absl::StatusOr<TreeHead> LastHead() override;
  absl::Status Commit(const StorageBatch&, const TreeHead&) override;
  absl::StatusOr<StoredRow> Get(RowKind, uint8_t, uint64_t) override;
  absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t, absl::string_view)> visit) override;

 private:
  const KeyMaker key_of_;
  std::atomic<uint64_t> size_{0};
  std::atomic<bool> has_seals_{false};
  mutable Mutex mu_;
  std::set<uint64_t> seals_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_INDEX_TESTING_H_
