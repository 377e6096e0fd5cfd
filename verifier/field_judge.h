// What readers of strict messages (wire.h) say of a field once the wire is
// judged: that it is missing, or holds what it may not. Remembers the field's
// name for whoever has to answer. Private to verifier/.
//
// Not synchronised; allocates nothing.
#ifndef VERIFIER_FIELD_JUDGE_H_
#define VERIFIER_FIELD_JUDGE_H_

#include "verifier/finding.h"

namespace vidimus {

class FieldJudge {
 public:
  // Of records and statements, and of register documents: the same refusals
  // under names of their own. Each refusal sets `*field` to the name it was
  // given, as it stands; `field` may be null and must outlive the judge.
  static FieldJudge OfRecord(const char** field) {
    return {field, Finding::kRecordFieldMissing, Finding::kRecordFieldInvalid};
  }
  static FieldJudge OfDocument(const char** field) {
    return {field, Finding::kDocumentFieldMissing,
            Finding::kDocumentFieldInvalid};
  }

  Finding Missing(const char* name) const { return Name(missing_, name); }
  Finding Invalid(const char* name) const { return Name(invalid_, name); }
  Finding Unsound(const char* name) const {
    return Name(Finding::kKeyUnsound, name);
  }

 private:
  FieldJudge(const char** field, Finding missing, Finding invalid)
      : field_(field), missing_(missing), invalid_(invalid) {}

  Finding Name(Finding finding, const char* name) const {
    if (field_ != nullptr) *field_ = name;
    return finding;
  }

  const char** const field_;
  const Finding missing_;
  const Finding invalid_;
};

}  // namespace vidimus

#endif  // VERIFIER_FIELD_JUDGE_H_
