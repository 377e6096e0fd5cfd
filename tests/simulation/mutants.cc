#include "tests/simulation/mutants.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "log/disk_testing.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

// An engine that does what another does, until a mutant says otherwise.
class OtherStorage : public Storage {
 public:
  explicit OtherStorage(std::unique_ptr<Storage> storage)
      : storage_(std::move(storage)) {}

  absl::StatusOr<TreeHead> LastHead() override { return storage_->LastHead(); }
  absl::Status Commit(const StorageBatch& batch,
                      const TreeHead& expected) override {
    return storage_->Commit(batch, expected);
  }
  absl::StatusOr<StoredRow> Get(RowKind kind, uint8_t sub,
                                uint64_t index) override {
    return storage_->Get(kind, sub, index);
  }
  absl::Status Scan(
      RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
      absl::FunctionRef<bool(uint64_t first, absl::string_view value)> visit)
      override {
    return storage_->Scan(kind, sub, begin, end, visit);
  }

 protected:
  const std::unique_ptr<Storage> storage_;
};

template <typename Engine>
Mutation WithStorage() {
  Mutation mutation;
  mutation.storage = [](std::unique_ptr<Storage> storage) {
    return std::make_unique<Engine>(std::move(storage));
  };
  return mutation;
}

}  // namespace

Mutation LockThatForgets() {
  class Lock : public SigningLock {
   public:
    explicit Lock(Storage* storage) {
      const absl::StatusOr<TreeHead> head = storage->LastHead();
      if (head.ok()) head_ = *head;
    }
    TreeHead Head() const override { return head_; }
    absl::Status Advance(const TreeHead&, const TreeHead& next) override {
      head_ = next;
      return absl::OkStatus();
    }

   private:
    TreeHead head_ = {0, EmptyRoot()};
  };
  Mutation mutation;
  mutation.lock = [](std::unique_ptr<SigningLock>, Storage* storage) {
    return std::make_unique<Lock>(storage);
  };
  return mutation;
}

Mutation LockThatNeverMoves() {
  class Lock : public SigningLock {
   public:
    explicit Lock(std::unique_ptr<SigningLock> lock)
        : lock_(std::move(lock)), head_(lock_->Head()) {}
    TreeHead Head() const override { return head_; }
    absl::Status Advance(const TreeHead&, const TreeHead& next) override {
      head_ = next;
      return absl::OkStatus();
    }

   private:
    const std::unique_ptr<SigningLock> lock_;
    TreeHead head_;
  };
  Mutation mutation;
  mutation.lock = [](std::unique_ptr<SigningLock> lock, Storage*) {
    return std::make_unique<Lock>(std::move(lock));
  };
  return mutation;
}

Mutation StorageThatKeepsNothing() {
  class Engine : public OtherStorage {
   public:
    using OtherStorage::OtherStorage;
    absl::Status Commit(const StorageBatch& batch,
                        const TreeHead& expected) override {
      if (++commits_ % 5 == 0) return absl::OkStatus();
      return storage_->Commit(batch, expected);
    }

   private:
    int commits_ = 0;
  };
  return WithStorage<Engine>();
}

Mutation StorageThatHidesTheOtherServer() {
  class Engine : public OtherStorage {
   public:
    using OtherStorage::OtherStorage;
    absl::Status Commit(const StorageBatch& batch,
                        const TreeHead& expected) override {
      const absl::Status committed = storage_->Commit(batch, expected);
      return absl::IsAborted(committed) ? absl::OkStatus() : committed;
    }
  };
  return WithStorage<Engine>();
}

Mutation StorageThatForgetsIds() {
  class Engine : public OtherStorage {
   public:
    using OtherStorage::OtherStorage;
    absl::Status Scan(
        RowKind kind, uint8_t sub, uint64_t begin, uint64_t end,
        absl::FunctionRef<bool(uint64_t first, absl::string_view value)> visit)
        override {
      if (kind == RowKind::kIds) return absl::OkStatus();
      return storage_->Scan(kind, sub, begin, end, visit);
    }
  };
  return WithStorage<Engine>();
}

Mutation StorageThatMixesUpEntries() {
  class Engine : public OtherStorage {
   public:
    using OtherStorage::OtherStorage;
    absl::Status Commit(const StorageBatch& batch,
                        const TreeHead& expected) override {
      if (++commits_ % 5 != 0) return storage_->Commit(batch, expected);
      StorageBatch other = batch;
      for (Row& row : other.rows) {
        if (row.kind == RowKind::kEntries) row.value.back() ^= 1;
      }
      return storage_->Commit(other, expected);
    }

   private:
    int commits_ = 0;
  };
  return WithStorage<Engine>();
}

Mutation DiskThatDoesNotSync() {
  class NoSync : public OtherDisk {
   public:
    using OtherDisk::OtherDisk;

   private:
    class NoSyncFile : public File {
     public:
      using File::File;
      absl::Status Sync() override { return absl::OkStatus(); }
    };
    std::unique_ptr<DiskFile> Wrap(std::unique_ptr<DiskFile> file) override {
      return std::make_unique<NoSyncFile>(std::move(file));
    }
  };
  Mutation mutation;
  mutation.disk = [](Disk* disk) { return std::make_unique<NoSync>(disk); };
  return mutation;
}

}  // namespace vidimus
