// Who a chain is about: the subject id s = scheme(1) id. A person has one chain
// for each way in which their id can be written, so each scheme has one
// canonical form, which config names, and every other spelling is refused.
// Pure functions. Forms and vectors: docs/subject.md.
#ifndef VERIFIER_SUBJECT_H_
#define VERIFIER_SUBJECT_H_

#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/register.h"

namespace vidimus {

// Whether this program knows the form that `name` names in a config: "opaque",
// "uuid", "fi-hetu" or "se-personnummer".
bool IdFormIsKnown(std::string_view name);

// Judges whether `subject` is the canonical s of somebody, by the schemes of
// the log's config. kOk, kSubjectSize, kSubjectScheme (config has no such
// scheme), kSubjectForm (this program does not know the scheme's form) or
// kSubjectSpelling. What it says and the time it takes depend on the id, which
// is a secret: answer those who sent it, nobody else, and never repeat it.
Finding JudgeSubject(const std::vector<IdScheme>& schemes,
                     std::string_view subject);

}  // namespace vidimus

#endif  // VERIFIER_SUBJECT_H_
