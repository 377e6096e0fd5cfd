// One log's leaves, judged as they come and kept: the part of following that
// knows no clock and no alarm. What it has judged it writes down from time to
// time, so that it goes on from there after any crash. docs/following.md.
#ifndef VIDIMUS_CLIENT_MONITOR_LOG_READING_H_
#define VIDIMUS_CLIENT_MONITOR_LOG_READING_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/conviction_maker.h"
#include "client/fetcher.h"
#include "client/monitor/authentic_tiles.h"
#include "client/monitor/held_tree.h"
#include "client/monitor/run_files.h"
#include "client/monitor/state_folder.h"
#include "client/read_ahead.h"
#include "verifier/audit.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/index_judge.h"
#include "verifier/note.h"

namespace vidimus {

struct ReadingOptions {
  VerifierKey log_key;
  int threads = 4;
  // POSIX seconds.
  std::function<uint64_t()> now_s;
  // Whether to leave off now; asked often, from the reading thread.
  std::function<bool()> leave_off;
  // Told how far leaves are judged, from the reading thread. May be null.
  std::function<void(uint64_t size)> progress;
  // Between two times that a long reading is written down.
  uint64_t leaves_between_saves = uint64_t{1} << 22;
};

struct ReadingResult {
  enum class Outcome {
    kVerified,  // every leaf up to the target, and it is written down
    kWithheld,  // something could not be had: try again
    kWrong,     // the log signed what can't be: never go on
    kOurs,      // our disk: read again from what is written down
    kLeftOff,
  };
  Outcome outcome = Outcome::kVerified;
  std::string sentence;  // of all but kVerified, kLeftOff
  std::string path;      // of kWithheld: the public path
};

// Where register documents are kept, by the hex of their hash.
std::string DocumentsPath(const StateFolder& folder);

// One thread; but what held() gives may be read by any, up to verified().
class LogReading {
 public:
  // From what the folder holds. None of the pointers is owned. kDataLoss, with
  // the way out, if it cannot be gone on from.
  static absl::StatusOr<std::unique_ptr<LogReading>> Open(
      StateFolder* folder, Fetcher* log, ReadingOptions options);

  ~LogReading();
  LogReading(const LogReading&) = delete;
  LogReading& operator=(const LogReading&) = delete;

  // The head up to which all was verified, and when; empty note: none.
  const SignedHead& verified() const { return verified_; }
  uint64_t verified_s() const { return verified_s_; }
  // What is read up to; never smaller.
  const SignedHead& target() const { return target_; }

  // Takes a signed head that is larger than the target as the new one. If the
  // target was not reached, only if this one is shown to extend it; kWrong if
  // it is shown not to.
  ReadingResult Aim(const SignedHead& head);

  // Reads and judges every leaf from where it is up to the target.
  ReadingResult Read();

  // After kWrong: the file that convicts the log. kNotFound if nothing can;
  // another status: try again.
  absl::StatusOr<ConvictionFile> MakeConviction();

  uint64_t read_size() const { return auditor_->size(); }
  uint64_t seal_s() const { return auditor_->last_seal_time_s(); }
  uint64_t batches() const { return auditor_->batch_count(); }
  uint64_t documents() const { return auditor_->document_count(); }
  // On disk.
  uint64_t bytes() const { return held_->bytes() + runs_->bytes(); }
  const std::shared_ptr<HeldTree>& held() const { return held_; }

  // More bundles than this are judged as they come, by the tiles of the head;
  // fewer are read whole first, and need no tiles.
  static constexpr uint64_t kPiecesAtOnce = 64;

 private:
  // Keeps in mind where the last seal stands.
  class Judge;

  struct Wrong {
    Finding finding = Finding::kOk;
    uint64_t leaf_index = 0;
    // Of kTwoHistories: what the target should extend.
    SignedHead older;
  };

  LogReading(StateFolder* folder, Fetcher* log, ReadingOptions options);

  absl::Status Load();
  absl::Status Save();
  AuditOptions Auditing();
  absl::Status MakeRoom() const;
  // Whether leaves and runs are still what was judged: reads all of them,
  // before a log is accused on the word of a disk.
  absl::Status LookIntoOurs() const;

  ReadingResult ReadAtOnce(bool* matches);
  ReadingResult ReadAsItComes();
  // Judges what `piece`, bundle `n`, adds; its leaves are the target's.
  ReadingResult Feed(uint64_t n, ReadPiece* piece);
  ReadingResult End();
  // Whether the tree of `tiles` extends `older`.
  ReadingResult Extends(AuthenticTiles* tiles, const SignedHead& newer,
                        const TreeHead& older, bool* extends);
  ReadingResult HoldDocument(const Hash& document_hash);

  ReadingResult Withheld(const std::string& path, const absl::Status& why);
  ReadingResult Ours(const absl::Status& why);
  ReadingResult Convicted(Finding finding, uint64_t leaf_index,
                          const SignedHead& older);

  std::string DocumentPath(const Hash& document_hash) const;

  StateFolder* const folder_;
  Fetcher* const log_;
  const ReadingOptions options_;

  SignedHead verified_;
  uint64_t verified_s_ = 0;
  SignedHead target_;

  std::unique_ptr<RunFiles> runs_;
  std::unique_ptr<SealJudge> index_;
  std::unique_ptr<Judge> judge_;
  std::optional<Auditor> auditor_;
  std::shared_ptr<HeldTree> held_;
  uint64_t saved_size_ = 0;
  // Why the auditor could not read a document that it was told we hold.
  absl::Status ours_;
  std::optional<Wrong> wrong_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_LOG_READING_H_
