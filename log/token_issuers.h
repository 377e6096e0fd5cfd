// The issuers of tokens that a log's settings name, with their keys as they
// stand in the files that the operator keeps: docs/residents.md.
#ifndef VIDIMUS_LOG_TOKEN_ISSUERS_H_
#define VIDIMUS_LOG_TOKEN_ISSUERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/folder.h"
#include "log/oidc.h"
#include "proto/settings.pb.h"

namespace vidimus {

// Threads: Refresh by one at a time; the judge by any.
class TokenIssuers {
 public:
  // Reads what `settings`, those of the log in `folder`, name.
  // kInvalidArgument, kNotFound, kPermissionDenied or kFailedPrecondition (a
  // key file that others than its owner may write) say which issuer and why.
  static absl::StatusOr<std::unique_ptr<TokenIssuers>> Open(
      const v1::Settings& settings, const LogFolder& folder);

  // Takes over the key files that have changed since. From one that can't be
  // used nothing is taken: what was known stays, and the status says why, once
  // for each change.
  absl::Status Refresh();

  const TokenJudge& judge() const { return *judge_; }

 private:
  struct KeyFile {
    std::string path;
    // What tells one content from the next.
    int64_t changed_s = 0, changed_ns = 0;
    uint64_t bytes = 0, inode = 0;
  };

  TokenIssuers() = default;
  absl::Status Load(size_t issuer);
  // Whether the file changed since the last call.
  static bool Look(KeyFile* file);

  std::unique_ptr<TokenJudge> judge_;
  std::vector<KeyFile> files_;
};

// For trying a log out: the signing key and the public keys of an issuer of
// its own, which lie in D/oidc if `init` was asked for them.
absl::Status MakeTryOutIssuer(const LogFolder& folder, std::string_view seed);

// A token of that issuer for `subject` in the form of the scheme that settings
// name first, valid for `lifetime_s` from `now_s` on. kNotFound if `init` made
// no issuer.
absl::StatusOr<std::string> TryOutToken(const LogFolder& folder,
                                        std::string_view subject, int64_t now_s,
                                        int64_t lifetime_s);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_TOKEN_ISSUERS_H_
