// Where requests wait on disk until their receipts are verified. A crash at any
// moment loses nothing that Put said OK to; what is done is overwritten.
//
// A folder (0700), used by one process at a time:
//
//   lock              held while the outbox is open
//   <number>.request  one signed request, 0600, from Put to Done
//   <number>.erase    one that is done and being overwritten
//   done/<number>     ids of entries whose receipts were verified, with their
//                     leaf indices: 16 + 8 bytes each, appended. Nothing
//                     personal.
//   checkpoint        the newest head we were shown, so that a log that shrank
//                     while we were away is found out
//   refused/          requests with entries that the log will never take, 0600:
//                     they are kept, because a record that should have been
//                     made is not; a person decides, then deletes them
//   evidence/         answers that convict the log
//
// Ids are remembered for 8 days, longer than the log remembers them (7), so
// that the same line of input twice is sent once. Memory: 48 bytes an id.
//
// Cost: Put is one file with one sync of it and one of the folder; Done costs
// the caller nothing, a thread of the outbox gathers and syncs.
#ifndef VIDIMUS_CLIENT_OUTBOX_H_
#define VIDIMUS_CLIENT_OUTBOX_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/mutex.h"
#include "proto/vidimus.pb.h"
#include "verifier/submission.h"

namespace vidimus {

using EntryId = std::array<char, kEntryIdBytes>;

// Nothing unless `bytes` has 16.
bool EntryIdFromBytes(absl::string_view bytes, EntryId* id);

// Thread-safe. Once a write or sync failed, every later call but the reading
// ones returns that failure: what is on disk is no longer known.
class Outbox {
 public:
  // Makes the folder if there is none. kFailedPrecondition if another process
  // has it open; kDataLoss if a request in it is damaged (it names the file; a
  // person decides).
  static absl::StatusOr<std::unique_ptr<Outbox>> Open(
      const std::string& folder);

  // Finishes what Done was told.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  enum class Known { kNo, kPending, kDone };
  Known Find(const EntryId& id) const;

  // The leaf index of an entry that is done.
  absl::StatusOr<uint64_t> LeafIndexOf(const EntryId& id) const;

  // Numbers of the requests that wait, oldest first: after Open, those of the
  // last run.
  std::vector<uint64_t> Pending() const;

  // One of them, exactly as it was put. kDataLoss if it is damaged.
  absl::StatusOr<v1::SubmitRequest> Read(uint64_t number) const;

  // Keeps a request; durable when it returns its number. Every entry in it has
  // an id of 16 bytes (CHECK).
  absl::StatusOr<uint64_t> Put(const v1::SubmitRequest& request);

  // The receipt of request `number` was verified, its entries (in their order)
  // have these leaf indices. First the ids become durable, then the request is
  // overwritten: both soon, in the background, in the order of the calls.
  absl::Status Done(uint64_t number, const v1::SubmitRequest& request,
                    const std::vector<uint64_t>& leaf_indices);

  // Entries of request `number` will never be taken. `refused` goes to the
  // folder of that name, `rest` (may have no entries) takes the place of
  // `number`; returns its number, or 0 if there is no rest. Durable.
  absl::StatusOr<uint64_t> Refuse(uint64_t number,
                                  const v1::SubmitRequest& refused,
                                  const v1::SubmitRequest& rest);

  // Keeps an answer that convicts the log, with a word what it answers.
  // Durable; returns the file's name.
  absl::StatusOr<std::string> KeepEvidence(absl::string_view answer);

  // The newest checkpoint, kept with the next Done that is made durable.
  void SetCheckpoint(const std::string& checkpoint);
  // As the last run left it; empty if there was none.
  const std::string& checkpoint_at_open() const { return checkpoint_at_open_; }

  // A folder whose receipts must be durable before a request is erased.
  void SetReceiptFolder(const std::string& folder);

  // Waits until everything that Done was told is durable and erased.
  absl::Status Flush();

  // Requests whose entries were refused, in this run and before.
  uint64_t refused_files() const;

  static constexpr int kDaysKept = 8;
  static constexpr size_t kDoneFileEntries = 1 << 20;

 private:
  struct Finished {
    uint64_t number;
    std::vector<std::pair<EntryId, uint64_t>> entries;
  };

  Outbox(std::string folder, int lock_fd);
  absl::Status Load();
  absl::Status LoadDone();
  absl::Status LoadPending();
  void KeepHouse();
  absl::Status Finish(const std::vector<Finished>& finished,
                      const std::string& checkpoint,
                      const std::string& receipt_folder);
  absl::Status AppendDone(const std::vector<Finished>& finished);
  absl::Status Erase(const std::vector<uint64_t>& numbers) const;
  std::string RequestPath(uint64_t number) const;
  std::string ErasePath(uint64_t number) const;
  absl::Status Failed(const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string folder_;
  const int lock_fd_;
  std::string checkpoint_at_open_;

  // Of the housekeeping thread alone.
  int done_fd_ = -1;
  uint64_t done_number_ = 0;
  size_t done_entries_ = 0;

  mutable Mutex mu_;
  CondVar changed_;
  absl::flat_hash_map<EntryId, uint64_t> ids_ ABSL_GUARDED_BY(mu_);
  std::vector<uint64_t> pending_ ABSL_GUARDED_BY(mu_);
  std::vector<Finished> finished_ ABSL_GUARDED_BY(mu_);
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool closing_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_number_ ABSL_GUARDED_BY(mu_) = 1;
  uint64_t refused_files_ ABSL_GUARDED_BY(mu_) = 0;
  std::string checkpoint_ ABSL_GUARDED_BY(mu_);
  std::string receipt_folder_ ABSL_GUARDED_BY(mu_);
  absl::Status failure_ ABSL_GUARDED_BY(mu_);

  std::thread housekeeper_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_OUTBOX_H_
