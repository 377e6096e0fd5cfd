#include "log/open_cosigning.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "proto/tls.h"
#include "verifier/merkle.h"
#include "verifier/policy.h"

namespace vidimus {
namespace {

absl::StatusOr<Policy> ReadPolicy(const std::string& path,
                                  const VerifierKey& log_key) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Policy policy;
  size_t line = 0;
  const Finding finding = ParsePolicy(text, &policy, &line);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", line, ": ", FindingSentence(finding)));
  }
  if (!policy.quorum.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     ": its quorum is `none`, so nobody need be asked: "
                     "take `policy` out of the settings, or name a quorum"));
  }
  const bool ours = std::any_of(
      policy.logs.begin(), policy.logs.end(), [&](const PolicyLog& log) {
        return log.key.name == log_key.name &&
               log.key.public_key == log_key.public_key;
      });
  if (!policy.logs.empty() && !ours) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": none of its logs has the key of this one, ",
                     FormatVkey(log_key)));
  }
  return policy;
}

absl::StatusOr<std::vector<Hash>> ProveConsistency(Log* log, uint64_t older,
                                                   uint64_t newer) {
  absl::Status failed;
  const auto proof = ConsistencyPath(older, newer, log->tiles().Nodes(&failed));
  if (!proof.has_value()) return failed;
  return *proof;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cosigning>> OpenCosigning(
    const v1::Settings& settings, const LogFolder& folder, Log* log,
    const VerifierKey& log_key,
    std::function<void(const std::string& what)> say) {
  const v1::Cosigning& wanted = settings.cosigning();
  if (wanted.policy().empty()) return nullptr;
  ASSIGN_OR_RETURN(Policy policy,
                   ReadPolicy(folder.Resolve(wanted.policy()), log_key));
  CosigningOptions options;
  options.period = std::chrono::milliseconds(std::max(1u, wanted.period_ms()));
  options.timeout =
      std::chrono::milliseconds(std::max(1u, wanted.timeout_ms()));
  options.fresh = std::chrono::seconds(std::max(1u, wanted.fresh_s()));
  // What a cosigner answers is lines, not tiles.
  options.http.body_bytes_max = kNoteBytesMax;
  if (!wanted.ca().empty()) {
    TlsOptions tls;
    ASSIGN_OR_RETURN(tls.ca_pem, ReadFile(folder.Resolve(wanted.ca())));
    ASSIGN_OR_RETURN(options.http.tls, TlsContext::NewClient(tls));
  }
  return Cosigning::Open(
      options, log_key, std::move(policy),
      {[log] { return log->Latest(); },
       [log](uint64_t older, uint64_t newer) {
         return ProveConsistency(log, older, newer);
       },
       SystemClock(), PosixDisk(), folder.Cosigned(), std::move(say)});
}

}  // namespace vidimus
