// Bytes of a log's public paths, from wherever they are. They are not trusted:
// whoever fetches judges them with verifier/.
#ifndef VIDIMUS_CLIENT_FETCHER_H_
#define VIDIMUS_CLIENT_FETCHER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// Thread-safe.
class Fetcher {
 public:
  virtual ~Fetcher() = default;

  // The resource at `path`, such as "checkpoint" or "tile/0/000.p/5", of at
  // most `bytes_max`. kNotFound if there is none, kOutOfRange if it is larger;
  // all else: it could not be had now.
  virtual absl::StatusOr<std::string> Get(const std::string& path,
                                          size_t bytes_max) = 0;

  // The answer to `body`, posted to `path`, such as "index/proof"
  // (docs/api.md); errors as Get. kUnimplemented for files, which answer
  // nothing.
  virtual absl::StatusOr<std::string> Post(const std::string& path,
                                           const std::string& body,
                                           size_t bytes_max);

  // All paths under "tile/" that are there, sorted; kUnimplemented for a log
  // that cannot list them.
  virtual absl::StatusOr<std::vector<std::string>> ListTiles() = 0;

  // For messages: what was given to NewFetcher.
  virtual const std::string& name() const = 0;
};

// How long a log over HTTP is waited for: so many tries of so long each, with
// pauses of up to a second between them.
struct FetchLimits {
  std::chrono::milliseconds timeout{30000};
  int tries_max = 4;
};

// From a URL ("http://...", "https://...": the prefix of the paths) or a folder
// that holds a file for each path. `ca_pem`: whom to believe for https, besides
// nobody; empty: the system's authorities. kInvalidArgument if it is neither.
absl::StatusOr<std::unique_ptr<Fetcher>> NewFetcher(
    const std::string& url_or_folder, const std::string& ca_pem,
    const FetchLimits& limits = {});

// Hands on what `inner` gives and keeps each resource under `folder` as a file
// of its own, so that the folder becomes a copy of the public paths. Whether
// they were right is for the reader to say.
std::unique_ptr<Fetcher> NewSavingFetcher(std::unique_ptr<Fetcher> inner,
                                          const std::string& folder);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_FETCHER_H_
