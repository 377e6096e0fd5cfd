#include "client/outbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/file.h"
#include "client/receipt.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr uint64_t kPendingMark = UINT64_MAX;
constexpr absl::string_view kMagic = "vidimus/v1 outbox\n";
constexpr size_t kDoneBytes = kEntryIdBytes + 8;
constexpr size_t kRequestBytesMax = size_t{64} << 20;
constexpr size_t kCheckpointBytesMax = size_t{1} << 20;

std::string_view Std(absl::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

// The bytes of a request file: a damaged one is told from a whole one.
std::string Wrap(const std::string& body) {
  return absl::StrCat(
      kMagic,
      [&] {
        const Hash hash = Sha256(body);
        return std::string(Bytes(hash));
      }(),
      body);
}

std::optional<std::string> Unwrap(absl::string_view bytes) {
  if (!absl::ConsumePrefix(&bytes, kMagic) || bytes.size() < kHashBytes) {
    return std::nullopt;
  }
  const absl::string_view body = bytes.substr(kHashBytes);
  const Hash hash = Sha256(Std(body));
  if (Bytes(hash) != Std(bytes.substr(0, kHashBytes))) return std::nullopt;
  return std::string(body);
}

std::vector<EntryId> IdsOf(const v1::SubmitRequest& request) {
  std::vector<EntryId> ids;
  EntryId id;
  for (const v1::Entry& entry : request.entries()) {
    CHECK(EntryIdFromBytes(entry.entry_id(), &id));
    ids.push_back(id);
  }
  for (const v1::OpaqueEntry& entry : request.opaque()) {
    CHECK(EntryIdFromBytes(entry.id(), &id));
    ids.push_back(id);
  }
  return ids;
}

// Names in a folder, sorted.
absl::StatusOr<std::vector<std::string>> List(const std::string& folder) {
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return FileError("open folder", folder, errno);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

// Numbers in file names have 12 digits, so that names sort as numbers do.
std::string Padded(uint64_t number) {
  char digits[24];
  std::snprintf(digits, sizeof(digits), "%012llu",
                static_cast<unsigned long long>(number));
  return digits;
}

bool ParsePadded(absl::string_view name, uint64_t* number) {
  if (name.size() != 12) return false;
  while (name.size() > 1 && name[0] == '0') name.remove_prefix(1);
  return DecimalDecode(Std(name), number);
}

}  // namespace

bool EntryIdFromBytes(absl::string_view bytes, EntryId* id) {
  if (bytes.size() != id->size()) return false;
  std::memcpy(id->data(), bytes.data(), id->size());
  return true;
}

absl::StatusOr<std::unique_ptr<Outbox>> Outbox::Open(
    const std::string& folder) {
  RETURN_IF_ERROR(MakeFolder(folder));
  const std::string lock = absl::StrCat(folder, "/lock");
  const int lock_fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd < 0) return FileError("open", lock, errno);
  if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) {
    close(lock_fd);
    return absl::FailedPreconditionError(absl::StrCat(
        "outbox ", folder, ": another process has it open; give each its own"));
  }
  std::unique_ptr<Outbox> outbox(new Outbox(folder, lock_fd));
  RETURN_IF_ERROR(outbox->Load());
  outbox->housekeeper_ = std::thread([o = outbox.get()] { o->KeepHouse(); });
  return outbox;
}

Outbox::Outbox(std::string folder, int lock_fd)
    : folder_(std::move(folder)), lock_fd_(lock_fd) {}

Outbox::~Outbox() {
  if (housekeeper_.joinable()) {
    {
      MutexLock lock(&mu_);
      closing_ = true;
      changed_.SignalAll();
    }
    housekeeper_.join();
  }
  if (done_fd_ >= 0) close(done_fd_);
  close(lock_fd_);
}

std::string Outbox::RequestPath(uint64_t number) const {
  return absl::StrCat(folder_, "/", Padded(number), ".request");
}

std::string Outbox::ErasePath(uint64_t number) const {
  return absl::StrCat(folder_, "/", Padded(number), ".erase");
}

absl::Status Outbox::Load() {
  for (const char* name : {"done", "refused", "evidence"}) {
    RETURN_IF_ERROR(MakeFolder(absl::StrCat(folder_, "/", name)));
  }
  RETURN_IF_ERROR(LoadDone());
  RETURN_IF_ERROR(LoadPending());
  ASSIGN_OR_RETURN(const std::vector<std::string> refused,
                   List(absl::StrCat(folder_, "/refused")));
  auto checkpoint =
      ReadFile(absl::StrCat(folder_, "/checkpoint"), kCheckpointBytesMax);
  if (checkpoint.ok()) {
    checkpoint_at_open_ = *std::move(checkpoint);
  } else if (!absl::IsNotFound(checkpoint.status())) {
    return checkpoint.status();
  }
  MutexLock lock(&mu_);
  refused_files_ = refused.size();
  return absl::OkStatus();
}

absl::Status Outbox::LoadDone() {
  const std::string done = absl::StrCat(folder_, "/done");
  ASSIGN_OR_RETURN(const std::vector<std::string> names, List(done));
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(done, "/", name);
    uint64_t number = 0;
    if (!ParsePadded(name, &number)) continue;
    done_number_ = std::max(done_number_, number);
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return FileError("stat", path, errno);
    if (info.st_mtime < std::time(nullptr) - kDaysKept * 86400) {
      if (unlink(path.c_str()) != 0) return FileError("remove", path, errno);
      continue;
    }
    ASSIGN_OR_RETURN(const std::string content,
                     ReadFile(path, kDoneBytes * (kDoneFileEntries + 1)));
    MutexLock lock(&mu_);
    // A crash may have left half an element at the end, or zeros.
    for (size_t at = 0; at + kDoneBytes <= content.size(); at += kDoneBytes) {
      EntryId id;
      std::memcpy(id.data(), &content[at], id.size());
      if (id == EntryId{}) continue;
      ids_[id] = Be64(Std(content).substr(at + kEntryIdBytes));
    }
  }
  return absl::OkStatus();
}

absl::Status Outbox::LoadPending() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, List(folder_));
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(folder_, "/", name);
    // Never said OK to, or done: the crash came before the name was there, or
    // before it was gone.
    if (absl::EndsWith(name, ".request.new") ||
        absl::EndsWith(name, ".erase")) {
      RETURN_IF_ERROR(EraseFile(path));
      continue;
    }
    absl::string_view stem = name;
    uint64_t number = 0;
    if (!absl::ConsumeSuffix(&stem, ".request") ||
        !ParsePadded(stem, &number)) {
      continue;
    }
    ASSIGN_OR_RETURN(const v1::SubmitRequest request, Read(number));
    MutexLock lock(&mu_);
    next_number_ = std::max(next_number_, number + 1);
    pending_.push_back(number);
    for (const EntryId& id : IdsOf(request)) ids_[id] = kPendingMark;
  }
  return absl::OkStatus();
}

Outbox::Known Outbox::Find(const EntryId& id) const {
  MutexLock lock(&mu_);
  const auto found = ids_.find(id);
  if (found == ids_.end()) return Known::kNo;
  return found->second == kPendingMark ? Known::kPending : Known::kDone;
}

absl::StatusOr<uint64_t> Outbox::LeafIndexOf(const EntryId& id) const {
  MutexLock lock(&mu_);
  const auto found = ids_.find(id);
  if (found == ids_.end() || found->second == kPendingMark) {
    return absl::NotFoundError("no receipt for this entry yet");
  }
  return found->second;
}

std::vector<uint64_t> Outbox::Pending() const {
  MutexLock lock(&mu_);
  return pending_;
}

absl::StatusOr<v1::SubmitRequest> Outbox::Read(uint64_t number) const {
  const std::string path = RequestPath(number);
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReadPrivateFile(path, kRequestBytesMax));
  const std::optional<std::string> body = Unwrap(bytes);
  v1::SubmitRequest request;
  EntryId id;
  if (!body.has_value() || !request.ParseFromString(*body)) {
    return absl::DataLossError(absl::StrCat(
        path,
        ": this request is damaged; its entries must be submitted again "
        "from their source, then remove the file"));
  }
  for (const v1::Entry& entry : request.entries()) {
    if (!EntryIdFromBytes(entry.entry_id(), &id)) {
      return absl::DataLossError(absl::StrCat(path, ": an entry without id"));
    }
  }
  for (const v1::OpaqueEntry& entry : request.opaque()) {
    if (!EntryIdFromBytes(entry.id(), &id)) {
      return absl::DataLossError(absl::StrCat(path, ": an entry without id"));
    }
  }
  return request;
}

absl::Status Outbox::Failed(const absl::Status& status) {
  if (failure_.ok()) {
    failure_ = Annotate(status,
                        "outbox (stopped: its state on disk is "
                        "unknown until it is opened again)");
  }
  changed_.SignalAll();
  return failure_;
}

absl::StatusOr<uint64_t> Outbox::Put(const v1::SubmitRequest& request) {
  const std::vector<EntryId> ids = IdsOf(request);
  uint64_t number = 0;
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(failure_);
    number = next_number_++;
    for (const EntryId& id : ids) ids_[id] = kPendingMark;
  }
  const absl::Status written = WriteFile(
      RequestPath(number), Wrap(request.SerializeAsString()), 0600, true);
  MutexLock lock(&mu_);
  if (!written.ok()) return Failed(written);
  pending_.push_back(number);
  return number;
}

absl::Status Outbox::Done(uint64_t number, const v1::SubmitRequest& request,
                          const std::vector<uint64_t>& leaf_indices) {
  const std::vector<EntryId> ids = IdsOf(request);
  CHECK_EQ(ids.size(), leaf_indices.size());
  MutexLock lock(&mu_);
  RETURN_IF_ERROR(failure_);
  Finished finished{number, {}};
  for (size_t k = 0; k < ids.size(); ++k) {
    finished.entries.emplace_back(ids[k], leaf_indices[k]);
    ids_[ids[k]] = leaf_indices[k];
  }
  finished_.push_back(std::move(finished));
  changed_.SignalAll();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Outbox::Refuse(uint64_t number,
                                        const v1::SubmitRequest& refused,
                                        const v1::SubmitRequest& rest) {
  uint64_t rest_number = 0;
  if (rest.entries_size() + rest.opaque_size() > 0) {
    ASSIGN_OR_RETURN(rest_number, Put(rest));
  }
  const std::string path =
      absl::StrCat(folder_, "/refused/", Padded(number), ".request");
  absl::Status status =
      WriteFile(path, Wrap(refused.SerializeAsString()), 0600, true);
  if (status.ok()) status = Erase({number});
  MutexLock lock(&mu_);
  if (!status.ok()) return Failed(status);
  ++refused_files_;
  // Whoever mends the cause may submit these again.
  for (const EntryId& id : IdsOf(refused)) ids_.erase(id);
  for (const EntryId& id : IdsOf(rest)) ids_[id] = kPendingMark;
  pending_.erase(std::remove(pending_.begin(), pending_.end(), number),
                 pending_.end());
  return rest_number;
}

absl::StatusOr<std::string> Outbox::KeepEvidence(absl::string_view answer) {
  const std::string path = absl::StrCat(
      folder_, "/evidence/", static_cast<int64_t>(std::time(nullptr)), "-",
      HexEncode(Bytes(Sha256(Std(answer)))).substr(0, 8), ".answer");
  RETURN_IF_ERROR(WriteFile(path, answer, 0600, true));
  return path;
}

void Outbox::SetCheckpoint(const std::string& checkpoint) {
  MutexLock lock(&mu_);
  checkpoint_ = checkpoint;
}

void Outbox::SetReceiptFolder(const std::string& folder) {
  MutexLock lock(&mu_);
  receipt_folder_ = folder;
}

absl::Status Outbox::Flush() {
  MutexLock lock(&mu_);
  while (failure_.ok() && (!finished_.empty() || finishing_)) {
    changed_.Wait(&mu_);
  }
  return failure_;
}

uint64_t Outbox::refused_files() const {
  MutexLock lock(&mu_);
  return refused_files_;
}

void Outbox::KeepHouse() {
  while (true) {
    std::vector<Finished> finished;
    std::string checkpoint;
    std::string receipt_folder;
    {
      MutexLock lock(&mu_);
      while (finished_.empty() && !closing_) changed_.Wait(&mu_);
      if (finished_.empty() || !failure_.ok()) return;
      finished.swap(finished_);
      finishing_ = true;
      checkpoint = checkpoint_;
      receipt_folder = receipt_folder_;
    }
    const absl::Status status = Finish(finished, checkpoint, receipt_folder);
    MutexLock lock(&mu_);
    finishing_ = false;
    if (!status.ok()) {
      Failed(status).IgnoreError();
      return;
    }
    for (const Finished& one : finished) {
      pending_.erase(std::remove(pending_.begin(), pending_.end(), one.number),
                     pending_.end());
    }
    changed_.SignalAll();
  }
}

// The order matters: what is erased must be known to be done, and its receipts
// must be safe.
absl::Status Outbox::Finish(const std::vector<Finished>& finished,
                            const std::string& checkpoint,
                            const std::string& receipt_folder) {
  if (!receipt_folder.empty()) RETURN_IF_ERROR(SyncFiles(receipt_folder));
  RETURN_IF_ERROR(AppendDone(finished));
  if (!checkpoint.empty()) {
    RETURN_IF_ERROR(WriteFile(absl::StrCat(folder_, "/checkpoint"), checkpoint,
                              0600, /*sync=*/false));
  }
  std::vector<uint64_t> numbers;
  for (const Finished& one : finished) numbers.push_back(one.number);
  return Erase(numbers);
}

// The new names become durable first: a request that is half zeros must never
// be taken for a damaged one.
absl::Status Outbox::Erase(const std::vector<uint64_t>& numbers) const {
  for (const uint64_t number : numbers) {
    const std::string path = RequestPath(number);
    if (rename(path.c_str(), ErasePath(number).c_str()) != 0) {
      return FileError("rename", path, errno);
    }
  }
  RETURN_IF_ERROR(SyncFolder(folder_));
  for (const uint64_t number : numbers) {
    RETURN_IF_ERROR(EraseFile(ErasePath(number)));
  }
  return absl::OkStatus();
}

absl::Status Outbox::AppendDone(const std::vector<Finished>& finished) {
  if (done_fd_ < 0 || done_entries_ >= kDoneFileEntries) {
    if (done_fd_ >= 0) close(done_fd_);
    const std::string path =
        absl::StrCat(folder_, "/done/", Padded(++done_number_));
    done_fd_ =
        open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (done_fd_ < 0) return FileError("create", path, errno);
    done_entries_ = 0;
    RETURN_IF_ERROR(SyncFolder(absl::StrCat(folder_, "/done")));
  }
  std::string bytes;
  for (const Finished& one : finished) {
    for (const auto& [id, leaf_index] : one.entries) {
      bytes.append(id.data(), id.size());
      AppendBe64(leaf_index, &bytes);
      ++done_entries_;
    }
  }
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = write(done_fd_, &bytes[at], bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return FileError("write", "done", n < 0 ? errno : EIO);
    at += static_cast<size_t>(n);
  }
  if (fdatasync(done_fd_) != 0) return FileError("sync", "done", errno);
  return absl::OkStatus();
}

}  // namespace vidimus
