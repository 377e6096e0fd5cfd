// Invariants:
// - a page's key is durable before its row can be;
// - a slot is used once;
// - every live slot opens under the vault key or, while one is being rotated
//   in, under the next;
// - a key file is never left with a slot half written that is still needed:
//   what is wrapped again stands whole in the spare file first.
#include "log/vault.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "log/aead.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kPageVersion = 1;
constexpr uint64_t kSlots = 4096;
constexpr size_t kSlotBytes = 64;
constexpr size_t kBlockBytes = kSlots * kSlotBytes;
constexpr size_t kPageHeaderBytes = 1 + 8 + kAeadNonceBytes;
// Hexadecimal digits and a line feed.
constexpr size_t kKeyFileBytes = 2 * kAeadKeyBytes + 1;
constexpr char kNextSuffix[] = ".next";
// In the vault's folder: a block that is being written over, block number(8)
// slots SHA-256 of both(32), or zeros.
constexpr char kSpareName[] = "spare";
// Key files kept open.
constexpr size_t kOpenFilesMax = 32;

std::string KeyContext(uint64_t slot) {
  std::string context = "vidimus vault key ";
  AppendBe64(slot, &context);
  return context;
}

std::string PageContext(uint64_t first, uint64_t slot) {
  std::string context = "vidimus vault page ";
  AppendBe64(first, &context);
  AppendBe64(slot, &context);
  return context;
}

// Forgets a secret; the compiler may not leave it out.
void Wipe(std::string* secret) {
  std::memset(secret->data(), 0, secret->size());
  __asm__ __volatile__("" : : "r"(secret->data()) : "memory");
  secret->clear();
}

bool IsZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == bytes.npos;
}

std::string Wrap(std::string_view vault_key, std::string_view key,
                 uint64_t slot, Random* random) {
  std::string bytes = random->Draw(kAeadNonceBytes);
  bytes += AeadSeal(vault_key, bytes, KeyContext(slot), key);
  bytes.append(4, '\0');
  CHECK_EQ(bytes.size(), kSlotBytes);
  return bytes;
}

std::optional<std::string> Unwrap(std::string_view vault_key,
                                  std::string_view bytes, uint64_t slot) {
  if (bytes.size() != kSlotBytes) return std::nullopt;
  return AeadOpen(vault_key, bytes.substr(0, kAeadNonceBytes), KeyContext(slot),
                  bytes.substr(kAeadNonceBytes, kAeadKeyBytes + kAeadTagBytes));
}

class FileVault : public Vault {
 public:
  FileVault(Disk* disk, std::string folder, std::string_view vault_key,
            Random* random, std::string key_file)
      : disk_(disk),
        folder_(std::move(folder)),
        random_(random),
        key_file_(std::move(key_file)),
        key_(vault_key) {}

  ~FileVault() override {
    MutexLock lock(&mu_);
    Wipe(&key_);
    Wipe(&next_key_);
    for (std::string& key : keys_) Wipe(&key);
  }

  absl::Status Start() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(disk_->MakeFolder(folder_));
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     disk_->List(folder_));
    bool spare = false;
    for (const std::string& name : names) {
      uint64_t number = 0;
      if (name.size() == 8 && absl::SimpleHexAtoi(name, &number)) {
        blocks_.insert(number);
      }
      spare |= name == kSpareName;
    }
    if (spare) RETURN_IF_ERROR(SettleSpare());
    RETURN_IF_ERROR(FindNextKey());
    const uint64_t block = blocks_.empty() ? 0 : *blocks_.rbegin() + 1;
    next_slot_ = block * kSlots;
    first_slot_ = next_slot_;
    return DrawBlock(block);
  }

  absl::StatusOr<std::string> Seal(uint64_t first,
                                   const vault::Page& page) override
      ABSL_LOCKS_EXCLUDED(mu_) {
    std::string plain = page.SerializeAsString();
    return SealBytes(first, &plain);
  }

  absl::StatusOr<std::string> SealBytes(uint64_t first,
                                        std::string* plain) override
      ABSL_LOCKS_EXCLUDED(mu_) {
    if (next_slot_ / kSlots != drawn_) {
      MutexLock lock(&mu_);
      RETURN_IF_ERROR(DrawBlock(next_slot_ / kSlots));
    }
    const uint64_t slot = next_slot_++;
    std::string& key = keys_[slot % kSlots];
    const std::string nonce = random_->Draw(kAeadNonceBytes);
    std::string row(1, kPageVersion);
    row.reserve(kPageHeaderBytes + plain->size() + kAeadTagBytes);
    AppendBe64(slot, &row);
    row += nonce;
    AppendAeadSeal(key, nonce, PageContext(first, slot), *plain, &row);
    Wipe(plain);
    // From here on it is read from its file, or was destroyed there.
    Wipe(&key);
    return row;
  }

  absl::StatusOr<vault::Page> Open(uint64_t first,
                                   std::string_view row) override
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::StatusOr<uint64_t> slot = SlotOf(row);
    RETURN_IF_ERROR(
        Annotate(slot.status(),
                 absl::StrCat("vault page of the batch at leaf ", first)));
    ASSIGN_OR_RETURN(std::string key, PageKey(*slot));
    std::optional<std::string> plain =
        AeadOpen(key, row.substr(9, kAeadNonceBytes), PageContext(first, *slot),
                 row.substr(kPageHeaderBytes));
    Wipe(&key);
    vault::Page page;
    if (!plain.has_value() || !page.ParseFromString(*plain)) {
      return absl::DataLossError(
          absl::StrCat("vault page of the batch at leaf ", first,
                       ": does not decrypt under its key (slot ", *slot,
                       "): the row or the key file was changed"));
    }
    Wipe(&*plain);
    return page;
  }

  absl::Status Destroy(const std::vector<SlotRange>& ranges,
                       bool again) override ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return DestroyLocked(ranges, again);
  }

  absl::Status DestroyUnused(std::optional<uint64_t> last_used) override
      ABSL_LOCKS_EXCLUDED(mu_) {
    CHECK_EQ(next_slot_, first_slot_);
    const uint64_t begin = last_used.has_value() ? *last_used + 1 : 0;
    MutexLock lock(&mu_);
    std::vector<SlotRange> ranges;
    std::vector<uint64_t> unused;
    std::vector<std::unique_ptr<DiskFile>> claimed;
    for (const uint64_t block : blocks_) {
      const SlotRange range{std::max(begin, block * kSlots),
                            std::min(first_slot_, (block + 1) * kSlots)};
      if (range.begin >= range.end) continue;
      auto file = disk_->Open(Path(block), true);
      // Another server draws from it.
      if (absl::IsFailedPrecondition(file.status())) continue;
      RETURN_IF_ERROR(file.status());
      claimed.push_back(*std::move(file));
      ranges.push_back(range);
      if (range.end - range.begin == kSlots) unused.push_back(block);
    }
    RETURN_IF_ERROR(DestroyLocked(ranges, false));
    claimed.clear();
    for (const uint64_t block : unused) {
      files_.erase(block);
      RETURN_IF_ERROR(disk_->Remove(Path(block)));
      blocks_.erase(block);
    }
    return absl::OkStatus();
  }

  absl::Status Rotate(const std::function<bool(uint64_t, uint64_t)>& pace)
      override ABSL_LOCKS_EXCLUDED(mu_) {
    std::vector<uint64_t> blocks;
    {
      MutexLock lock(&mu_);
      if (key_file_.empty()) {
        return absl::FailedPreconditionError(
            "the vault's key is not in a file of the log's folder: whoever "
            "keeps it must replace it");
      }
      if (!rotation_failed_.ok()) {
        return absl::FailedPreconditionError(absl::StrCat(
            "a rotation of the vault key failed before: start the server "
            "again, which takes it up: ",
            rotation_failed_.message()));
      }
      if (next_key_.empty()) RETURN_IF_ERROR(DrawNextKey());
      // Those drawn from now on are wrapped by the next key.
      blocks.assign(blocks_.begin(), blocks_.end());
    }
    uint64_t done = 0;
    for (const uint64_t block : blocks) {
      if (!pace(done, blocks.size())) {
        return absl::CancelledError(
            "stopped; the rotation goes on at the next start");
      }
      MutexLock lock(&mu_);
      RETURN_IF_ERROR(WrapAgain(block));
      ++done;
    }
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(ReplaceKey());
    pace(done, blocks.size());
    return absl::OkStatus();
  }

  bool rotating() override ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return !next_key_.empty();
  }

 private:
  std::string Path(uint64_t block) const {
    return absl::StrFormat("%s/%08x", folder_, block);
  }

  // The key file of `block`, kept open; kDataLoss if there is none.
  absl::StatusOr<DiskFile*> File(uint64_t block)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (const auto found = files_.find(block); found != files_.end()) {
      return found->second.get();
    }
    if (blocks_.count(block) == 0) {
      return absl::DataLossError(
          absl::StrCat("vault key file ", Path(block), " does not exist"));
    }
    ASSIGN_OR_RETURN(std::unique_ptr<DiskFile> file,
                     disk_->Open(Path(block), false));
    if (files_.size() >= kOpenFilesMax) files_.erase(files_.begin());
    return files_.emplace(block, std::move(file)).first->second.get();
  }

  absl::Status DrawBlock(uint64_t block) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (std::string& key : keys_) Wipe(&key);
    keys_.clear();
    const std::string& vault_key = next_key_.empty() ? key_ : next_key_;
    std::string slots;
    slots.reserve(kBlockBytes);
    for (uint64_t i = 0; i < kSlots; ++i) {
      keys_.push_back(random_->Draw(kAeadKeyBytes));
      slots += Wrap(vault_key, keys_.back(), block * kSlots + i, random_);
    }
    ASSIGN_OR_RETURN(auto file, disk_->Open(Path(block), true));
    RETURN_IF_ERROR(file->WriteAt(0, slots));
    RETURN_IF_ERROR(file->Sync());
    blocks_.insert(block);
    drawn_ = block;
    // The last block's newest key may be on its way into a commit.
    last_drawn_file_ = std::move(drawn_file_);
    drawn_file_ = std::move(file);
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> PageKey(uint64_t slot) ABSL_LOCKS_EXCLUDED(mu_) {
    const uint64_t block = slot / kSlots;
    MutexLock lock(&mu_);
    ASSIGN_OR_RETURN(DiskFile * file, File(block));
    ASSIGN_OR_RETURN(const std::string bytes,
                     file->ReadAt(slot % kSlots * kSlotBytes, kSlotBytes));
    std::optional<std::string> key;
    if (!next_key_.empty()) key = Unwrap(next_key_, bytes, slot);
    if (!key.has_value()) key = Unwrap(key_, bytes, slot);
    if (key.has_value()) return *std::move(key);
    return absl::DataLossError(
        absl::StrCat("vault key file ", Path(block), ": slot ", slot % kSlots,
                     !bytes.empty() && IsZero(bytes)
                         ? " was destroyed"
                         : " does not open under the vault key"));
  }

  absl::Status DestroyLocked(const std::vector<SlotRange>& ranges, bool again)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    // By block, so that each file is synced once.
    std::map<uint64_t, std::vector<SlotRange>> by_block;
    for (SlotRange range : ranges) {
      for (auto block = blocks_.lower_bound(range.begin / kSlots);
           block != blocks_.end() && *block * kSlots < range.end; ++block) {
        by_block[*block].push_back(
            {std::max(range.begin, *block * kSlots) - *block * kSlots,
             std::min(range.end, (*block + 1) * kSlots) - *block * kSlots});
      }
    }
    for (const auto& [block, places] : by_block) {
      ASSIGN_OR_RETURN(DiskFile * file, File(block));
      bool wrote = false;
      for (const SlotRange& range : places) {
        const size_t bytes = (range.end - range.begin) * kSlotBytes;
        if (!again) {
          ASSIGN_OR_RETURN(const std::string old,
                           file->ReadAt(range.begin * kSlotBytes, bytes));
          if (IsZero(old)) continue;
        }
        RETURN_IF_ERROR(
            file->WriteAt(range.begin * kSlotBytes, std::string(bytes, '\0')));
        wrote = true;
      }
      if (wrote) RETURN_IF_ERROR(file->Sync());
    }
    return absl::OkStatus();
  }

  // --- Rotation ---

  // Writes `bytes` over the whole of the file at `path`, durably.
  absl::Status Overwrite(const std::string& path, const std::string& bytes) {
    ASSIGN_OR_RETURN(auto file, disk_->Open(path, false));
    RETURN_IF_ERROR(file->WriteAt(0, bytes));
    return file->Sync();
  }

  // Finishes or drops the block that a crash left in the spare file, and
  // empties that.
  absl::Status SettleSpare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const std::string path = absl::StrCat(folder_, "/", kSpareName);
    {
      ASSIGN_OR_RETURN(auto file, disk_->Open(path, false));
      ASSIGN_OR_RETURN(std::string bytes,
                       file->ReadAt(0, 8 + kBlockBytes + kHashBytes));
      const std::string_view view = bytes;
      if (view.size() == 8 + kBlockBytes + kHashBytes &&
          Bytes(Sha256(view.substr(0, 8 + kBlockBytes))) ==
              view.substr(8 + kBlockBytes) &&
          blocks_.count(Be64(view)) > 0) {
        RETURN_IF_ERROR(
            Overwrite(Path(Be64(view)), bytes.substr(8, kBlockBytes)));
      }
    }
    RETURN_IF_ERROR(EmptySpare());
    return disk_->Remove(path);
  }

  absl::Status EmptySpare() {
    return Overwrite(absl::StrCat(folder_, "/", kSpareName),
                     std::string(8 + kBlockBytes + kHashBytes, '\0'));
  }

  // Takes up a rotation that a crash interrupted.
  absl::Status FindNextKey() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (key_file_.empty()) return absl::OkStatus();
    const size_t slash = key_file_.rfind('/');
    CHECK(slash != std::string::npos);
    const std::string name = key_file_.substr(slash + 1) + kNextSuffix;
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     disk_->List(key_file_.substr(0, slash)));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return absl::OkStatus();
    }
    const std::string path = key_file_ + kNextSuffix;
    std::string text;
    {
      ASSIGN_OR_RETURN(auto file, disk_->Open(path, false));
      ASSIGN_OR_RETURN(text, file->ReadAt(0, kKeyFileBytes + 1));
    }
    std::string key;
    if (text.size() != kKeyFileBytes || text.back() != '\n' ||
        !HexDecode(text.substr(0, 2 * kAeadKeyBytes), &key)) {
      // It was never whole, so nothing is wrapped by it.
      return disk_->Remove(path);
    }
    // What was read may stand in memory only.
    RETURN_IF_ERROR(Overwrite(path, text));
    next_key_ = std::move(key);
    Wipe(&text);
    return absl::OkStatus();
  }

  absl::Status DrawNextKey() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::string key = random_->Draw(kAeadKeyBytes);
    RETURN_IF_ERROR(
        Overwrite(key_file_ + kNextSuffix, absl::StrCat(HexEncode(key), "\n")));
    next_key_ = std::move(key);
    return absl::OkStatus();
  }

  // Wraps the keys of `block` by the next key.
  absl::Status WrapAgain(uint64_t block) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (blocks_.count(block) == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(DiskFile * file, File(block));
    ASSIGN_OR_RETURN(std::string slots, file->ReadAt(0, kBlockBytes));
    slots.resize(kBlockBytes);
    bool changed = false;
    for (uint64_t i = 0; i < kSlots; ++i) {
      const std::string_view old =
          std::string_view(slots).substr(i * kSlotBytes, kSlotBytes);
      if (IsZero(old)) continue;
      const uint64_t slot = block * kSlots + i;
      if (Unwrap(next_key_, old, slot).has_value()) continue;
      std::optional<std::string> key = Unwrap(key_, old, slot);
      if (!key.has_value()) {
        return absl::DataLossError(absl::StrCat(
            "vault key file ", Path(block), ": slot ", i,
            " opens neither under the vault key nor under the next one; the "
            "old key is kept until it does"));
      }
      slots.replace(i * kSlotBytes, kSlotBytes,
                    Wrap(next_key_, *key, slot, random_));
      Wipe(&*key);
      changed = true;
    }
    if (!changed) return absl::OkStatus();
    std::string spare;
    spare.reserve(8 + kBlockBytes + kHashBytes);
    AppendBe64(block, &spare);
    spare += slots;
    spare += Bytes(Sha256(spare));
    // After a failure nobody knows what the disk holds: a start puts it right.
    rotation_failed_ = [&]() -> absl::Status {
      RETURN_IF_ERROR(Overwrite(absl::StrCat(folder_, "/", kSpareName), spare));
      RETURN_IF_ERROR(file->WriteAt(0, slots));
      RETURN_IF_ERROR(file->Sync());
      // Before anything is destroyed in the block: the spare has a copy.
      return EmptySpare();
    }();
    return rotation_failed_;
  }

  // The next key becomes the key, in the very bytes where the old one stood.
  absl::Status ReplaceKey() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    RETURN_IF_ERROR(
        Overwrite(key_file_, absl::StrCat(HexEncode(next_key_), "\n")));
    RETURN_IF_ERROR(disk_->Remove(key_file_ + kNextSuffix));
    RETURN_IF_ERROR(disk_->Remove(absl::StrCat(folder_, "/", kSpareName)));
    Wipe(&key_);
    key_ = std::move(next_key_);
    next_key_.clear();
    return absl::OkStatus();
  }

  Disk* const disk_;
  const std::string folder_;
  Random* const random_;
  const std::string key_file_;

  // Seal's own, but for the start.
  uint64_t first_slot_ = 0;
  uint64_t next_slot_ = 0;
  uint64_t drawn_ = 0;             // the block of keys_
  std::vector<std::string> keys_;  // wiped as they are used
  // Held, so that another server on the same folder sees that they are in use.
  std::unique_ptr<DiskFile> drawn_file_;
  std::unique_ptr<DiskFile> last_drawn_file_;

  Mutex mu_;
  std::string key_ ABSL_GUARDED_BY(mu_);
  std::string next_key_ ABSL_GUARDED_BY(mu_);  // empty: no rotation
  absl::Status rotation_failed_ ABSL_GUARDED_BY(mu_);
  std::set<uint64_t> blocks_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, std::unique_ptr<DiskFile>> files_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<uint64_t> Vault::SlotOf(std::string_view row) {
  if (row.size() < kPageHeaderBytes || row[0] != kPageVersion) {
    return absl::DataLossError("unknown form");
  }
  return Be64(row.substr(1, 8));
}

absl::StatusOr<std::unique_ptr<Vault>> Vault::Open(
    Disk* disk, const std::string& folder, std::string_view vault_key,
    Random* random, const std::string& key_file) {
  auto vault =
      std::make_unique<FileVault>(disk, folder, vault_key, random, key_file);
  RETURN_IF_ERROR(vault->Start());
  return std::unique_ptr<Vault>(std::move(vault));
}

}  // namespace vidimus
