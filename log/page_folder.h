// A folder of files for browsers, such as the residents' page: read once, and
// served from memory under the door's root. It knows nothing of what it serves.
// docs/app.md, docs/operating.md.
//
// What it promises:
// - A request reaches no file system. Its path is compared, byte for byte, with
//   the names that were read at the start: what is spelled otherwise (percent
//   codes, "..", "//", a foreign case) is no file.
// - Nothing is served that one does not see in the folder: names that begin
//   with a dot are left out, links are refused, and so is what is neither file
//   nor folder.
// - A file never hides a path of the log's: a folder with such a name is
// refused
//   at the start.
#ifndef VIDIMUS_LOG_PAGE_FOLDER_H_
#define VIDIMUS_LOG_PAGE_FOLDER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/http_server.h"

namespace vidimus {

struct PageLimits {
  size_t files_max = 1024;
  size_t depth_max = 8;
  size_t file_bytes_max = 16 << 20;
  // Of all together, as they lie there.
  size_t bytes_max = 64 << 20;
};

// Immutable once read; any thread.
class PageFolder {
 public:
  // Reads `path` and all below it, and compresses what shrinks: a second for a
  // megabyte at most. `taken`: first segments of paths that belong to others
  // ("tile", "v1"); the door's own and the log's are always. kNotFound,
  // kPermissionDenied; kInvalidArgument, naming the file, for one that is a
  // link or no plain file, has a name of other characters than letters, digits,
  // ".", "_" and "-", stands where something else is served, or is beyond a
  // limit; and for a folder without an index.html.
  static absl::StatusOr<std::unique_ptr<const PageFolder>> Read(
      const std::string& path, const std::vector<std::string>& taken,
      const PageLimits& limits = {});

  // Whether there is a file at `path`, the request's without its query: "/" is
  // /index.html.
  bool Has(absl::string_view path) const { return Find(path) != nullptr; }

  // The answer to a request for a path that this has (CHECK): the file, 304 if
  // the client says that it has this version, 405 for what is neither GET nor
  // HEAD.
  HttpResponse Answer(const HttpRequest& request) const;

 private:
  struct File {
    std::string media_type;
    std::string tag;  // without quotes
    std::shared_ptr<const std::string> bytes;
    std::shared_ptr<const std::string> zipped;  // null if it does not shrink
  };

  PageFolder() = default;
  const File* Find(absl::string_view path) const;

  absl::flat_hash_map<std::string, File> files_;  // by path, from "/" on
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_PAGE_FOLDER_H_
