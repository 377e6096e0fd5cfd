// The ledger of erasures: which keys of the vault are to be destroyed, and
// which were. It lies apart from the data, beside the signing lock, so that a
// backup of either, put back, brings nothing back with it: at every start all
// that it names is destroyed again. It names key slots and batches; nothing in
// it tells about a person.
//
// File: records of 32 bytes, appended: kind(1) zero(7) a(8) b(8) check(8), the
// first 8 bytes of SHA-256 over "vidimus erasure ledger", the record's number
// (8) and its first 24 bytes. docs/erasure.md.
//
// Threads: one at a time.
#ifndef VIDIMUS_LOG_ERASURE_LEDGER_H_
#define VIDIMUS_LOG_ERASURE_LEDGER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/disk.h"
#include "log/storage.h"
#include "log/vault.h"

namespace vidimus {

class ErasureLedger {
 public:
  // The page of the batch at leaf `first` is to be replaced, and then the key
  // of the version it has now, in `slot`, destroyed.
  struct Intent {
    uint64_t first = 0;
    uint64_t slot = 0;
  };

  // Of one call; the tail of a file that a crash tore is no longer.
  static constexpr size_t kIntentsMax = 512;

  // Opens the file at `path`, made if absent. `disk` is not owned. What was
  // read is durable on return. kDataLoss if records are damaged that can't be
  // the torn end of the last append.
  static absl::StatusOr<std::unique_ptr<ErasureLedger>> Open(
      Disk* disk, const std::string& path);

  // Notes intents, at most kIntentsMax, durably: before the commit that
  // replaces the pages.
  absl::Status Intend(const std::vector<Intent>& intents);
  // Notes, durably, that the slots of `intents` were destroyed; or, with
  // `kept`, that the pages were not replaced and are still in force.
  absl::Status Settle(const std::vector<Intent>& intents, bool kept);
  // Neither yet.
  std::vector<Intent> Pending() const;
  // Ascending and apart.
  std::vector<SlotRange> Destroyed() const;
  uint64_t destroyed() const { return destroyed_count_; }

  // Entry `leaf_index` must not be erased, until released. Durable.
  absl::Status SetHold(uint64_t leaf_index, bool held);
  bool Held(uint64_t leaf_index) const { return held_.count(leaf_index) > 0; }
  size_t held() const { return held_.size(); }

 private:
  struct Record {
    uint8_t kind;
    uint64_t a, b;
  };

  explicit ErasureLedger(std::unique_ptr<DiskFile> file)
      : file_(std::move(file)) {}
  absl::Status Read(const std::string& path);
  absl::Status Append(const std::vector<Record>& records);
  void Apply(const Record& record);
  void AddDestroyed(uint64_t begin, uint64_t end);

  const std::unique_ptr<DiskFile> file_;
  uint64_t count_ = 0;  // records in force
  absl::Status failed_;
  std::map<uint64_t, uint64_t> pending_;    // slot -> first
  std::map<uint64_t, uint64_t> destroyed_;  // begin -> end
  uint64_t destroyed_count_ = 0;
  std::set<uint64_t> held_;
};

// What a crash left undone, and a backup brought back, at the start of a log of
// `size` leaves whose data were found to be those of its signing lock: settles
// every pending intent by the page that is in force, and destroys again all
// that was destroyed, and every key whose use was never committed. Reads the
// key files of destroyed keys.
absl::Status FinishErasures(ErasureLedger* ledger, Storage* storage,
                            Vault* vault, uint64_t size);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_ERASURE_LEDGER_H_
