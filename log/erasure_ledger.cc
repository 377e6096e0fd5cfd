#include "log/erasure_ledger.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr size_t kRecordBytes = 32;
constexpr size_t kContentBytes = 24;
constexpr size_t kChunkRecords = 32768;

enum Kind : uint8_t {
  kIntent = 1,     // first, slot
  kDestroyed = 2,  // slots [a, b)
  kKept = 3,       // slot
  kHeld = 4,       // leaf
  kReleased = 5,   // leaf
};

std::string Check(uint64_t number, std::string_view content) {
  std::string input = "vidimus erasure ledger";
  AppendBe64(number, &input);
  input += content;
  return std::string(Bytes(Sha256(input)).substr(0, 8));
}

bool IsZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == bytes.npos;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ErasureLedger>> ErasureLedger::Open(
    Disk* disk, const std::string& path) {
  ASSIGN_OR_RETURN(auto file, disk->Open(path, false));
  std::unique_ptr<ErasureLedger> ledger(new ErasureLedger(std::move(file)));
  RETURN_IF_ERROR(ledger->Read(path));
  return ledger;
}

absl::Status ErasureLedger::Read(const std::string& path) {
  ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  // The last records, which may stand in memory only.
  std::string tail;
  bool ended = false;
  uint64_t number = 0;
  for (uint64_t offset = 0; offset < size;) {
    ASSIGN_OR_RETURN(const std::string chunk,
                     file_->ReadAt(offset, kChunkRecords * kRecordBytes));
    if (chunk.empty()) break;
    for (size_t at = 0; at < chunk.size(); at += kRecordBytes, ++number) {
      const std::string_view bytes =
          std::string_view(chunk).substr(at, kRecordBytes);
      const bool good = bytes.size() == kRecordBytes &&
                        bytes.substr(kContentBytes) ==
                            Check(number, bytes.substr(0, kContentBytes));
      if (ended || !good) {
        ended = true;
        if (number < count_ + kIntentsMax || IsZero(bytes)) continue;
        return absl::DataLossError(absl::StrCat(
            path, ": record ", count_,
            " is damaged, and more follows than one append can leave torn. "
            "Put back a copy of this file that is no older: it says which "
            "keys must stay destroyed"));
      }
      Apply({static_cast<uint8_t>(bytes[0]), Be64(bytes.substr(8, 8)),
             Be64(bytes.substr(16, 8))});
      ++count_;
      tail += bytes;
      if (tail.size() > 2 * kIntentsMax * kRecordBytes) {
        tail.erase(0, tail.size() - kIntentsMax * kRecordBytes);
      }
    }
    offset += chunk.size();
  }
  const uint64_t tail_offset = count_ * kRecordBytes - tail.size();
  if (size > count_ * kRecordBytes) {
    tail.append(size - count_ * kRecordBytes, '\0');
  }
  if (tail.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(file_->WriteAt(tail_offset, tail));
  return file_->Sync();
}

absl::Status ErasureLedger::Intend(const std::vector<Intent>& intents) {
  CHECK_LE(intents.size(), kIntentsMax);
  std::vector<Record> records;
  for (const Intent& intent : intents) {
    // One that was refused before and comes again.
    if (pending_.count(intent.slot) > 0) continue;
    records.push_back({kIntent, intent.first, intent.slot});
  }
  return Append(records);
}

absl::Status ErasureLedger::Settle(const std::vector<Intent>& intents,
                                   bool kept) {
  CHECK_LE(intents.size(), kIntentsMax);
  std::vector<uint64_t> slots;
  for (const Intent& intent : intents) slots.push_back(intent.slot);
  std::sort(slots.begin(), slots.end());
  std::vector<Record> records;
  for (const uint64_t slot : slots) {
    if (kept) {
      records.push_back({kKept, slot, 0});
    } else if (!records.empty() && records.back().b == slot) {
      ++records.back().b;
    } else {
      records.push_back({kDestroyed, slot, slot + 1});
    }
  }
  return Append(records);
}

std::vector<ErasureLedger::Intent> ErasureLedger::Pending() const {
  std::vector<Intent> all;
  for (const auto& [slot, first] : pending_) all.push_back({first, slot});
  return all;
}

std::vector<SlotRange> ErasureLedger::Destroyed() const {
  std::vector<SlotRange> all;
  for (const auto& [begin, end] : destroyed_) all.push_back({begin, end});
  return all;
}

absl::Status ErasureLedger::SetHold(uint64_t leaf_index, bool held) {
  if (Held(leaf_index) == held) return absl::OkStatus();
  return Append({{held ? kHeld : kReleased, leaf_index, 0}});
}

absl::Status ErasureLedger::Append(const std::vector<Record>& records) {
  RETURN_IF_ERROR(
      Annotate(failed_, "an earlier write of the erasure ledger failed"));
  if (records.empty()) return absl::OkStatus();
  std::string bytes;
  uint64_t number = count_;
  for (const Record& record : records) {
    std::string content(1, static_cast<char>(record.kind));
    content.append(7, '\0');
    AppendBe64(record.a, &content);
    AppendBe64(record.b, &content);
    bytes += content;
    bytes += Check(number++, content);
  }
  failed_ = file_->WriteAt(count_ * kRecordBytes, bytes);
  if (failed_.ok()) failed_ = file_->Sync();
  RETURN_IF_ERROR(failed_);
  count_ = number;
  for (const Record& record : records) Apply(record);
  return absl::OkStatus();
}

void ErasureLedger::Apply(const Record& record) {
  switch (record.kind) {
    case kIntent:
      pending_[record.b] = record.a;
      break;
    case kDestroyed:
      if (record.a < record.b) AddDestroyed(record.a, record.b);
      break;
    case kKept:
      pending_.erase(record.a);
      break;
    case kHeld:
      held_.insert(record.a);
      break;
    case kReleased:
      held_.erase(record.a);
      break;
    default:
      break;
  }
}

void ErasureLedger::AddDestroyed(uint64_t begin, uint64_t end) {
  pending_.erase(pending_.lower_bound(begin), pending_.lower_bound(end));
  // Joined with what it touches.
  auto next = destroyed_.upper_bound(begin);
  if (next != destroyed_.begin() && std::prev(next)->second >= begin) --next;
  while (next != destroyed_.end() && next->first <= end) {
    begin = std::min(begin, next->first);
    end = std::max(end, next->second);
    destroyed_count_ -= next->second - next->first;
    next = destroyed_.erase(next);
  }
  destroyed_[begin] = end;
  destroyed_count_ += end - begin;
}

absl::Status FinishErasures(ErasureLedger* ledger, Storage* storage,
                            Vault* vault, uint64_t size) {
  std::vector<ErasureLedger::Intent> kept, replaced;
  std::vector<SlotRange> ranges;
  for (const ErasureLedger::Intent& intent : ledger->Pending()) {
    ASSIGN_OR_RETURN(const StoredRow row,
                     storage->Get(RowKind::kVaultPage, 0, intent.first));
    ASSIGN_OR_RETURN(const uint64_t slot, Vault::SlotOf(row.value));
    if (slot == intent.slot) {
      kept.push_back(intent);
    } else {
      replaced.push_back(intent);
      ranges.push_back({intent.slot, intent.slot + 1});
    }
  }
  RETURN_IF_ERROR(vault->Destroy(ranges, true));
  for (const bool keep : {true, false}) {
    const std::vector<ErasureLedger::Intent>& all = keep ? kept : replaced;
    for (size_t i = 0; i < all.size(); i += ErasureLedger::kIntentsMax) {
      RETURN_IF_ERROR(ledger->Settle(
          {all.begin() + i,
           all.begin() + std::min(all.size(), i + ErasureLedger::kIntentsMax)},
          keep));
    }
  }
  RETURN_IF_ERROR(vault->Destroy(ledger->Destroyed(), false));

  // Slots ascend from commit to commit, and a batch's own page is sealed last.
  std::optional<uint64_t> last_used;
  for (uint64_t end = size; end > 0 && !last_used.has_value();) {
    const absl::StatusOr<StoredRow> row =
        storage->Get(RowKind::kVaultPage, 0, end - 1);
    if (row.ok()) {
      ASSIGN_OR_RETURN(last_used, Vault::SlotOf(row->value));
    } else if (absl::IsNotFound(row.status())) {
      ASSIGN_OR_RETURN(const StoredRow head,
                       storage->Get(RowKind::kHead, 0, end - 1));
      end = head.first;
    } else {
      return row.status();
    }
  }
  return vault->DestroyUnused(last_used);
}

}  // namespace vidimus
