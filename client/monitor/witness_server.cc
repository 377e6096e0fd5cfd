#include "client/monitor/witness_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";

HttpResponse Refusal(const WitnessJudgement& judgement) {
  return TextResponse(static_cast<int>(judgement.status),
                      FindingSentence(judgement.finding));
}

}  // namespace

WitnessServer::WitnessServer(Options options, const NoteSigner* signer,
                             std::vector<Followed> logs)
    : options_(std::move(options)), signer_(signer) {
  for (Followed& followed : logs) {
    CHECK(!followed.keys.empty());
    const std::string origin = followed.keys[0].name;
    auto log = std::make_unique<Log>();
    log->keys = std::move(followed.keys);
    log->note = followed.head->note();
    log->head = std::move(followed.head);
    logs_[origin] = std::move(log);
    origins_[HexEncode(Bytes(Sha256(origin)))] = origin;
  }
}

HttpResponse WitnessServer::Handle(const HttpRequest& request) {
  absl::string_view path = request.path();
  if (!absl::ConsumePrefix(&path, options_.prefix) ||
      !absl::ConsumePrefix(&path, "/")) {
    return TextResponse(404, "no such path");
  }
  if (path == "add-checkpoint") {
    if (request.method != HttpMethod::kPost) {
      HttpResponse response = TextResponse(405, "add-checkpoint takes POST");
      response.headers.emplace_back("Allow", "POST");
      return response;
    }
    return AddCheckpoint(request.body);
  }
  if (!absl::ConsumeSuffix(&path, "/checkpoint")) {
    return TextResponse(404, "no such path");
  }
  if (request.method != HttpMethod::kGet &&
      request.method != HttpMethod::kHead) {
    HttpResponse response = TextResponse(405, "this path takes GET");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const auto origin = origins_.find(std::string(path));
  if (origin == origins_.end()) {
    return TextResponse(404, "no log with this origin is followed");
  }
  std::string note = LastNote(origin->second);
  if (note.empty()) return TextResponse(404, "nothing was cosigned yet");
  HttpResponse response(200, kText, std::move(note));
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  return response;
}

std::string WitnessServer::LastNote(const std::string& origin) const {
  const auto found = logs_.find(origin);
  if (found == logs_.end()) return "";
  const Log& log = *found->second;
  MutexLock lock(&log.note_mu);
  return log.note;
}

HttpResponse WitnessServer::AddCheckpoint(const std::string& body) {
  WitnessRequest request;
  Checkpoint claimed;
  Finding finding = ParseWitnessRequest(body, &request);
  if (finding == Finding::kOk) {
    finding = ParseClaimedCheckpoint(request, &claimed);
  }
  if (finding != Finding::kOk && finding != Finding::kEmptyRootMismatch) {
    return TextResponse(static_cast<int>(WitnessStatus::kMalformed),
                        FindingSentence(finding));
  }
  const auto found = logs_.find(claimed.origin);
  if (found == logs_.end()) {
    return TextResponse(static_cast<int>(WitnessStatus::kUnknownLog),
                        "no log with this origin is followed");
  }
  Log* const log = found->second.get();
  MutexLock lock(&log->mu);
  const WitnessJudgement judgement =
      JudgeWitnessRequest(request, log->keys, log->head->head());
  switch (judgement.status) {
    case WitnessStatus::kCosign:
      return Cosign(log, judgement, request);
    case WitnessStatus::kConflict:
      return HttpResponse(
          static_cast<int>(judgement.status), "text/x.tlog.size",
          absl::StrCat(DecimalEncode(log->head->head().size), "\n"));
    case WitnessStatus::kUnproven:
      if (options_.refused != nullptr) {
        options_.refused({claimed.origin, request, body, judgement.finding});
      }
      return Refusal(judgement);
    default:
      return Refusal(judgement);
  }
}

HttpResponse WitnessServer::Cosign(Log* log, const WitnessJudgement& judgement,
                                   const WitnessRequest& request) {
  if (options_.approve != nullptr) {
    const absl::Status approved = options_.approve(judgement.checkpoint);
    if (!approved.ok()) return ErrorResponse(approved);
  }
  Note note;
  CHECK(SplitNote(request.note, &note) == Finding::kOk);
  // Of all who signed, the log's own line alone: nobody asked us to vouch for
  // others.
  const VerifierKey& key = log->keys[judgement.key];
  std::string own_line, log_line;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != key.name || line.key_id != key.key_id) continue;
    log_line = NoteSignatureLine(line.name, line.key_id, line.signature);
    break;
  }
  if (!signer_->Sign(note.text, options_.now_s(), &own_line)) {
    return TextResponse(503, "the cosigning key cannot be used now");
  }
  const absl::Status kept = log->head->Keep(
      judgement.checkpoint.head, JoinNote(note.text, {log_line, own_line}));
  if (!kept.ok()) {
    // The reason names a file of ours and is for the operator.
    return TextResponse(503, "what is cosigned can't be kept now");
  }
  {
    MutexLock lock(&log->note_mu);
    log->note = log->head->note();
  }
  return HttpResponse(200, kText, own_line);
}

}  // namespace vidimus
