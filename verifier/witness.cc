#include "verifier/witness.h"

#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr std::string_view kOld = "old ";

WitnessJudgement Refuse(WitnessStatus status, Finding finding) {
  WitnessJudgement judgement;
  judgement.status = status;
  judgement.finding = finding;
  return judgement;
}

// Whether the checkpoint follows from what was cosigned last.
Finding JudgeConsistency(const WitnessRequest& request, const TreeHead& last,
                         const TreeHead& next) {
  if (request.old_size == 0) {
    // Every tree extends the empty one; a proof of it has nothing to say.
    if (!request.proof.empty()) return Finding::kPathTooLong;
    if (next.size == 0) return Finding::kOk;
  }
  return VerifyConsistency(last, next, request.proof);
}

}  // namespace

Finding ParseWitnessRequest(std::string_view bytes, WitnessRequest* request) {
  *request = WitnessRequest();
  if (bytes.size() > kWitnessRequestBytesMax) {
    return Finding::kWitnessRequestMalformed;
  }
  std::string_view line;
  if (!TakeLine(&bytes, &line) || line.substr(0, kOld.size()) != kOld ||
      !DecimalDecode(line.substr(kOld.size()), &request->old_size)) {
    return Finding::kWitnessRequestMalformed;
  }
  for (;;) {
    if (!TakeLine(&bytes, &line)) return Finding::kWitnessRequestMalformed;
    if (line.empty()) break;
    std::string hash;
    if (request->proof.size() == kWitnessProofMax ||
        !Base64Decode(line, &hash) || hash.size() != kHashBytes) {
      return Finding::kWitnessRequestMalformed;
    }
    request->proof.push_back(*HashFromBytes(hash));
  }
  Note note;
  RETURN_IF_FOUND(SplitNote(bytes, &note));
  request->note = bytes;
  return Finding::kOk;
}

std::string FormatWitnessRequest(const WitnessRequest& request) {
  std::string bytes(kOld);
  bytes += DecimalEncode(request.old_size);
  bytes += "\n";
  for (const Hash& hash : request.proof) {
    bytes += Base64Encode(Bytes(hash));
    bytes += "\n";
  }
  bytes += "\n";
  bytes += request.note;
  return bytes;
}

Finding ParseClaimedCheckpoint(const WitnessRequest& request,
                               Checkpoint* claimed) {
  Note note;
  RETURN_IF_FOUND(SplitNote(request.note, &note));
  return ParseCheckpoint(note.text, claimed);
}

WitnessJudgement JudgeWitnessRequest(const WitnessRequest& request,
                                     const std::vector<VerifierKey>& trusted,
                                     const TreeHead& last) {
  WitnessJudgement judgement;
  const Finding form = ParseClaimedCheckpoint(request, &judgement.checkpoint);
  // An empty tree with a root is well formed and untrue: judged below.
  if (form != Finding::kOk && form != Finding::kEmptyRootMismatch) {
    return Refuse(WitnessStatus::kMalformed, form);
  }
  std::vector<VerifierKey> keys;
  std::vector<size_t> places;
  for (size_t i = 0; i < trusted.size(); ++i) {
    if (trusted[i].name != judgement.checkpoint.origin) continue;
    keys.push_back(trusted[i]);
    places.push_back(i);
  }
  if (keys.empty()) {
    return Refuse(WitnessStatus::kUnknownLog, Finding::kOriginMismatch);
  }
  OpenedNote opened;
  const Finding signature = OpenNote(request.note, keys, &opened);
  if (signature != Finding::kOk) {
    return Refuse(WitnessStatus::kNotTrusted, signature);
  }
  judgement.key = places[opened.signatures.front().key];
  const TreeHead& next = judgement.checkpoint.head;
  if (request.old_size > next.size) {
    judgement.status = WitnessStatus::kMalformed;
    judgement.finding = Finding::kTreeShrank;
  } else if (request.old_size != last.size) {
    judgement.status = WitnessStatus::kConflict;
    judgement.finding = Finding::kOldSizeMismatch;
  } else {
    judgement.finding =
        form != Finding::kOk ? form : JudgeConsistency(request, last, next);
    judgement.status = judgement.finding == Finding::kOk
                           ? WitnessStatus::kCosign
                           : WitnessStatus::kUnproven;
  }
  return judgement;
}

}  // namespace vidimus
