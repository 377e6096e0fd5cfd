#include "log/vault.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "log/aead.h"
#include "proto/status.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kPageVersion = 1;
constexpr uint64_t kSlots = 4096;
constexpr size_t kSlotBytes = 64;
constexpr size_t kPageHeaderBytes = 1 + 8 + kAeadNonceBytes;

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

class FileVault : public Vault {
 public:
  FileVault(Disk* disk, std::string folder, std::string_view vault_key,
            Random* random)
      : disk_(disk),
        folder_(std::move(folder)),
        vault_key_(vault_key),
        random_(random) {}

  absl::Status Start() {
    RETURN_IF_ERROR(disk_->MakeFolder(folder_));
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     disk_->List(folder_));
    uint64_t block = 0;
    for (const std::string& name : names) {
      uint64_t number = 0;
      if (name.size() == 8 && absl::SimpleHexAtoi(name, &number)) {
        block = std::max(block, number + 1);
      }
    }
    next_slot_ = block * kSlots;
    return DrawBlock(block);
  }

  absl::StatusOr<std::string> Seal(uint64_t first,
                                   const vault::Page& page) override {
    if (next_slot_ / kSlots != block_) {
      RETURN_IF_ERROR(DrawBlock(next_slot_ / kSlots));
    }
    const uint64_t slot = next_slot_++;
    const std::string nonce = random_->Draw(kAeadNonceBytes);
    std::string row(1, kPageVersion);
    AppendBe64(slot, &row);
    row += nonce;
    row += AeadSeal(keys_[slot % kSlots], nonce, PageContext(first, slot),
                    page.SerializeAsString());
    return row;
  }

  absl::StatusOr<vault::Page> Open(uint64_t first,
                                   std::string_view row) override {
    if (row.size() < kPageHeaderBytes || row[0] != kPageVersion) {
      return absl::DataLossError(absl::StrCat(
          "vault page of the batch at leaf ", first, ": unknown form"));
    }
    const uint64_t slot = Be64({row.data() + 1, 8});
    ASSIGN_OR_RETURN(const std::string key, PageKey(slot));
    const std::optional<std::string> plain =
        AeadOpen(key, row.substr(9, kAeadNonceBytes), PageContext(first, slot),
                 row.substr(kPageHeaderBytes));
    vault::Page page;
    if (!plain.has_value() || !page.ParseFromString(*plain)) {
      return absl::DataLossError(
          absl::StrCat("vault page of the batch at leaf ", first,
                       ": does not decrypt under its key (slot ", slot,
                       "): the row or the key file was changed"));
    }
    return page;
  }

 private:
  std::string Path(uint64_t block) const {
    return absl::StrFormat("%s/%08x", folder_, block);
  }

  absl::Status DrawBlock(uint64_t block) {
    keys_.clear();
    std::string slots;
    slots.reserve(kSlots * kSlotBytes);
    for (uint64_t i = 0; i < kSlots; ++i) {
      keys_.push_back(random_->Draw(kAeadKeyBytes));
      const std::string nonce = random_->Draw(kAeadNonceBytes);
      slots += nonce;
      slots += AeadSeal(vault_key_, nonce, KeyContext(block * kSlots + i),
                        keys_.back());
      slots.append(4, '\0');
    }
    ASSIGN_OR_RETURN(auto file, disk_->Open(Path(block), false));
    RETURN_IF_ERROR(file->WriteAt(0, slots));
    RETURN_IF_ERROR(file->Sync());
    block_ = block;
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> PageKey(uint64_t slot) {
    if (slot / kSlots > block_) {
      return absl::DataLossError(absl::StrCat(
          "vault key slot ", slot, " does not exist: the page was changed"));
    }
    ASSIGN_OR_RETURN(auto file, disk_->Open(Path(slot / kSlots), false));
    ASSIGN_OR_RETURN(const std::string bytes,
                     file->ReadAt(slot % kSlots * kSlotBytes, kSlotBytes));
    const std::string_view view = bytes;
    const std::optional<std::string> key =
        view.size() != kSlotBytes
            ? std::nullopt
            : AeadOpen(
                  vault_key_, view.substr(0, kAeadNonceBytes), KeyContext(slot),
                  view.substr(kAeadNonceBytes, kAeadKeyBytes + kAeadTagBytes));
    if (!key.has_value()) {
      return absl::DataLossError(
          absl::StrCat("vault key file ", Path(slot / kSlots), ": slot ",
                       slot % kSlots, " does not open under the vault key"));
    }
    return *key;
  }

  Disk* const disk_;
  const std::string folder_;
  const std::string vault_key_;
  Random* const random_;

  // The newest block of keys.
  std::atomic<uint64_t> block_{0};

  // Seal's own.
  uint64_t next_slot_ = 0;
  std::vector<std::string> keys_;  // of block_
};

}  // namespace

absl::StatusOr<std::unique_ptr<Vault>> Vault::Open(Disk* disk,
                                                   const std::string& folder,
                                                   std::string_view vault_key,
                                                   Random* random) {
  auto vault = std::make_unique<FileVault>(disk, folder, vault_key, random);
  RETURN_IF_ERROR(vault->Start());
  return std::unique_ptr<Vault>(std::move(vault));
}

}  // namespace vidimus
