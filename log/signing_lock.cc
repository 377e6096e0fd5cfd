// Invariants: the lock never moves to a smaller size, nor to another root of
// the same size; the slot that counts is only overwritten with itself; Head()
// is durable.
#include "log/signing_lock.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr absl::string_view kMagic = "vidlock1";
constexpr size_t kSlotBytes = 512;
constexpr uint64_t kSlotOffsets[2] = {0, 4096};
constexpr size_t kFileBytes = 8192;
constexpr size_t kSummedBytes = 56;

struct Slot {
  uint64_t counter = 0;
  TreeHead head;
};

std::string EncodeSlot(const Slot& slot) {
  std::string bytes(kMagic);
  AppendBe64(slot.counter, &bytes);
  AppendBe64(slot.head.size, &bytes);
  bytes += Bytes(slot.head.root);
  CHECK_EQ(bytes.size(), kSummedBytes);
  bytes += Bytes(Sha256(bytes));
  bytes.resize(kSlotBytes, '\0');
  return bytes;
}

std::optional<Slot> DecodeSlot(absl::string_view bytes) {
  if (bytes.size() != kSlotBytes || bytes.substr(0, 8) != kMagic) {
    return std::nullopt;
  }
  Slot slot;
  slot.counter = Be64({bytes.data() + 8, 8});
  slot.head.size = Be64({bytes.data() + 16, 8});
  slot.head.root = *HashFromBytes({bytes.data() + 24, kHashBytes});
  // Compared whole, so that every bit of a slot counts.
  if (EncodeSlot(slot) != bytes) return std::nullopt;
  return slot;
}

bool AllZero(absl::string_view bytes) {
  return bytes.find_first_not_of('\0') == absl::string_view::npos;
}

class SigningLockImpl : public SigningLock {
 public:
  SigningLockImpl(std::string path, std::unique_ptr<DiskFile> file, Slot slot,
                  int place)
      : path_(std::move(path)),
        file_(std::move(file)),
        slot_(slot),
        place_(place) {}

  TreeHead Head() const override { return slot_.head; }

  absl::Status Advance(const TreeHead& expected,
                       const TreeHead& next) override {
    if (!failed_.ok()) return Annotate(failed_, "an earlier move failed");
    if (expected != slot_.head) {
      return absl::AbortedError(absl::StrCat(
          "signing lock ", path_, " stands at size ", slot_.head.size,
          ", not at ", expected.size, "; is a second server running?"));
    }
    if (next == slot_.head) return absl::OkStatus();
    if (next.size <= slot_.head.size) {
      return absl::FailedPreconditionError(absl::StrCat(
          "signing lock ", path_, " stands at size ", slot_.head.size,
          " and was asked to move to another tree of size ", next.size,
          ": that would be a second history"));
    }
    return Write(next);
  }

  // Writes the slot that counts once more, over itself and durably. What it
  // holds may never have reached the disk; torn, it falls back to the other
  // slot, which then is what the disk had all along.
  absl::Status WriteAgain() { return WriteSlot(place_, slot_); }

  // Writes `head` to the slot that does not count, which then does.
  absl::Status Write(const TreeHead& head) {
    const Slot next = {slot_.counter + 1, head};
    RETURN_IF_ERROR(WriteSlot(1 - place_, next));
    slot_ = next;
    place_ = 1 - place_;
    return absl::OkStatus();
  }

 private:
  absl::Status WriteSlot(int place, const Slot& slot) {
    absl::Status written =
        file_->WriteAt(kSlotOffsets[place], EncodeSlot(slot));
    if (written.ok()) written = file_->Sync();
    if (!written.ok()) {
      failed_ = Annotate(written,
                         absl::StrCat("moving the signing lock from size ",
                                      slot_.head.size, " to ", slot.head.size));
    }
    return failed_;
  }

  const std::string path_;
  const std::unique_ptr<DiskFile> file_;
  Slot slot_;
  int place_;  // which of the two slots holds slot_
  absl::Status failed_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SigningLock>> OpenSigningLock(
    Disk* disk, const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<DiskFile> file,
                   disk->Open(path, /*exclusive=*/true));
  std::optional<Slot> slots[2];
  ASSIGN_OR_RETURN(const std::string bytes, file->ReadAt(0, kFileBytes + 1));
  if (bytes.size() > kFileBytes) {
    return absl::DataLossError(absl::StrCat(
        "signing lock ", path, " is longer than ", kFileBytes, " bytes"));
  }
  for (int i : {0, 1}) {
    if (bytes.size() >= kSlotOffsets[i] + kSlotBytes) {
      slots[i] = DecodeSlot(
          absl::string_view(bytes).substr(kSlotOffsets[i], kSlotBytes));
    }
  }

  if (!slots[0] && !slots[1]) {
    // The first move away from size 0 writes the second slot. As long as that
    // one is blank nothing was ever signed: the file is new, or its maker died
    // before it was whole.
    const bool second_blank =
        bytes.size() <= kSlotOffsets[1] ||
        AllZero(absl::string_view(bytes).substr(kSlotOffsets[1]));
    if (!second_blank) {
      return absl::DataLossError(absl::StrCat(
          "signing lock ", path,
          " can't be read: both slots are damaged; ask "
          "the log's witnesses for the largest head they saw before anything "
          "is signed again (docs/signing_lock.md)"));
    }
    // All blocks are allocated here, so that a move changes no metadata.
    RETURN_IF_ERROR(file->WriteAt(0, std::string(kFileBytes, '\0')));
    RETURN_IF_ERROR(file->Sync());
    const Slot slot = {1, {0, EmptyRoot()}};
    RETURN_IF_ERROR(file->WriteAt(kSlotOffsets[0], EncodeSlot(slot)));
    RETURN_IF_ERROR(file->Sync());
    return std::unique_ptr<SigningLock>(
        new SigningLockImpl(path, std::move(file), slot, 0));
  }

  int newest = slots[0] ? 0 : 1;
  if (slots[0] && slots[1]) {
    newest = slots[0]->counter > slots[1]->counter ? 0 : 1;
    const Slot& newer = *slots[newest];
    const Slot& older = *slots[1 - newest];
    const bool grew =
        newer.head.size > older.head.size || newer.head == older.head;
    if (newer.counter != older.counter + 1 || !grew) {
      return absl::DataLossError(absl::StrCat(
          "signing lock ", path, ": its slots contradict each other (size ",
          older.head.size, " at move ", older.counter, ", size ",
          newer.head.size, " at move ", newer.counter, ")"));
    }
  }
  auto lock = std::make_unique<SigningLockImpl>(path, std::move(file),
                                                *slots[newest], newest);
  RETURN_IF_ERROR(lock->WriteAgain());
  return std::unique_ptr<SigningLock>(std::move(lock));
}

}  // namespace vidimus
