// What every engine says in the same words, so that an operator who knows one
// knows them all. For engines only.
#ifndef VIDIMUS_LOG_STORAGE_ERRORS_H_
#define VIDIMUS_LOG_STORAGE_ERRORS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "log/storage.h"

namespace vidimus {

// "commit of entries 70000..70255", as the messages begin.
inline std::string CommitName(const StorageBatch& batch) {
  return absl::StrCat("commit of entries ", batch.first, "..",
                      batch.head.size - 1);
}

// kAborted.
inline absl::Status HeadMovedError(const StorageBatch& batch,
                                   const TreeHead& expected,
                                   const TreeHead& found) {
  if (found.size == expected.size) {
    return absl::AbortedError(absl::StrCat(
        CommitName(batch), ": the tree head of size ", found.size,
        " has another root than expected; is a second server running?"));
  }
  return absl::AbortedError(absl::StrCat(
      CommitName(batch), ": tree head moved to ", found.size,
      " under us (expected ", expected.size, "); is a second server running?"));
}

// kOutOfRange.
inline absl::Status BeyondTreeError(RowKind kind, uint64_t index,
                                    uint64_t size) {
  return absl::OutOfRangeError(
      absl::StrCat("reading the ", RowKindName(kind), " row of leaf ", index,
                   ": the tree has ", size, " leaves"));
}

// kNotFound.
inline absl::Status NoSuchRowError(RowKind kind, uint8_t sub, uint64_t first) {
  return absl::NotFoundError(absl::StrCat("the batch at leaf ", first,
                                          " has no ", RowKindName(kind),
                                          " row ", sub));
}

}  // namespace vidimus

#endif  // VIDIMUS_LOG_STORAGE_ERRORS_H_
