#include "client/resident_flags.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/door.h"
#include "client/file.h"
#include "proto/status.h"
#include "verifier/policy.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr size_t kTokenBytesMax = 16384;
// As docs/policy.md has it.
constexpr char kMonitorsGroup[] = "monitors";

// Whom a member counts, groups within groups too. False if that is not any one
// of them.
bool AddKeys(const Policy& policy, const PolicyMember& member,
             std::vector<VerifierKey>* keys) {
  if (!member.group) {
    keys->push_back(policy.witnesses[member.place].key);
    return true;
  }
  const PolicyGroup& group = policy.groups[member.place];
  if (group.threshold != 1) return false;
  for (const PolicyMember& one : group.members) {
    if (!AddKeys(policy, one, keys)) return false;
  }
  return true;
}

absl::StatusOr<std::vector<VerifierKey>> ReadMonitors(
    const std::string& path, const VerifierKey& log_key) {
  ASSIGN_OR_RETURN(const Policy policy, ReadPolicy(path, log_key));
  const std::optional<PolicyMember> group = FindGroup(policy, kMonitorsGroup);
  if (!group.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": has no group `", kMonitorsGroup,
                     "`, and witnesses do not say that none is missing"));
  }
  std::vector<VerifierKey> keys;
  if (!AddKeys(policy, *group, &keys)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": its group `", kMonitorsGroup,
        "` wants several at once, which is not judged here; name those of whom "
        "each one is enough to you by --monitor"));
  }
  return keys;
}

}  // namespace

void ResidentFlags::AddTo(CommandLine* line) {
  line->Text("server", "URL", "the log's TLS door (https://...)", &server);
  line->Text("ca", "FILE",
             "authority that vouches for the door, if it is not one of the "
             "system's",
             &ca);
  line->Text("token-file", "FILE",
             "your bearer token, from the issuer that the log believes; a file "
             "of your own (0600)",
             &token_file);
  line->Text("vkey", "FILE", "the log's verifier key (log.vkey)", &vkey);
  line->Texts("monitor", "FILE",
              "verifier key of a monitor, whose cosignature vouches for the "
              "index; may stand several times",
              &monitors);
  line->Text("policy", "FILE",
             "the log's policy (docs/policy.md): those in its group `monitors` "
             "count as if each was named by --monitor",
             &policy);
  line->Text("state", "DIR",
             "remember head and counts there, so that the log can't go back "
             "behind them",
             &state);
  line->Number("head_age_h", "N",
               "refuse a head older than so many hours (default 24)", 1,
               1000000, &head_age_h);
}

absl::StatusOr<ResidentOptions> ResidentFlags::ReadOptions() const {
  ResidentOptions options;
  ASSIGN_OR_RETURN(options.log_key, ReadVkey(vkey));
  ASSIGN_OR_RETURN(options.monitors, ReadVkeys(monitors));
  if (!policy.empty()) {
    ASSIGN_OR_RETURN(const std::vector<VerifierKey> keys,
                     ReadMonitors(policy, options.log_key));
    options.monitors.insert(options.monitors.end(), keys.begin(), keys.end());
  }
  options.state_folder = state;
  options.head_age_s_max = head_age_h * 3600;
  options.now_s = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
  return options;
}

absl::StatusOr<std::unique_ptr<ResidentDoor>> ResidentFlags::OpenDoor() const {
  ASSIGN_OR_RETURN(const std::string ca_pem, ReadAuthorities(ca));
  ASSIGN_OR_RETURN(std::string token,
                   ReadPrivateFile(token_file, kTokenBytesMax));
  auto door = NewResidentDoor(server, ca_pem,
                              std::string(absl::StripAsciiWhitespace(token)));
  WipeBytes(&token);
  return door;
}

}  // namespace vidimus
