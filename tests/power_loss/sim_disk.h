// A disk in memory that loses power. It is a Disk and, by env(), the Env of
// LevelDB, over one set of files, and it knows of every byte and every name
// whether it was synced:
//
// - what is written to a file lasts once the file was synced;
// - a name that was made, moved or removed lasts once its folder was synced,
//   whatever was synced of the file.
//
// Every call that changes something has a number. At a chosen one the power
// goes: that call and all later ones fail and change nothing. When everything
// that stood on the disk is gone, PowerOn decides what became of what was not
// synced. Any single call can also be made to fail, with or without effect.
//
// A Sync that fails has lost what it should have written: the bytes can still
// be read, a later Sync says OK and does not write them, and without power they
// are gone. Linux does it so.
//
// Threads: any. Calls of several threads are numbered as they come, so a run
// with LevelDB's own thread repeats only roughly; what the disk promises holds
// for every order.
#ifndef VIDIMUS_TESTS_POWER_LOSS_SIM_DISK_H_
#define VIDIMUS_TESTS_POWER_LOSS_SIM_DISK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "leveldb/env.h"
#include "log/disk.h"
#include "proto/mutex.h"

namespace vidimus {

// What becomes of what was not synced.
enum class Aftermath {
  kKeep,  // all of it is there
  kDrop,  // none of it
  // Of each file a prefix of what was written, cut at a byte or a sector; of
  // the names a prefix or a random part. From a seed, each file on its own.
  kTear,
};
const char* AftermathName(Aftermath aftermath);

class SimDisk : public Disk {
 public:
  // The folder in which everything must lie. It is always there.
  static constexpr char kRoot[] = "/disk";

  SimDisk();
  ~SimDisk() override;

  // The same files as LevelDB sees them; lives as long as the disk.
  leveldb::Env* env();

  // Calls that changed something, or tried to, so far. The first is number 1.
  uint64_t calls() const ABSL_LOCKS_EXCLUDED(mu_);
  // What call `number` was: "sync /disk/data/000003.log".
  std::string CallName(uint64_t number) const ABSL_LOCKS_EXCLUDED(mu_);
  // Calls that read.
  uint64_t reads() const ABSL_LOCKS_EXCLUDED(mu_);

  // Cuts the power at call `number`; 0: never.
  void CutPowerAt(uint64_t number) ABSL_LOCKS_EXCLUDED(mu_);
  // Whether the power is gone: nothing that happens now leaves the machine.
  bool dark() const ABSL_LOCKS_EXCLUDED(mu_);
  // Settles what was not synced and lets calls through again. Nothing may be
  // open (CHECK). Without a power cut before it, it is one.
  void PowerOn(Aftermath aftermath, uint64_t seed) ABSL_LOCKS_EXCLUDED(mu_);

  // Makes call `number` fail once; with `effect` it does its work, durably, and
  // fails all the same.
  void FailCall(uint64_t number, bool effect) ABSL_LOCKS_EXCLUDED(mu_);
  // Makes the read with this number fail once.
  void FailRead(uint64_t number) ABSL_LOCKS_EXCLUDED(mu_);
  // While set, no file grows and none is made.
  void SetFull(bool full) ABSL_LOCKS_EXCLUDED(mu_);
  // While set, nothing changes.
  void SetReadOnly(bool read_only) ABSL_LOCKS_EXCLUDED(mu_);

  // The files in `folder` as they can be read now, and a way to put them back
  // later, durably, in place of all that is there: a backup. Nothing in the
  // folder may be open then.
  std::map<std::string, std::string> Copy(const std::string& folder) const
      ABSL_LOCKS_EXCLUDED(mu_);
  void PutBack(const std::string& folder,
               const std::map<std::string, std::string>& files)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Disk.
  absl::StatusOr<std::unique_ptr<DiskFile>> Open(const std::string& path,
                                                 bool exclusive) override;
  absl::StatusOr<std::vector<std::string>> List(
      const std::string& folder) override;
  absl::Status MakeFolder(const std::string& folder) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status SyncFolder(const std::string& folder) override;

 private:
  class Env;
  class OpenFile;
  class Reader;
  class Appender;

  // Bytes written over or past what stands there; or the file's end moved.
  struct Change {
    bool truncate = false;
    uint64_t offset = 0;
    std::string bytes;
  };
  // A file or a folder.
  struct Node {
    bool folder = false;
    std::string live;             // what is read
    std::string durable;          // what lasts
    std::vector<Change> pending;  // from durable to live, unless lost
  };
  using NodePtr = std::shared_ptr<Node>;
  struct NameChange {
    std::string folder;
    std::string path;  // gets `node`, or goes if that is null
    NodePtr node;
    std::string from;  // goes too, unless empty
  };
  using Names = std::map<std::string, NodePtr>;

  enum class Turn { kGo, kFail, kFailWithEffect };

  // Numbers the call and says what it shall do. `why` gets the words for a
  // failure. `grows`: it needs space.
  Turn Next(const char* what, const std::string& path, bool grows,
            std::string* why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool NextRead(std::string* why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Each is one call. Empty, or what went wrong.
  std::string Write(const std::string& path, const NodePtr& node,
                    uint64_t offset, const std::string& bytes)
      ABSL_LOCKS_EXCLUDED(mu_);
  std::string Sync(const std::string& path, const NodePtr& node)
      ABSL_LOCKS_EXCLUDED(mu_);
  std::string ChangeName(const char* what, NameChange change, bool grows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string Truncate(const std::string& path, const NodePtr& node)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string SyncNames(const std::string& folder) ABSL_LOCKS_EXCLUDED(mu_);
  std::string Read(const NodePtr& node, uint64_t offset, size_t size,
                   std::string* bytes) ABSL_LOCKS_EXCLUDED(mu_);

  // Empty, or why there can be nothing at `path`.
  std::string CheckParent(const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  NodePtr Find(const std::string& path) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  static void Apply(const Change& change, std::string* content);
  static void Apply(const NameChange& change, Names* names);

  std::unique_ptr<Env> env_;

  mutable Mutex mu_;
  Names live_ ABSL_GUARDED_BY(mu_);
  Names durable_ ABSL_GUARDED_BY(mu_);
  std::vector<NameChange> pending_names_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> locked_ ABSL_GUARDED_BY(mu_);
  int open_files_ ABSL_GUARDED_BY(mu_) = 0;

  std::vector<std::string> calls_ ABSL_GUARDED_BY(mu_);
  uint64_t reads_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t cut_at_ ABSL_GUARDED_BY(mu_) = 0;
  bool dark_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t fail_call_ ABSL_GUARDED_BY(mu_) = 0;
  bool fail_with_effect_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t fail_read_ ABSL_GUARDED_BY(mu_) = 0;
  bool full_ ABSL_GUARDED_BY(mu_) = false;
  bool read_only_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_POWER_LOSS_SIM_DISK_H_
