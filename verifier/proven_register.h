// The register, proven from an extract of the log: config from version 0 on,
// every administration with every version of its document, and as much of the
// other types as is shown, each type whole or not at all, so that no number and
// no newer version was left out. Pure functions. Format: docs/register.md; why:
// docs/completeness.md.
#ifndef VERIFIER_PROVEN_REGISTER_H_
#define VERIFIER_PROVEN_REGISTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/register.h"

namespace vidimus {

// Versions of one document that are read.
inline constexpr uint64_t kVersionsMax = 4096;
// Numbers of one type that are read.
inline constexpr uint32_t kNumbersMax = 4096;

// One version of an administration's document.
struct ProvenVersion {
  uint64_t leaf_index = 0;
  Administration administration;
};

// One version of a document of any type; its message judged by its parser.
struct ProvenDocument {
  RegisterId id;
  uint64_t leaf_index = 0;
  std::string_view message;
};

struct ProvenRegister {
  Config config;  // version 0, which rules the log
  // By number, each with its versions from 0 on; none is empty.
  std::vector<std::vector<ProvenVersion>> administrations;
  // Every version of every document of the types that are shown, config and
  // administrations among them, as they stand in the log.
  std::vector<ProvenDocument> documents;
  // By type: whether all its documents are here. Types 0 and 1 always are.
  std::array<bool, kRegisterTypeCount> shown = {};

  bool Shows(RegisterType type) const {
    return shown[static_cast<size_t>(type)];
  }

  // The entry keys by which an access at leaf `leaf_index` counts: those in the
  // newest version of the document before its batch; none if there is none. kOk
  // or kPositionUnproven.
  Finding EntryKeys(const Extract& extract, uint32_t administration,
                    uint64_t leaf_index,
                    std::vector<std::string_view>* keys) const;
};

// Where the register is wrong.
struct RegisterPlace {
  RegisterId id;
  const char* field = nullptr;  // of the document, or null; static storage
};

// Bytes of documents by their hash; not owned.
using DocumentBytes = std::map<Hash, std::string_view>;

// Judges config and all administrations as they stand at the extract's head,
// and all documents of each other type of which the extract knows where number
// 0 ends, and sets `*proven`, whose views point into `documents`. kOk, or on
// the document at `*place` (may be null): findings of Extract::FindEntry,
// kDocumentMissing, a finding of JudgeDocumentMessage or VerifyDocument,
// kPublisherUnknown, kOriginMismatch (config of another log), kWireTooMany.
// Absence of the next version and the next number is demanded, whether or not
// the index is trusted: kKeyUnproven.
// One signature check a document.
Finding ProveRegister(const Extract& extract, const DocumentBytes& documents,
                      ProvenRegister* proven, RegisterPlace* place);

// Judges config and every version of one document, and sets `*versions` to
// these, oldest first: none if there is no such number. For type config they
// are those of config. Findings as above.
Finding ProveNumber(const Extract& extract, const DocumentBytes& documents,
                    RegisterType type, uint32_t number,
                    std::vector<ProvenDocument>* versions,
                    RegisterPlace* place);

}  // namespace vidimus

#endif  // VERIFIER_PROVEN_REGISTER_H_
