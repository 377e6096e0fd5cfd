#include "verifier/policy.h"

#include <algorithm>

#include "verifier/check.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kAny = "any";
constexpr std::string_view kAll = "all";

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

// Octets that a policy may hold, line feeds apart.
bool IsAllowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x09 || (byte >= 0x20 && byte != 0x7f);
}

// The words of a line; none of an empty line or a comment.
std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  size_t at = 0;
  for (;;) {
    while (at < line.size() && IsSpace(line[at])) ++at;
    if (at == line.size()) return words;
    if (words.empty() && line[at] == '#') return words;
    const size_t start = at;
    while (at < line.size() && !IsSpace(line[at])) ++at;
    words.push_back(line.substr(start, at - start));
  }
}

class Parser {
 public:
  explicit Parser(Policy* policy) : policy_(policy) {}

  Finding TakeLine(std::string_view line) {
    if (!std::all_of(line.begin(), line.end(), IsAllowed)) {
      return Finding::kPolicyMalformed;
    }
    const std::vector<std::string_view> words = Words(line);
    if (words.empty()) return Finding::kOk;
    if (words[0] == "log") return TakeLog(words);
    if (words[0] == "witness") return TakeWitness(words);
    if (words[0] == "group") return TakeGroup(words);
    if (words[0] == "quorum") return TakeQuorum(words);
    return Finding::kPolicyMalformed;
  }

  Finding Finish() const {
    return has_quorum_ ? Finding::kOk : Finding::kPolicyQuorum;
  }

 private:
  // log <vkey> [url]
  Finding TakeLog(const std::vector<std::string_view>& words) {
    if (words.size() < 2 || words.size() > 3 ||
        policy_->logs.size() == kPolicyItemsMax) {
      return Finding::kPolicyMalformed;
    }
    PolicyLog log;
    RETURN_IF_FOUND(ParseVkey(words[1], &log.key));
    for (const PolicyLog& other : policy_->logs) {
      if (other.key.public_key == log.key.public_key) {
        return Finding::kPolicyKey;
      }
    }
    if (words.size() == 3) log.url = words[2];
    policy_->logs.push_back(std::move(log));
    return Finding::kOk;
  }

  // witness <name> <vkey> [url]
  Finding TakeWitness(const std::vector<std::string_view>& words) {
    if (words.size() < 3 || words.size() > 4 ||
        policy_->witnesses.size() == kPolicyItemsMax) {
      return Finding::kPolicyMalformed;
    }
    PolicyWitness witness;
    RETURN_IF_FOUND(TakeName(words[1], &witness.name));
    RETURN_IF_FOUND(ParseVkey(words[2], &witness.key));
    // A plain key has no time, and without one nobody knows how old it is.
    if (witness.key.type != kKeyTypeCosignatureEd25519) {
      return Finding::kVkeyTypeUnknown;
    }
    for (const PolicyWitness& other : policy_->witnesses) {
      if (other.key.public_key == witness.key.public_key) {
        return Finding::kPolicyKey;
      }
    }
    if (words.size() == 4) witness.url = words[3];
    witness_counted_.push_back(false);
    policy_->witnesses.push_back(std::move(witness));
    return Finding::kOk;
  }

  // group <name> <k|any|all> <member>...
  Finding TakeGroup(const std::vector<std::string_view>& words) {
    if (words.size() < 4 || policy_->groups.size() == kPolicyItemsMax) {
      return Finding::kPolicyMalformed;
    }
    PolicyGroup group;
    RETURN_IF_FOUND(TakeName(words[1], &group.name));
    for (size_t i = 3; i < words.size(); ++i) {
      PolicyMember member;
      if (!FindMember(words[i], &member)) return Finding::kPolicyName;
      std::vector<bool>& counted =
          member.group ? group_counted_ : witness_counted_;
      if (counted[member.place]) return Finding::kPolicyName;
      counted[member.place] = true;
      group.members.push_back(member);
    }
    uint64_t threshold = 0;
    if (words[2] == kAny) {
      threshold = 1;
    } else if (words[2] == kAll) {
      threshold = group.members.size();
    } else if (!DecimalDecode(words[2], &threshold) || threshold == 0 ||
               threshold > group.members.size()) {
      return Finding::kPolicyMalformed;
    }
    group.threshold = static_cast<size_t>(threshold);
    group_counted_.push_back(false);
    policy_->groups.push_back(std::move(group));
    return Finding::kOk;
  }

  // quorum <name|none>
  Finding TakeQuorum(const std::vector<std::string_view>& words) {
    if (words.size() != 2) return Finding::kPolicyMalformed;
    if (has_quorum_) return Finding::kPolicyQuorum;
    has_quorum_ = true;
    if (words[1] == kNone) return Finding::kOk;
    PolicyMember member;
    if (!FindMember(words[1], &member)) return Finding::kPolicyName;
    policy_->quorum = member;
    return Finding::kOk;
  }

  // One namespace for witnesses and groups; a name is defined once.
  Finding TakeName(std::string_view word, std::string* name) {
    PolicyMember member;
    if (word == kNone || FindMember(word, &member)) {
      return Finding::kPolicyName;
    }
    *name = word;
    return Finding::kOk;
  }

  bool FindMember(std::string_view name, PolicyMember* member) const {
    for (size_t i = 0; i < policy_->witnesses.size(); ++i) {
      if (policy_->witnesses[i].name == name) {
        *member = {false, i};
        return true;
      }
    }
    const std::optional<PolicyMember> group = FindGroup(*policy_, name);
    if (group.has_value()) *member = *group;
    return group.has_value();
  }

  Policy* const policy_;
  // Whether it is a member of a group already, by place.
  std::vector<bool> witness_counted_;
  std::vector<bool> group_counted_;
  bool has_quorum_ = false;
};

}  // namespace

Finding ParsePolicy(std::string_view text, Policy* policy, size_t* line) {
  *policy = Policy();
  size_t number = 1;
  size_t unused;
  if (line == nullptr) line = &unused;
  *line = number;
  if (text.size() > kPolicyBytesMax) return Finding::kPolicyMalformed;
  Parser parser(policy);
  while (!text.empty()) {
    *line = number;
    const size_t end = std::min(text.find('\n'), text.size());
    RETURN_IF_FOUND(parser.TakeLine(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
  }
  *line = number;
  return parser.Finish();
}

const PolicyLog* FindLog(const Policy& policy, std::string_view origin) {
  for (const PolicyLog& log : policy.logs) {
    if (log.key.name == origin) return &log;
  }
  return nullptr;
}

std::optional<PolicyMember> FindGroup(const Policy& policy,
                                      std::string_view name) {
  for (size_t i = 0; i < policy.groups.size(); ++i) {
    if (policy.groups[i].name == name) return PolicyMember{true, i};
  }
  return std::nullopt;
}

Finding ReadCosignatures(std::string_view note, const Policy& policy,
                         CosignatureTimes* times) {
  times->assign(policy.witnesses.size(), std::nullopt);
  std::vector<VerifierKey> keys;
  for (const PolicyWitness& witness : policy.witnesses) {
    keys.push_back(witness.key);
  }
  OpenedNote opened;
  const Finding finding = OpenNote(note, keys, &opened);
  if (finding == Finding::kUnknownSigner) return Finding::kOk;
  RETURN_IF_FOUND(finding);
  for (const VerifiedSignature& signature : opened.signatures) {
    (*times)[signature.key] = signature.time_s;
  }
  return Finding::kOk;
}

std::optional<uint64_t> SatisfiedAt(const Policy& policy,
                                    const PolicyMember& member,
                                    const CosignatureTimes& times) {
  CHECK(times.size() == policy.witnesses.size());
  if (!member.group) return times[member.place];
  // Members stand before the groups that count them, so one pass will do.
  std::vector<std::optional<uint64_t>> groups;
  for (size_t i = 0; i <= member.place; ++i) {
    const PolicyGroup& group = policy.groups[i];
    std::vector<uint64_t> satisfied;
    for (const PolicyMember& one : group.members) {
      const std::optional<uint64_t> time =
          one.group ? groups[one.place] : times[one.place];
      if (time.has_value()) satisfied.push_back(*time);
    }
    groups.emplace_back();
    if (satisfied.size() < group.threshold) continue;
    std::sort(satisfied.rbegin(), satisfied.rend());
    groups.back() = satisfied[group.threshold - 1];
  }
  return groups[member.place];
}

}  // namespace vidimus
