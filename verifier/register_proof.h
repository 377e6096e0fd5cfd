// That a document of the public register is the newest version of its number at
// a signed head of the log, or that there is no such number: a file that needs
// no network. Pure functions. Format: docs/register.md; message:
// proto/bundle.proto.
#ifndef VERIFIER_REGISTER_PROOF_H_
#define VERIFIER_REGISTER_PROOF_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "verifier/checkpoint.h"
#include "verifier/finding.h"
#include "verifier/note.h"
#include "verifier/proven_register.h"
#include "verifier/register.h"
#include "verifier/wire.h"

namespace vidimus {

// The text that such a file begins with, as its field 1.
inline constexpr std::string_view kRegisterProofFormat =
    "vidimus/v1 register proof";

// What such a file may weigh.
inline constexpr size_t kRegisterProofBytesMax = size_t{64} << 20;

// The table of proto/bundle.proto.
extern const MessageRule kRegisterProofRule;

// What was found. Views point into the file's bytes.
struct RegisterProofReport {
  Checkpoint checkpoint;
  uint64_t seal_time_s = 0;  // of the head, POSIX seconds
  RegisterType type = RegisterType::kConfig;
  uint32_t number = 0;
  // All versions, oldest first; none: there is no such number.
  std::vector<ProvenDocument> versions;

  // What a finding is about: a document, or the name of a part of the file.
  // Static storage.
  RegisterPlace document;
  const char* part = "";
};

// Whether the file says of itself that it is a register proof.
bool LooksLikeRegisterProof(std::string_view file);

// Judges a register proof by the log's key. kOk: report->versions are all there
// are at that head. Else the first thing that is wrong: kEvidenceMalformed (no
// such file, or a type or number that cannot be), a finding of wire.h, Extract
// or ProveNumber. `file` must outlive `*report`.
Finding JudgeRegisterProof(std::string_view file, const VerifierKey& log_key,
                           RegisterProofReport* report);

}  // namespace vidimus

#endif  // VERIFIER_REGISTER_PROOF_H_
