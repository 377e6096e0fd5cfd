// A follower's own copy of a log: every leaf, and the tree over them, in files
// that only grow. From it proofs are made when the log will not give them any
// more. 65.13 bytes a leaf. Format: docs/following.md.
#ifndef VIDIMUS_CLIENT_MONITOR_HELD_TREE_H_
#define VIDIMUS_CLIENT_MONITOR_HELD_TREE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/fetcher.h"
#include "client/monitor/state_folder.h"
#include "verifier/compact_range.h"
#include "verifier/hash.h"
#include "verifier/tile.h"

namespace vidimus {

// One thread writes. Any thread may read what stands before a size that it
// learned from the writer and that is never cut off again.
class HeldTree {
 public:
  // Goes on from `tree`; what the files hold beyond is overwritten. kDataLoss
  // if they do not hold the end of it.
  static absl::StatusOr<std::unique_ptr<HeldTree>> Open(
      StateFolder* folder, const CompactRange& tree);
  ~HeldTree();
  HeldTree(const HeldTree&) = delete;
  HeldTree& operator=(const HeldTree&) = delete;

  const CompactRange& tree() const { return tree_; }
  uint64_t size() const { return tree_.size(); }

  // Appends the leaves of a bundle from its entry `first` on. There may be
  // fewer entries than leaf hashes, and of other than 65 bytes; what stands
  // there can't be read again (whole_size). After an error the tree is as
  // before.
  absl::Status Append(const std::vector<std::string_view>& entries,
                      const std::vector<Hash>& leaf_hashes, size_t first);
  // Goes back to an earlier state of tree().
  void Cut(const CompactRange& tree);
  // Makes all of it durable, but not names: those are for who writes down that
  // there is something.
  absl::Status Sync();

  // Before this everything can be read.
  uint64_t whole_size() const;

  // `count` leaves from `first` on, 65 bytes each.
  absl::StatusOr<std::string> Leaves(uint64_t first, size_t count) const;
  // As NodeReader of merkle.h wants it. Reads and hashes up to 128 leaves, or
  // as many hashes.
  bool Node(int level, uint64_t index, Hash* hash) const;
  // A tile or bundle. kNotFound unless all of it can be read.
  absl::StatusOr<std::string> Tile(const TileAddress& address) const;

  uint64_t bytes() const;

 private:
  static constexpr int kLevels = 8;

  explicit HeldTree(StateFolder* folder) : folder_(folder) {}

  absl::Status Write(int level, uint64_t offset, absl::string_view bytes);
  absl::StatusOr<std::string> Read(int level, uint64_t offset,
                                   size_t size) const;
  static std::string NameOf(int level);

  StateFolder* const folder_;
  CompactRange tree_;
  // Level 0: leaves; others: the tree's hashes at that tile level.
  std::array<int, kLevels> files_ = {-1, -1, -1, -1, -1, -1, -1, -1};
  std::array<bool, kLevels> written_ = {};
  std::atomic<uint64_t> size_{0};
  // The first leaf that was not of 65 bytes.
  std::atomic<uint64_t> odd_{~uint64_t{0}};
};

// Paths of a log out of what is held, as far as that goes, and else from the
// log; questions always go to the log. `documents` is the path of a folder that
// holds register documents by the hex of their hash. None is owned.
class HeldFetcher : public Fetcher {
 public:
  HeldFetcher(const HeldTree* tree, std::string documents, Fetcher* log)
      : tree_(tree), documents_(std::move(documents)), log_(log) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override;
  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body,
                                   size_t bytes_max) override;
  absl::StatusOr<std::vector<std::string>> ListTiles() override;
  const std::string& name() const override { return log_->name(); }

 private:
  const HeldTree* const tree_;
  const std::string documents_;
  Fetcher* const log_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_HELD_TREE_H_
