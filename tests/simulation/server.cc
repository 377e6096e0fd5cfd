#include "tests/simulation/server.h"

#include <optional>
#include <utility>
#include <vector>

#include "proto/status.h"

namespace vidimus {

// Counts calls down to the fault that was set. A process that died stays dead.
class Server::State {
 public:
  // What becomes of a call.
  enum class Turn { kGo, kFail, kFailButKeep };

  void SetFault(const Fault& fault) {
    fault_ = fault;
    calls_left_ = fault.calls_before;
  }

  Turn Next(FaultPlace place) {
    if (dead_) return Turn::kFail;
    if (!fault_.has_value() || fault_->place != place) return Turn::kGo;
    if (calls_left_-- > 0) return Turn::kGo;
    return Strike();
  }

  // The same on the disk, which counts its own calls: it makes the one fail, so
  // that it knows what was lost.
  template <typename Do>
  auto OnDisk(SimDisk* disk, Do&& call) -> decltype(call()) {
    if (dead_) return Dead();
    if (!fault_.has_value() || fault_->place != FaultPlace::kDisk) {
      return call();
    }
    const uint64_t before = disk->calls();
    disk->FailCall(before + calls_left_ + 1, fault_->kept);
    auto result = call();
    const int calls = static_cast<int>(disk->calls() - before);
    disk->FailCall(0, false);
    if (calls > calls_left_) {
      Strike();
    } else {
      calls_left_ -= calls;
    }
    return result;
  }

  bool dead() const { return dead_; }
  bool faulted() const { return faulted_; }

  static absl::Status Dead() {
    return absl::UnavailableError("the simulated process is dead");
  }

 private:
  Turn Strike() {
    const Fault fault = *fault_;
    fault_.reset();
    faulted_ = true;
    dead_ = fault.dies;
    return fault.kept ? Turn::kFailButKeep : Turn::kFail;
  }

  std::optional<Fault> fault_;
  int calls_left_ = 0;
  bool faulted_ = false;
  bool dead_ = false;
};

class Server::FaultyDisk : public Disk {
 public:
  FaultyDisk(SimDisk* disk, State* state) : disk_(disk), state_(state) {}

  absl::StatusOr<std::unique_ptr<DiskFile>> Open(const std::string& path,
                                                 bool exclusive) override {
    auto file = state_->OnDisk(
        disk_, [&]() -> absl::StatusOr<std::unique_ptr<DiskFile>> {
          return disk_->Open(path, exclusive);
        });
    if (!file.ok()) return file.status();
    return {std::make_unique<File>(disk_, state_, *std::move(file))};
  }
  absl::StatusOr<std::vector<std::string>> List(
      const std::string& folder) override {
    if (state_->dead()) return State::Dead();
    return disk_->List(folder);
  }
  absl::Status MakeFolder(const std::string& folder) override {
    return state_->OnDisk(disk_, [&] { return disk_->MakeFolder(folder); });
  }
  absl::Status Remove(const std::string& path) override {
    return state_->OnDisk(disk_, [&] { return disk_->Remove(path); });
  }
  absl::Status SyncFolder(const std::string& folder) override {
    return state_->OnDisk(disk_, [&] { return disk_->SyncFolder(folder); });
  }

 private:
  class File : public DiskFile {
   public:
    File(SimDisk* disk, State* state, std::unique_ptr<DiskFile> file)
        : disk_(disk), state_(state), file_(std::move(file)) {}
    absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
      if (state_->dead()) return State::Dead();
      return file_->ReadAt(offset, size);
    }
    absl::Status WriteAt(uint64_t offset, absl::string_view bytes) override {
      return state_->OnDisk(disk_,
                            [&] { return file_->WriteAt(offset, bytes); });
    }
    absl::Status Sync() override {
      return state_->OnDisk(disk_, [&] { return file_->Sync(); });
    }
    absl::StatusOr<uint64_t> Size() override {
      if (state_->dead()) return State::Dead();
      return file_->Size();
    }

   private:
    SimDisk* const disk_;
    State* const state_;
    const std::unique_ptr<DiskFile> file_;
  };

  SimDisk* const disk_;
  State* const state_;
};

class Server::FaultyStorage : public Storage {
 public:
  FaultyStorage(const World& world, State* state)
      : world_(world),
        state_(state),
        rows_(world.rows, [state](const StorageBatch&) {
          switch (state->Next(FaultPlace::kCommit)) {
            case State::Turn::kGo:
              return MemoryStorage::Fate::kCommit;
            case State::Turn::kFail:
              return MemoryStorage::Fate::kFail;
            case State::Turn::kFailButKeep:
              break;
          }
          return MemoryStorage::Fate::kFailButKeep;
        }) {}

  absl::StatusOr<TreeHead> LastHead() override {
    RETURN_IF_ERROR(Read());
    return rows_.LastHead();
  }
  absl::Status Commit(const StorageBatch& batch,
                      const TreeHead& expected) override {
    if (state_->dead()) return State::Dead();
    world_.interrupt();
    const absl::Status committed = rows_.Commit(batch, expected);
    world_.interrupt();
    return committed;
  }
  absl::StatusOr<StoredRow> Get(RowKind kind, uint8_t sub,
                                uint64_t index) override {
    RETURN_IF_ERROR(Read());
    return rows_.Get(kind, sub, index);
  }
  absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t first, absl::string_view value)> visit)
      override {
    RETURN_IF_ERROR(Read());
    return rows_.Scan(kind, sub, begin, end, visit);
  }

 private:
  absl::Status Read() {
    return state_->Next(FaultPlace::kRead) == State::Turn::kGo
               ? absl::OkStatus()
               : absl::UnavailableError("the simulated storage can't be read");
  }

  const World& world_;
  State* const state_;
  MemoryStorage rows_;
};

class Server::WatchedSigner : public NoteSigner {
 public:
  WatchedSigner(const World& world, State* state)
      : world_(world), state_(state), rows_(world.rows) {}

  const VerifierKey& key() const override { return world_.signer->key(); }
  bool Sign(std::string_view text, uint64_t time_s,
            std::string* line) const override {
    const State::Turn turn = state_->Next(FaultPlace::kSigner);
    if (turn == State::Turn::kFail) return false;
    const absl::Status judged = world_.history->AddSignature(text, &rows_);
    if (!judged.ok()) world_.report(judged);
    // A signature that was made may be out even if its maker never got it.
    return world_.signer->Sign(text, time_s, line) && turn == State::Turn::kGo;
  }

 private:
  const World& world_;
  State* const state_;
  mutable MemoryStorage rows_;
};

Server::Server(const World& world)
    : world_(world),
      state_(std::make_unique<State>()),
      disk_(std::make_unique<FaultyDisk>(world.disk, state_.get())),
      storage_(std::make_unique<FaultyStorage>(world, state_.get())),
      signer_(std::make_unique<WatchedSigner>(world, state_.get())),
      registry_(std::make_unique<prometheus::Registry>()),
      workers_(std::make_unique<WorkerPool>(0)) {
  if (world.mutation->storage) {
    storage_ = world.mutation->storage(std::move(storage_));
  }
  if (world.mutation->disk) mutant_disk_ = world.mutation->disk(disk_.get());
}

Server::~Server() = default;

absl::Status Server::Open(const Files& files) {
  Disk* const disk = mutant_disk_ != nullptr ? mutant_disk_.get() : disk_.get();
  ASSIGN_OR_RETURN(lock_, OpenSigningLock(disk, files.lock));
  if (world_.mutation->lock) {
    lock_ = world_.mutation->lock(std::move(lock_), storage_.get());
  }
  ASSIGN_OR_RETURN(
      log_, Log::Open(world_.options,
                      LogParts{storage_.get(), lock_.get(), disk, world_.clock,
                               world_.random, signer_.get(), registry_.get(),
                               files.ids_folder, files.vault_folder,
                               world_.id_key, world_.vault_key,
                               world_.label_key, files.index_folder}));
  service_ = std::make_unique<SubmitService>(SubmitLimits{}, log_.get(),
                                             workers_.get());
  return absl::OkStatus();
}

void Server::SetFault(const Fault& fault) { state_->SetFault(fault); }

bool Server::faulted() const { return state_->faulted(); }

bool Server::at_newest_head() {
  MemoryStorage rows(world_.rows);
  const absl::StatusOr<TreeHead> head = rows.LastHead();
  return head.ok() && log_->Latest() != nullptr &&
         *head == log_->Latest()->head;
}

}  // namespace vidimus
