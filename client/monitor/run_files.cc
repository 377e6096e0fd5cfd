#include "client/monitor/run_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/file.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kPrefix[] = "run-";
// A shorter piece is not worth a file before it is to be kept.
constexpr size_t kFileBytesMin = size_t{1} << 20;
// What Passed gives back are whole ones of these.
constexpr uintptr_t kPageBytes = 4096;
// Around a page that is looked at the system maps others too, which Passed has
// to give back with it.
constexpr uintptr_t kMappedAroundBytes = 64 << 10;

static_assert(sizeof(IndexEntry) == kHashBytes + sizeof(uint64_t));
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "run files hold little-endian leaf indices");

absl::Status WriteAt(int file, const char* bytes, size_t size,
                     const std::string& path) {
  for (size_t at = 0; at < size;) {
    const ssize_t n =
        pwrite(file, bytes + at, size - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return FileError("write", path, n < 0 ? errno : EIO);
    at += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

}  // namespace

RunFiles::~RunFiles() {
  MutexLock lock(&mu_);
  for (const auto& [entries, piece] : pieces_) {
    munmap(const_cast<IndexEntry*>(entries), piece.bytes);
    if (piece.file >= 0) close(piece.file);
  }
}

std::string RunFiles::NameOf(uint64_t number) {
  return absl::StrCat(kPrefix, number);
}

absl::StatusOr<int> RunFiles::NewFile(uint64_t number, int flags) const {
  const std::string path = folder_->PathOf(NameOf(number));
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600);
  if (file < 0) return FileError("open", path, errno);
  return file;
}

IndexEntry* RunFiles::MapFile(size_t bytes, Piece* piece) {
  const uint64_t number = ++last_number_;
  const auto file = NewFile(number, O_CREAT | O_TRUNC);
  if (!file.ok()) {
    status_ = file.status();
    return nullptr;
  }
  const int error = posix_fallocate(*file, 0, static_cast<off_t>(bytes));
  void* const map = error != 0 ? MAP_FAILED
                               : mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                      MAP_SHARED, *file, 0);
  if (map == MAP_FAILED) {
    status_ = FileError("make room in", folder_->PathOf(NameOf(number)),
                        error != 0 ? error : errno);
    close(*file);
    folder_->Remove(NameOf(number)).IgnoreError();
    return nullptr;
  }
  *piece = {bytes, *file, number, false};
  return static_cast<IndexEntry*>(map);
}

IndexEntry* RunFiles::Allocate(size_t count) {
  const size_t bytes = count * sizeof(IndexEntry);
  Piece piece;
  IndexEntry* entries = nullptr;
  if (bytes >= kFileBytesMin) entries = MapFile(bytes, &piece);
  if (entries == nullptr) {
    void* const map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED);
    piece.bytes = bytes;
    entries = static_cast<IndexEntry*>(map);
  }
  MutexLock lock(&mu_);
  pieces_[entries] = piece;
  return entries;
}

void RunFiles::Free(IndexEntry* entries, size_t) {
  Piece piece;
  {
    MutexLock lock(&mu_);
    const auto found = pieces_.find(entries);
    CHECK(found != pieces_.end());
    piece = found->second;
    pieces_.erase(found);
  }
  munmap(entries, piece.bytes);
  if (piece.file >= 0) close(piece.file);
  // A kept one may stand in what would be gone on from: RemoveAllBut knows.
  if (piece.number > 0 && !piece.kept) {
    folder_->Remove(NameOf(piece.number)).IgnoreError();
  }
}

void RunFiles::Passed(const IndexEntry* entries, size_t count) {
  uintptr_t piece_begin = 0, piece_end = 0;
  {
    MutexLock lock(&mu_);
    auto found = pieces_.upper_bound(entries);
    if (found == pieces_.begin()) return;
    --found;
    if (found->second.file < 0) return;
    piece_begin = reinterpret_cast<uintptr_t>(found->first);
    piece_end = piece_begin + found->second.bytes;
  }
  // The file still has what is given back here; who is at work on it gets it
  // from there.
  const auto begin = reinterpret_cast<uintptr_t>(entries);
  const uintptr_t end = begin + count * sizeof(IndexEntry);
  const uintptr_t first = std::max(
      piece_begin, begin / kPageBytes * kPageBytes - kMappedAroundBytes);
  const uintptr_t last = std::min(piece_end, end + kMappedAroundBytes);
  madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

absl::StatusOr<uint64_t> RunFiles::Keep(const IndexEntry* entries) {
  Piece piece;
  {
    MutexLock lock(&mu_);
    piece = pieces_.at(entries);
  }
  if (piece.kept) return piece.number;
  RETURN_IF_ERROR(status_);
  if (piece.file < 0) {
    piece.number = ++last_number_;
    const std::string name = NameOf(piece.number);
    ASSIGN_OR_RETURN(const int file, NewFile(piece.number, O_CREAT | O_TRUNC));
    absl::Status written = WriteAt(file, reinterpret_cast<const char*>(entries),
                                   piece.bytes, folder_->PathOf(name));
    if (written.ok()) written = folder_->Sync(file, name);
    close(file);
    RETURN_IF_ERROR(written);
  } else {
    const std::string name = NameOf(piece.number);
    if (msync(const_cast<IndexEntry*>(entries), piece.bytes, MS_SYNC) != 0) {
      return FileError("sync", folder_->PathOf(name), errno);
    }
    RETURN_IF_ERROR(folder_->Sync(piece.file, name));
    // A mapping needs no descriptor.
  }
  piece.kept = true;
  MutexLock lock(&mu_);
  pieces_[entries] = piece;
  return piece.number;
}

absl::StatusOr<IndexEntry*> RunFiles::Reopen(uint64_t number, size_t count) {
  const std::string path = folder_->PathOf(NameOf(number));
  ASSIGN_OR_RETURN(const int file, NewFile(number, 0));
  const size_t bytes = count * sizeof(IndexEntry);
  struct stat info;
  if (fstat(file, &info) != 0 || static_cast<uint64_t>(info.st_size) != bytes ||
      bytes == 0) {
    close(file);
    return absl::DataLossError(
        absl::StrCat(path, ": not of ", bytes, " bytes"));
  }
  void* const map = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
  if (map == MAP_FAILED) {
    const int error = errno;
    close(file);
    return FileError("map", path, error);
  }
  auto* const entries = static_cast<IndexEntry*>(map);
  last_number_ = std::max(last_number_, number);
  MutexLock lock(&mu_);
  pieces_[entries] = {bytes, file, number, true};
  return entries;
}

absl::Status RunFiles::RemoveAllBut(const std::set<uint64_t>& numbers) {
  std::set<std::string> names;
  for (const uint64_t number : numbers) names.insert(NameOf(number));
  {
    MutexLock lock(&mu_);
    for (const auto& [entries, piece] : pieces_) {
      if (piece.number > 0) names.insert(NameOf(piece.number));
    }
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> all, folder_->List(kPrefix));
  for (const std::string& name : all) {
    if (names.count(name) == 0) RETURN_IF_ERROR(folder_->Remove(name));
  }
  return absl::OkStatus();
}

uint64_t RunFiles::bytes() const {
  MutexLock lock(&mu_);
  uint64_t bytes = 0;
  for (const auto& [entries, piece] : pieces_) bytes += piece.bytes;
  return bytes;
}

}  // namespace vidimus
