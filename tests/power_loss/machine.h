// A server on a disk that loses power, and the ledger of what it has told the
// world. The ledger lies outside of the machine: what it holds must stay true
// whatever happened to the disk.
#ifndef VIDIMUS_TESTS_POWER_LOSS_MACHINE_H_
#define VIDIMUS_TESTS_POWER_LOSS_MACHINE_H_

#include <prometheus/registry.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "log/log.h"
#include "log/log_testing.h"
#include "log/signing_lock.h"
#include "log/storage.h"
#include "tests/power_loss/sim_disk.h"
#include "verifier/hash.h"
#include "verifier/signing.h"

namespace vidimus {

// A server that is wrong in one way: what the test must notice.
enum class Mutant {
  kNone,
  kNoSync,               // LevelDB's files are never synced
  kNoNameSync,           // LevelDB's folder is never synced
  kNoFileSync,           // the lock's file and the vault's are never synced
  kLockAfterSignature,   // the lock moves after the head was shown
  kPublishBeforeCommit,  // the head is shown, then the batch is committed
};
const char* MutantName(Mutant mutant);

struct MachineOptions {
  bool access_log = false;
  Mutant mutant = Mutant::kNone;
};

// One thread.
class Machine {
 public:
  explicit Machine(const MachineOptions& options);
  ~Machine();

  SimDisk& disk() { return disk_; }

  // Starts the server on what the disk holds. kInternal: the signing lock does
  // not know a head that was shown.
  absl::Status Boot();
  // Submits the entries of step `number` (the same at each call) in one batch
  // and, if they were acknowledged while there was power, notes entries, leaves
  // and head in the ledger.
  absl::Status Step(int number);
  // Drops all that is in memory, as a crash does.
  void Halt();
  // Whether a log is open, stopped or not.
  bool running() const { return log_ != nullptr; }

  // Holds the running server's log against the ledger: it verifies whole by
  // verifier/ alone; every head ever shown is one of its prefixes; every
  // acknowledged entry stands where its receipt says, once, and what belongs to
  // it can be read; a retry gets the first answer. OK, or what is not so.
  absl::Status Judge();
  // All of this but the retry, which a log that has stopped refuses.
  absl::Status JudgeReading();

  // For tests that mean to break the lock: nobody has seen a head yet.
  void ForgetHeads() {
    shown_.clear();
    shown_roots_.clear();
  }

  // Heads that were shown.
  size_t heads() const { return shown_.size(); }
  uint64_t acknowledged() const { return acknowledged_.size(); }

  static constexpr char kDataFolder[] = "/disk/data";
  static constexpr char kLockFile[] = "/disk/lock/signing.lock";

 private:
  class LateLock;
  class LateStorage;
  class NoSyncEnv;
  class NoSyncDisk;

  struct Acknowledged {
    std::string content;  // the entry, or an access's record
    int step;
  };

  absl::Status StepOpaque(int number);
  absl::Status StepAccess(int number);
  // Enters the register document of a step, if it is not there yet.
  absl::Status PutDocument(int number);
  absl::Status Settle();
  // Notes the newest head, if anybody can have seen it.
  void NoteHead();
  absl::Status JudgeLock();
  absl::Status JudgeHeads();
  absl::Status JudgeEntries();
  absl::Status JudgeRetry();

  const MachineOptions options_;
  SimDisk disk_;
  std::unique_ptr<leveldb::Env> mutant_env_;
  std::unique_ptr<Disk> mutant_disk_;

  FakeClock clock_;
  SeededRandom random_;
  Ed25519NoteSigner signer_;
  TestRegister register_;
  std::string id_key_, vault_key_;

  // What runs.
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<LateStorage> late_storage_;
  std::unique_ptr<SigningLock> lock_;
  std::unique_ptr<LateLock> late_lock_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<Log> log_;

  // The ledger.
  std::map<uint64_t, std::string> shown_;  // size -> checkpoint
  std::map<uint64_t, Hash> shown_roots_;
  std::map<uint64_t, Acknowledged> acknowledged_;   // by leaf
  std::map<uint64_t, RegisterDocument> documents_;  // by leaf
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_POWER_LOSS_MACHINE_H_
