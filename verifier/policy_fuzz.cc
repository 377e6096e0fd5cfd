// Any bytes as a policy: what is accepted keeps what policy.h promises.

#include <cstddef>
#include <cstdint>

#include "verifier/check.h"
#include "verifier/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vidimus;  // NOLINT: a function of libFuzzer's
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Policy policy;
  size_t line = 0;
  if (ParsePolicy(text, &policy, &line) != Finding::kOk) {
    CHECK(line >= 1);
    return 0;
  }
  CosignatureTimes times(policy.witnesses.size(), 7);
  for (size_t i = 0; i < policy.groups.size(); ++i) {
    const PolicyGroup& group = policy.groups[i];
    CHECK(group.threshold >= 1 && group.threshold <= group.members.size());
    for (const PolicyMember& member : group.members) {
      CHECK(member.place < (member.group ? i : policy.witnesses.size()));
    }
    // When everybody has cosigned every group is satisfied.
    CHECK(SatisfiedAt(policy, {true, i}, times).has_value());
  }
  if (policy.quorum.has_value()) {
    CHECK(SatisfiedAt(policy, *policy.quorum, times).has_value());
    times.assign(times.size(), std::nullopt);
    CHECK(!SatisfiedAt(policy, *policy.quorum, times).has_value());
  }
  return 0;
}
