// Files as the client needs them: read whole, written whole and durably,
// private where they hold secrets. Blocking; any thread. Errors name the file
// and what the system said.
#ifndef VIDIMUS_CLIENT_FILE_H_
#define VIDIMUS_CLIENT_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// What an errno means to a caller, with "what file: reason".
absl::Status FileError(absl::string_view what, absl::string_view path,
                       int error_number);

// The whole file. kNotFound, kPermissionDenied, kOutOfRange if it is larger
// than `bytes_max`, or what went wrong.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max);

// As ReadFile, for a file that must be its owner's alone: kPermissionDenied if
// others may read or write it.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path,
                                            size_t bytes_max);

// Writes the file whole under a name beside it, and renames: readers see the
// old content or the new. `mode` such as 0600. Durable only if `sync`: then
// content and name survive a loss of power once this returned OK.
absl::Status WriteFile(const std::string& path, absl::string_view content,
                       int mode, bool sync);

// Makes a folder (0700) unless there is one; its parent must exist.
absl::Status MakeFolder(const std::string& path);

// Makes names in a folder durable.
absl::Status SyncFolder(const std::string& path);

// Overwrites the file with zeros, durably, then removes its name. What a
// copying file system or a drive keeps elsewhere is out of our reach.
absl::Status EraseFile(const std::string& path);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_FILE_H_
