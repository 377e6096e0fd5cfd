#include "log/saved_chains.h"

#include <algorithm>
#include <memory>

#include "proto/status.h"

namespace vidimus {
namespace {

// More than any such file has.
constexpr uint64_t kBytesMax = uint64_t{kSavedChainsMax} * 64;

}  // namespace

absl::Status SaveChains(Disk* disk, const std::string& path,
                        const ChainCache& cache) {
  // A file can't be cut: it is made anew.
  RETURN_IF_ERROR(disk->Remove(path));
  ASSIGN_OR_RETURN(const std::unique_ptr<DiskFile> file,
                   disk->Open(path, /*exclusive=*/false));
  RETURN_IF_ERROR(file->WriteAt(0, cache.Save(kSavedChainsMax)));
  return file->Sync();
}

absl::Status LoadChains(Disk* disk, const std::string& path,
                        ChainCache* cache) {
  ASSIGN_OR_RETURN(const std::unique_ptr<DiskFile> file,
                   disk->Open(path, /*exclusive=*/false));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > kBytesMax) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string saved,
                   file->ReadAt(0, static_cast<size_t>(size)));
  cache->Load(saved);
  return absl::OkStatus();
}

}  // namespace vidimus
