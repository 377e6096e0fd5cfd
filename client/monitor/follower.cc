#include "client/monitor/follower.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/monitor/follower_internal.h"
#include "client/monitor/follower_state.h"
#include "client/monitor/held_tree.h"
#include "client/monitor/log_reading.h"
#include "client/monitor/state_folder.h"
#include "client/prosecutor.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/witness.h"

namespace vidimus {
namespace {

constexpr char kStoppedName[] = "stopped";
constexpr size_t kStoppedBytesMax = 2 * kNoteBytesMax;

// However often somebody wants us to hurry.
constexpr std::chrono::milliseconds kBetweenLooks{100};

// Counts what comes.
class MeteredFetcher : public Fetcher {
 public:
  explicit MeteredFetcher(std::unique_ptr<Fetcher> inner)
      : inner_(std::move(inner)) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    return Counted(inner_->Get(path, bytes_max));
  }
  absl::StatusOr<std::string> Post(const std::string& path,
                                   const std::string& body,
                                   size_t bytes_max) override {
    return Counted(inner_->Post(path, body, bytes_max));
  }
  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    return inner_->ListTiles();
  }
  const std::string& name() const override { return inner_->name(); }
  uint64_t bytes() const { return bytes_; }

 private:
  absl::StatusOr<std::string> Counted(absl::StatusOr<std::string> answer) {
    if (answer.ok()) bytes_ += answer->size();
    return answer;
  }

  const std::unique_ptr<Fetcher> inner_;
  std::atomic<uint64_t> bytes_{0};
};

// Has nothing: what is made with it is made of what is held.
class NoFetcher : public Fetcher {
 public:
  absl::StatusOr<std::string> Get(const std::string& path, size_t) override {
    return absl::NotFoundError(absl::StrCat(path, ": not held"));
  }
  absl::StatusOr<std::vector<std::string>> ListTiles() override {
    return absl::UnimplementedError("nothing");
  }
  const std::string& name() const override { return name_; }

 private:
  const std::string name_ = "what is held";
};

class FollowerImpl : public Follower {
 public:
  FollowerImpl(FollowerOptions options, std::unique_ptr<Fetcher> fetcher,
               std::unique_ptr<StateFolder> folder)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        fetcher_(std::move(fetcher)),
        started_s_(options_.now_s()) {}

  ~FollowerImpl() override { Stop(); }

  // Everything that may be wrong with what the folder holds.
  absl::Status Load() {
    const auto bytes =
        ReadFile(folder_->PathOf(kStoppedName), kStoppedBytesMax);
    if (bytes.ok()) {
      const auto record = ParseStoppedRecord(*bytes);
      if (!record.has_value()) {
        return absl::DataLossError(absl::StrCat(
            folder_->PathOf(kStoppedName),
            ": says that following ended, but not readably why. Look into "
            "the conviction beside it; to begin anew remove the folder"));
      }
      stopping_ = true;
      MutexLock lock(&mu_);
      status_.stopped = record->sentence;
      stopped_note_ = record->note;
      if (!record->conviction.empty()) {
        status_.conviction_path = folder_->PathOf(record->conviction);
      }
    } else if (!absl::IsNotFound(bytes.status())) {
      return bytes.status();
    }
    RETURN_IF_ERROR(OpenReading());
    return absl::OkStatus();
  }

  void Start() override {
    CHECK(!thread_.joinable());
    thread_ = std::thread([this] { Follow(); });
  }

  void Stop() override {
    {
      MutexLock lock(&mu_);
      leaving_ = true;
      changed_.SignalAll();
    }
    if (thread_.joinable()) thread_.join();
  }

  const VerifierKey& log_key() const override { return options_.log_key; }

  FollowerStatus status() const override {
    MutexLock lock(&mu_);
    FollowerStatus status = status_;
    status.fetched_bytes = fetcher_.bytes();
    for (const auto& [kind, alarm] : alarms_) status.alarms.push_back(alarm);
    return status;
  }

  void Look() override;
  absl::Status Approve(const Checkpoint& checkpoint, int wait_ms) override;
  absl::StatusOr<Comparison> Compare(absl::string_view note) override;
  absl::StatusOr<std::string> CosignatureRequest(uint64_t old_size) override;

 private:
  void Follow();
  absl::Status OpenReading();
  void Publish();

  // One look at the log. False: there was no answer to go on with.
  bool LookAtCheckpoint();
  void LookAtCosigned();
  bool ReadOn();
  void JudgeAge();
  void Conclude(const ReadingResult& result);

  // Ends following, once: at once for everybody who asks, and for good once it
  // is written down.
  void StopWith(const std::string& sentence, const std::string& note,
                const absl::StatusOr<ConvictionFile>& conviction);
  // Writes down what ended following.
  void SettleStop();
  // Tries for the file again, where there was none.
  void Prosecute();

  void Raise(AlarmKind kind, const std::string& sentence,
             const std::string& path = "");
  void Clear(AlarmKind kind);
  // Only if it is about this path.
  void ClearAbout(AlarmKind kind, const std::string& path);
  void Say(const std::string& sentence) const {
    if (options_.say != nullptr) options_.say(sentence);
  }
  void Changed() const {
    if (options_.changed != nullptr) options_.changed();
  }

  absl::StatusOr<Comparison> CompareHead(const Checkpoint& checkpoint,
                                         const std::string& note);

  const FollowerOptions options_;
  const std::unique_ptr<StateFolder> folder_;
  MeteredFetcher fetcher_;
  const uint64_t started_s_;

  // The follower's thread alone, or who calls Look.
  std::unique_ptr<LogReading> reading_;
  bool wrong_ = false;        // reading_ found it
  bool prosecuting_ = false;  // reading_ looks for it again
  bool no_file_ = false;      // nothing can be shown with what was found
  std::optional<std::chrono::steady_clock::time_point> cosigned_look_;
  // Compared once what is verified reaches it.
  std::string cosigned_ahead_;

  // Whether following has ended, known before mu_ can be had.
  std::atomic<bool> stopping_{false};

  // Taken before mu_; by who writes down what ended following.
  Mutex settling_;

  mutable Mutex mu_;
  CondVar changed_;
  bool leaving_ ABSL_GUARDED_BY(mu_) = false;
  bool hurry_ ABSL_GUARDED_BY(mu_) = false;
  FollowerStatus status_ ABSL_GUARDED_BY(mu_);
  std::string stopped_note_ ABSL_GUARDED_BY(mu_);
  // Whether what ended following stands on disk as it is here.
  bool stop_settled_ ABSL_GUARDED_BY(mu_) = true;
  std::optional<ConvictionFile> conviction_ ABSL_GUARDED_BY(mu_);
  std::map<AlarmKind, Alarm> alarms_ ABSL_GUARDED_BY(mu_);
  // What may be read up to status_.verified.
  std::shared_ptr<const HeldTree> held_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;
};

absl::Status FollowerImpl::OpenReading() {
  ReadingOptions reading;
  reading.log_key = options_.log_key;
  reading.threads = options_.threads;
  reading.now_s = options_.now_s;
  reading.leave_off = [this] {
    MutexLock lock(&mu_);
    return leaving_ || (stopping_ && !prosecuting_);
  };
  reading.progress = [this](uint64_t size) {
    MutexLock lock(&mu_);
    status_.read_size = size;
  };
  ASSIGN_OR_RETURN(reading_,
                   LogReading::Open(folder_.get(), &fetcher_, reading));
  wrong_ = false;
  Publish();
  return absl::OkStatus();
}

void FollowerImpl::Publish() {
  MutexLock lock(&mu_);
  status_.read_size = reading_->read_size();
  status_.seen_size = std::max(status_.seen_size, reading_->target().head.size);
  status_.batches = reading_->batches();
  status_.documents = reading_->documents();
  status_.held_bytes = reading_->bytes();
  // Nothing beyond where following ended is ever vouched for.
  if (!stopping_ || held_ == nullptr) {
    status_.verified = reading_->verified().head;
    status_.verified_note = reading_->verified().note;
    status_.verified_s = reading_->verified_s();
    status_.seal_s = reading_->seal_s();
    held_ = reading_->held();
  }
  changed_.SignalAll();
}

void FollowerImpl::Follow() {
  std::chrono::milliseconds pause{options_.period_ms};
  while (true) {
    Look();
    bool trouble = false;
    {
      MutexLock lock(&mu_);
      for (const auto& [kind, alarm] : alarms_) {
        trouble |= kind != AlarmKind::kStale && kind != AlarmKind::kQuorumLost;
      }
    }
    pause = trouble ? std::min(2 * pause,
                               std::chrono::milliseconds(options_.pause_ms_max))
                    : std::chrono::milliseconds(options_.period_ms);
    const auto now = std::chrono::steady_clock::now();
    const auto soonest = now + kBetweenLooks;
    const auto latest = now + pause;
    MutexLock lock(&mu_);
    while (!leaving_) {
      const auto until = hurry_ ? std::min(soonest, latest) : latest;
      if (std::chrono::steady_clock::now() >= until) break;
      changed_.WaitUntil(&mu_, until);
    }
    hurry_ = false;
    if (leaving_) return;
  }
}

void FollowerImpl::Look() {
  if (reading_ == nullptr) {
    const absl::Status opened = OpenReading();
    if (!opened.ok()) {
      Raise(AlarmKind::kOwnState, std::string(opened.message()));
      return;
    }
  }
  if (stopping_) {
    SettleStop();
    Prosecute();
    return;
  }
  const bool answered = LookAtCheckpoint();
  bool whole = true;
  if (answered && !stopping_) whole = ReadOn();
  if (whole && !stopping_) LookAtCosigned();
  JudgeAge();
}

bool FollowerImpl::LookAtCheckpoint() {
  const auto note = fetcher_.Get("checkpoint", kNoteBytesMax);
  if (!note.ok()) return false;
  Checkpoint checkpoint;
  const Finding finding = OpenCheckpoint(*note, options_.log_key, &checkpoint);
  if (finding != Finding::kOk) {
    Raise(AlarmKind::kUnsound,
          absl::StrCat("checkpoint of ", options_.log_key.name, ": ",
                       FindingSentence(finding)),
          "checkpoint");
    return false;
  }
  {
    MutexLock lock(&mu_);
    status_.answered_s = options_.now_s();
    status_.seen_size = std::max(status_.seen_size, checkpoint.head.size);
  }
  Clear(AlarmKind::kSilent);
  ClearAbout(AlarmKind::kUnsound, "checkpoint");
  const SignedHead head = {options_.log_key, *note, checkpoint.head};
  const TreeHead target = reading_->target().head;
  if (head.head.size > target.size) {
    Clear(AlarmKind::kShrank);
    const ReadingResult aimed = reading_->Aim(head);
    // A target that was not reached stays until this one is shown to extend it.
    if (aimed.outcome == ReadingResult::Outcome::kWrong) {
      Conclude(aimed);
      return false;
    }
    return true;
  }
  if (head.head == target) {
    Clear(AlarmKind::kShrank);
    return true;
  }
  const auto comparison = CompareHead(checkpoint, *note);
  if (comparison.ok() && comparison->relation == Relation::kFork) return false;
  if (head.head.size < target.size) {
    Raise(AlarmKind::kShrank,
          absl::StrCat("checkpoint of ", options_.log_key.name, ": of ",
                       head.head.size, " leaves, and it has shown ",
                       target.size, " before"),
          "checkpoint");
  } else if (comparison.ok() && comparison->relation == Relation::kAhead) {
    // Of the size that is read up to, with another root.
    StopWith(
        absl::StrCat(options_.log_key.name, ": two histories: two heads of ",
                     head.head.size, " leaves"),
        *note,
        ConvictFork(&fetcher_, reading_->target(), *note, head.head.size));
    return false;
  }
  return true;
}

bool FollowerImpl::ReadOn() {
  const TreeHead before = reading_->verified().head;
  if (reading_->target().head == before) return true;
  const ReadingResult result = reading_->Read();
  Conclude(result);
  if (result.outcome != ReadingResult::Outcome::kVerified) return false;
  if (!cosigned_ahead_.empty()) {
    const auto ahead = Compare(cosigned_ahead_);
    if (ahead.ok() && ahead->relation != Relation::kAhead) {
      cosigned_ahead_.clear();
    }
  }
  Changed();
  return !stopping_;
}

void FollowerImpl::Conclude(const ReadingResult& result) {
  if (result.outcome == ReadingResult::Outcome::kWrong) {
    wrong_ = true;
    const auto file = reading_->MakeConviction();
    no_file_ = absl::IsNotFound(file.status());
    StopWith(result.sentence, reading_->target().note, file);
    return;
  }
  Publish();
  switch (result.outcome) {
    case ReadingResult::Outcome::kVerified:
      Clear(AlarmKind::kWithheld);
      Clear(AlarmKind::kOwnState);
      return;
    case ReadingResult::Outcome::kWithheld:
      Clear(AlarmKind::kOwnState);
      Raise(AlarmKind::kWithheld, result.sentence, result.path);
      return;
    case ReadingResult::Outcome::kOurs:
      Raise(AlarmKind::kOwnState, result.sentence);
      reading_ = nullptr;
      return;
    default:
      return;
  }
}

void FollowerImpl::LookAtCosigned() {
  if (!options_.policy.has_value()) return;
  const auto now = std::chrono::steady_clock::now();
  if (cosigned_look_.has_value() &&
      now - *cosigned_look_ <
          std::chrono::milliseconds(options_.cosigned_period_ms)) {
    return;
  }
  cosigned_look_ = now;
  const auto note = fetcher_.Get("cosigned/checkpoint", kNoteBytesMax);
  if (!note.ok()) return;
  Checkpoint checkpoint;
  CosignatureTimes times;
  Finding finding = OpenCheckpoint(*note, options_.log_key, &checkpoint);
  if (finding != Finding::kOk) {
    Raise(AlarmKind::kUnsound,
          absl::StrCat("cosigned/checkpoint of ", options_.log_key.name, ": ",
                       FindingSentence(finding)),
          "cosigned/checkpoint");
    return;
  }
  const auto comparison = CompareHead(checkpoint, *note);
  if (!comparison.ok() || stopping_) return;
  if (comparison->relation == Relation::kAhead) cosigned_ahead_ = *note;
  finding = ReadCosignatures(*note, *options_.policy, &times);
  if (finding != Finding::kOk) {
    Raise(AlarmKind::kUnsound,
          absl::StrCat("cosigned/checkpoint of ", options_.log_key.name, ": ",
                       FindingSentence(finding)),
          "cosigned/checkpoint");
    return;
  }
  std::optional<uint64_t> since = 0;
  if (options_.policy->quorum.has_value()) {
    since = SatisfiedAt(*options_.policy, *options_.policy->quorum, times);
  }
  ClearAbout(AlarmKind::kUnsound, "cosigned/checkpoint");
  if (!since.has_value()) return;
  MutexLock lock(&mu_);
  if (checkpoint.head.size < status_.cosigned.size) return;
  status_.cosigned = checkpoint.head;
  status_.cosigned_note = *note;
  status_.cosigned_s = std::max(status_.cosigned_s, *since);
}

void FollowerImpl::JudgeAge() {
  const uint64_t now = options_.now_s();
  const FollowerStatus status = this->status();
  const std::string& log = options_.log_key.name;
  const auto older = [now](uint64_t then, uint64_t limit) {
    return now > then && now - then > limit;
  };
  if (older(std::max(status.answered_s, started_s_), options_.silent_s)) {
    Raise(
        AlarmKind::kSilent,
        absl::StrCat(log, " has shown no checkpoint of its own for more than ",
                     options_.silent_s, " s"),
        "checkpoint");
  }
  if (older(std::max(status.seal_s, status.seal_s == 0 ? started_s_ : 0),
            options_.stale_s)) {
    Raise(AlarmKind::kStale,
          absl::StrCat("the newest verified seal of ", log, " is older than ",
                       options_.stale_s, " s"));
  } else {
    Clear(AlarmKind::kStale);
  }
  if (!options_.policy.has_value() || !options_.policy->quorum.has_value()) {
    return;
  }
  if (older(status.cosigned_s == 0 ? started_s_ : status.cosigned_s,
            options_.quorum_s)) {
    Raise(AlarmKind::kQuorumLost,
          absl::StrCat(log, " shows no head whose quorum is younger than ",
                       options_.quorum_s, " s"),
          "cosigned/checkpoint");
  } else {
    Clear(AlarmKind::kQuorumLost);
  }
}

void FollowerImpl::StopWith(const std::string& sentence,
                            const std::string& note,
                            const absl::StatusOr<ConvictionFile>& conviction) {
  stopping_ = true;
  {
    MutexLock lock(&mu_);
    // The first that was found stays, but a file is better than none.
    if (!status_.stopped.empty() &&
        (!conviction.ok() || conviction_.has_value() ||
         !status_.conviction_path.empty())) {
      return;
    }
    status_.stopped = conviction.ok() ? conviction->sentence : sentence;
    stopped_note_ = note;
    stop_settled_ = false;
    if (conviction.ok()) conviction_ = *conviction;
    changed_.SignalAll();
  }
  Say(absl::StrCat(
      "following ends: ", conviction.ok() ? conviction->sentence : sentence,
      conviction.ok()
          ? ""
          : absl::StrCat(" (no file: ",
                         std::string(conviction.status().message()), ")")));
  SettleStop();
  Changed();
}

void FollowerImpl::SettleStop() {
  MutexLock settling(&settling_);
  StoppedRecord record;
  std::optional<ConvictionFile> file;
  {
    MutexLock lock(&mu_);
    file = conviction_;
    record.sentence = status_.stopped;
    record.note = stopped_note_;
    if (stop_settled_) return;
  }
  absl::Status settled;
  if (file.has_value()) {
    record.conviction = file->name;
    settled = folder_->Replace(file->name, file->bytes);
  }
  if (settled.ok()) {
    settled = folder_->Replace(kStoppedName, FormatStoppedRecord(record));
  }
  if (!settled.ok()) {
    Raise(AlarmKind::kOwnState, std::string(settled.message()));
    return;
  }
  Clear(AlarmKind::kOwnState);
  MutexLock lock(&mu_);
  stop_settled_ = true;
  if (file.has_value()) {
    status_.conviction_path = folder_->PathOf(file->name);
  }
}

void FollowerImpl::Prosecute() {
  std::string note;
  {
    MutexLock lock(&mu_);
    if (conviction_.has_value() || !status_.conviction_path.empty()) return;
    note = stopped_note_;
  }
  if (no_file_) return;
  if (wrong_) {
    const auto file = reading_->MakeConviction();
    no_file_ = absl::IsNotFound(file.status());
    if (file.ok()) StopWith("", note, file);
    return;
  }
  // After a restart: to the same place once more. Nothing of it is vouched for.
  Checkpoint checkpoint;
  if (OpenCheckpoint(note, options_.log_key, &checkpoint) != Finding::kOk ||
      checkpoint.head.size < reading_->target().head.size) {
    return;
  }
  prosecuting_ = true;
  ReadingResult result;
  if (checkpoint.head.size > reading_->target().head.size) {
    result = reading_->Aim({options_.log_key, note, checkpoint.head});
  }
  if (result.outcome == ReadingResult::Outcome::kVerified) {
    result = reading_->Read();
  }
  prosecuting_ = false;
  // Nothing was wrong this time: it stays as it is.
  if (result.outcome == ReadingResult::Outcome::kVerified) no_file_ = true;
  Conclude(result);
}

void FollowerImpl::Raise(AlarmKind kind, const std::string& sentence,
                         const std::string& path) {
  {
    MutexLock lock(&mu_);
    const auto [alarm, is_new] = alarms_.emplace(kind, Alarm());
    alarm->second.kind = kind;
    alarm->second.sentence = sentence;
    alarm->second.path = path;
    if (!is_new) return;
    alarm->second.since_s = options_.now_s();
  }
  Say(absl::StrCat("alarm: ", AlarmKindName(kind), ": ", sentence));
}

void FollowerImpl::Clear(AlarmKind kind) {
  {
    MutexLock lock(&mu_);
    if (alarms_.erase(kind) == 0) return;
  }
  Say(absl::StrCat("over: ", AlarmKindName(kind), ": ", options_.log_key.name));
}

void FollowerImpl::ClearAbout(AlarmKind kind, const std::string& path) {
  {
    MutexLock lock(&mu_);
    const auto alarm = alarms_.find(kind);
    if (alarm == alarms_.end() || alarm->second.path != path) return;
  }
  Clear(kind);
}

absl::Status FollowerImpl::Approve(const Checkpoint& checkpoint, int wait_ms) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms);
  {
    MutexLock lock(&mu_);
    while (!stopping_ && status_.verified.size < checkpoint.head.size) {
      hurry_ = true;
      changed_.SignalAll();
      if (leaving_ || std::chrono::steady_clock::now() >= deadline) {
        return absl::UnavailableError(
            absl::StrCat("leaves are verified up to ", status_.verified.size,
                         " of ", checkpoint.head.size, "; ask again"));
      }
      changed_.WaitUntil(&mu_, deadline);
    }
  }
  const auto comparison = CompareHead(checkpoint, "");
  if (stopping_) {
    return absl::FailedPreconditionError(
        "something is wrong with this log; it is no longer followed");
  }
  RETURN_IF_ERROR(comparison.status());
  if (comparison->relation != Relation::kPrefix) {
    return absl::FailedPreconditionError(
        "not a head of the history that was read");
  }
  return absl::OkStatus();
}

absl::StatusOr<Follower::Comparison> FollowerImpl::Compare(
    absl::string_view note) {
  Checkpoint checkpoint;
  const Finding finding =
      OpenCheckpoint({note.data(), note.size()}, options_.log_key, &checkpoint);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(FindingSentence(finding));
  }
  return CompareHead(checkpoint, std::string(note));
}

absl::StatusOr<std::string> FollowerImpl::CosignatureRequest(
    uint64_t old_size) {
  WitnessRequest request;
  request.old_size = old_size;
  std::string note;
  TreeHead verified;
  std::shared_ptr<const HeldTree> held;
  {
    MutexLock lock(&mu_);
    note = status_.verified_note;
    verified = status_.verified;
    held = held_;
  }
  if (stopping_ || held == nullptr || verified.size <= old_size) {
    return absl::FailedPreconditionError("no larger head is verified");
  }
  if (old_size > 0) {
    auto proof =
        ConsistencyPath(old_size, verified.size,
                        [&held](int level, uint64_t index, Hash* hash) {
                          return held->Node(level, index, hash);
                        });
    if (!proof.has_value()) {
      return absl::DataLossError("what is held of the log can't be read");
    }
    request.proof = *std::move(proof);
  }
  request.note = note;
  return FormatWitnessRequest(request);
}

// Without a note nothing is convicted.
absl::StatusOr<Follower::Comparison> FollowerImpl::CompareHead(
    const Checkpoint& checkpoint, const std::string& note) {
  const uint64_t size = checkpoint.head.size;
  SignedHead verified;
  std::shared_ptr<const HeldTree> held;
  {
    MutexLock lock(&mu_);
    verified = {options_.log_key, status_.verified_note, status_.verified};
    held = held_;
  }
  Comparison comparison;
  if (size == 0) {
    comparison.relation = Relation::kPrefix;
    return comparison;
  }
  if (held == nullptr || size > verified.head.size) return comparison;
  const auto root =
      RootFrom(size, [&held](int level, uint64_t index, Hash* hash) {
        return held->Node(level, index, hash);
      });
  ASSIGN_OR_RETURN(const std::string last, held->Leaves(size - 1, 1));
  if (!root.has_value()) {
    return absl::DataLossError("what is held of the log can't be read");
  }
  const bool is_prefix = *root == checkpoint.head.root;
  if (is_prefix && static_cast<LeafKind>(last[0]) == LeafKind::kSeal) {
    comparison.relation = Relation::kPrefix;
    return comparison;
  }
  comparison.relation = is_prefix ? Relation::kNoBatch : Relation::kFork;
  if (note.empty()) return comparison;
  NoFetcher none;
  HeldFetcher fetcher(held.get(), DocumentsPath(*folder_), &none);
  absl::StatusOr<ConvictionFile> file;
  std::string sentence;
  if (is_prefix) {
    AuditStop stop;
    stop.finding = Finding::kBatchUnfinished;
    stop.leaf_index = size;
    file = Convict(&fetcher, {options_.log_key, note, checkpoint.head}, stop,
                   nullptr);
    sentence = absl::StrCat(options_.log_key.name,
                            ": it signed a head that does not end in a seal");
  } else {
    file = ConvictFork(&fetcher, verified, note, size);
    sentence = absl::StrCat(options_.log_key.name,
                            ": two histories: it signed a head of ", size,
                            " leaves that is not the beginning of what was "
                            "read");
  }
  if (file.ok()) comparison.conviction = *file;
  StopWith(sentence, note, file);
  return comparison;
}

}  // namespace

const char* AlarmKindName(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::kSilent:
      return "silent";
    case AlarmKind::kStale:
      return "stale";
    case AlarmKind::kQuorumLost:
      return "quorum_lost";
    case AlarmKind::kWithheld:
      return "withheld";
    case AlarmKind::kShrank:
      return "shrank";
    case AlarmKind::kUnsound:
      return "unsound";
    case AlarmKind::kOwnState:
      return "own_state";
  }
  return "";
}

absl::StatusOr<std::unique_ptr<Follower>> Follower::Open(
    FollowerOptions options, std::unique_ptr<Fetcher> fetcher) {
  return OpenFollower(std::move(options), std::move(fetcher), nullptr);
}

absl::StatusOr<std::unique_ptr<Follower>> OpenFollower(
    FollowerOptions options, std::unique_ptr<Fetcher> fetcher,
    DurableStepWatcher watcher) {
  CHECK(options.now_s != nullptr);
  CHECK_GE(options.threads, 1);
  ASSIGN_OR_RETURN(std::unique_ptr<StateFolder> folder,
                   StateFolder::Open(options.folder, std::move(watcher)));
  auto follower = std::make_unique<FollowerImpl>(
      std::move(options), std::move(fetcher), std::move(folder));
  RETURN_IF_ERROR(follower->Load());
  return follower;
}

}  // namespace vidimus
