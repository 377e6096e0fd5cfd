#include "client/gateway.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/door.h"
#include "client/file.h"
#include "client/random.h"
#include "client/submitter.h"
#include "proto/grpc_status.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/es256.h"
#include "verifier/extract.h"
#include "verifier/record.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

constexpr std::chrono::seconds kSubmitTimeout{10};
// Tries to bring one request to the log while its caller waits, and the first
// pause between them.
constexpr int kSubmitTriesMax = 3;
constexpr std::chrono::milliseconds kSubmitPause{50};
constexpr uint64_t kRetryGrowthMax = 64;
constexpr size_t kCheckpointBytesMax = size_t{64} << 10;
// The first size of any access log: what stands there is its config.
constexpr uint64_t kFirstSize = 2;

std::string_view Std(absl::string_view text) {
  return {text.data(), text.size()};
}

// Whether the same request may be answered if it is sent again.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsResourceExhausted(status) ||
         absl::IsUnknown(status) || absl::IsInternal(status);
}

class GrpcGatewayDoor : public GatewayDoor {
 public:
  explicit GrpcGatewayDoor(const std::shared_ptr<grpc::Channel>& channel)
      : questions_(NewGrpcQuestions(channel)),
        stub_(v1::Log::NewStub(channel)) {}

  Questions* questions() override { return questions_.get(); }

  absl::StatusOr<v1::SubmitResponse> Submit(
      const v1::SubmitRequest& request) override {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kSubmitTimeout);
    v1::SubmitResponse response;
    const grpc::Status status = stub_->Submit(&context, request, &response);
    RETURN_IF_ERROR(FromGrpcStatus(status, &context));
    return response;
  }

 private:
  const std::unique_ptr<Questions> questions_;
  const std::unique_ptr<v1::Log::Stub> stub_;
};

std::string WhyNot(const Verdict& verdict) {
  std::string why = absl::StrCat(
      "this access would be shown to the resident "
      "as: ",
      HeadlineName(verdict.headline));
  if (verdict.failed != Dimension::kNone) {
    absl::StrAppend(&why, " (", DimensionName(verdict.failed), ")");
  }
  return why;
}

}  // namespace

std::unique_ptr<GatewayDoor> NewGrpcGatewayDoor(
    std::shared_ptr<grpc::Channel> channel) {
  return std::make_unique<GrpcGatewayDoor>(channel);
}

bool AllowWhatIsFine(const Verdict& verdict) { return verdict.Fine(); }

// --- Opening -----------------------------------------------------------------

Gateway::Gateway(const GatewayOptions& options, const VerifierKey& log_key,
                 GatewayDoor* door, const Ed25519Signer* signer)
    : options_(options), log_key_(log_key), door_(door), signer_(signer) {}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Open(
    const GatewayOptions& options, const VerifierKey& log_key,
    GatewayDoor* door, const Ed25519Signer* signer) {
  std::unique_ptr<Gateway> gateway(new Gateway(options, log_key, door, signer));
  RETURN_IF_ERROR(gateway->OpenFolder());
  if (options.retry_ms > 0) {
    gateway->retrier_ = std::thread([raw = gateway.get()] { raw->Retry(); });
  }
  return gateway;
}

absl::Status Gateway::OpenFolder() {
  RETURN_IF_ERROR(MakeFolder(options_.folder));
  ASSIGN_OR_RETURN(outbox_, Outbox::Open(options_.folder + "/queue"));
  ASSIGN_OR_RETURN(const std::string name_key,
                   ReadOrMakeKeyFile(options_.folder + "/name.key"));
  ASSIGN_OR_RETURN(AskedChains chains,
                   AskedChains::Open(options_.folder + "/asked", name_key));
  chains_ = std::make_unique<AskedChains>(std::move(chains));
  ASSIGN_OR_RETURN(memory_,
                   ChainMemory::Open(options_.folder + "/chains", name_key,
                                     ChainMemory::kChainsMaxDefault));
  heads_ = std::make_unique<HeadKeeper>(log_key_);
  head_path_ = options_.folder + "/checkpoint";
  MutexLock lock(&mu_);
  counts_.queued = outbox_->Pending().size();
  counts_.given_up = outbox_->refused_files();
  const absl::StatusOr<std::string> kept =
      ReadPrivateFile(head_path_, kCheckpointBytesMax);
  if (absl::IsNotFound(kept.status())) return absl::OkStatus();
  RETURN_IF_ERROR(kept.status());
  absl::StatusOr<TreeHead> head = heads_->Admit(*kept, 0);
  RETURN_IF_ERROR(Annotate(
      head.status(),
      "the checkpoint kept in the gateway's folder (is this the same log?)"));
  held_ = *head;
  return absl::OkStatus();
}

Gateway::~Gateway() {
  {
    MutexLock lock(&mu_);
    closing_ = true;
    changed_.SignalAll();
  }
  if (retrier_.joinable()) retrier_.join();
}

GatewayCounts Gateway::counts() const {
  MutexLock lock(&mu_);
  return counts_;
}

uint64_t Gateway::Now() const {
  if (options_.now_ms) return options_.now_ms();
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
}

absl::Status Gateway::MayAsk() const {
  MutexLock lock(&mu_);
  return lied_;
}

absl::Status Gateway::Heard(const absl::Status& status,
                            absl::string_view answer) {
  if (!absl::IsDataLoss(status)) return status;
  const absl::StatusOr<std::string> kept = outbox_->KeepEvidence(answer);
  MutexLock lock(&mu_);
  if (!lied_.ok()) return lied_;
  lied_ = absl::DataLossError(absl::StrCat(
      status.message(), "; the answer is kept in ",
      kept.ok() ? absl::StrCat(options_.folder, "/queue/evidence/", *kept)
                : "no file",
      ", and the log is not asked again"));
  return lied_;
}

// --- Asking ------------------------------------------------------------------

absl::StatusOr<DenseChains*> Gateway::Dense() {
  if (dense_ == nullptr) {
    ASSIGN_OR_RETURN(
        dense_, DenseChains::Open(options_.administration, door_->questions(),
                                  memory_.get(), heads_.get()));
  }
  return dense_.get();
}

absl::Status Gateway::Ask(absl::string_view subject, AskedChain* chain,
                          Extract* extract) {
  *chain = chains_->Find(subject);
  std::string label_key;
  {
    MutexLock lock(&dense_mu_);
    const absl::StatusOr<DenseChains*> dense = Dense();
    if (!dense.ok()) return Heard(dense.status(), "");
    label_key = (*dense)->label_key();
  }
  v1::CheckRequest request;
  request.set_origin(log_key_.name);
  request.set_subject(std::string(subject));
  request.set_since(chain->entries.size());
  request.set_wants_key(!chain->has_key);
  TreeHead held;
  {
    MutexLock lock(&mu_);
    held = held_;
  }
  const uint64_t size_min = heads_->size();
  ASSIGN_OR_RETURN(const v1::CheckResponse response,
                   door_->questions()->Check(request));
  const auto judge = [&]() -> absl::Status {
    const uint64_t first = chain->entries.size();
    RETURN_IF_ERROR(heads_->Admit(response.checkpoint(), size_min).status());
    const Finding opened = extract->Open(response.checkpoint(), log_key_);
    if (opened != Finding::kOk) {
      return absl::DataLossError(FindingSentence(opened));
    }
    RETURN_IF_ERROR(JudgeAnswer(response, label_key, subject,
                                options_.administration, extract, chain));
    RETURN_IF_ERROR(JudgeStillHolds(door_->questions(), held, extract));
    RETURN_IF_ERROR(OpenTheRest(door_->questions(), subject,
                                options_.administration, *extract, chain));
    return PlaceEntries(door_->questions(), *extract, first, chain);
  };
  RETURN_IF_ERROR(Heard(judge(), response.SerializeAsString()));
  chains_->Put(subject, *chain);
  if (!chain->entries.empty()) {
    memory_->Put(subject, {chain->key, chain->entries.size() - 1,
                           chain->entries.back().leaf_index});
  }
  bool newer = false;
  {
    MutexLock lock(&mu_);
    newer = extract->head().size > held_.size;
    if (newer) held_ = extract->head();
  }
  // Not synced: after a loss of power an older one is there.
  if (newer) {
    RETURN_IF_ERROR(WriteFile(head_path_, response.checkpoint(), 0600,
                              /*sync=*/false));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const GatewayRegister>> Gateway::Register(
    const Extract& extract) {
  const uint64_t now = Now();
  {
    MutexLock lock(&mu_);
    if (register_ != nullptr && register_->head.size <= extract.head().size &&
        (register_->head.size == extract.head().size ||
         now - register_read_ms_ <= options_.register_age_ms_max)) {
      return register_;
    }
  }
  absl::StatusOr<std::shared_ptr<const GatewayRegister>> read =
      ReadGatewayRegister(door_->questions(), extract);
  RETURN_IF_ERROR(Heard(read.status(), extract.checkpoint().origin));
  MutexLock lock(&mu_);
  register_ = *read;
  register_read_ms_ = now;
  return register_;
}

// --- Judging -----------------------------------------------------------------

Verdict Gateway::Judge(const GatewayRegister& registered,
                       const AskedChain& chain, const Extract& extract,
                       absl::string_view subject,
                       absl::string_view record) const {
  History history;
  history.subject = Std(subject);
  history.administration = options_.administration;
  HistoryLog& log = history.logs.emplace_back();
  log.origin = log_key_.name;
  log.limits = registered.limits;
  log.head_time_s = extract.seal().time_s;
  log.documents = registered.documents;
  log.seals.push_back({extract.head().size, extract.seal().time_s});
  uint64_t position = 0;
  for (const AskedEntry& entry : chain.entries) {
    position = std::max(position, entry.position);
    HistoryEntry& told = log.entries.emplace_back();
    told.position = position;
    told.seal_time_s = entry.seal_time_s;
    // Nothing rests on our own accesses; their place counts.
    if (entry.record.empty()) continue;
    told.content = Content::kOpen;
    told.record = entry.record;
  }
  // As if it stood in the next batch, sealed now.
  HistoryEntry& asked = log.entries.emplace_back();
  asked.position = extract.head().size;
  asked.seal_time_s = std::max(Now() / 1000, extract.seal().time_s);
  asked.content = Content::kOpen;
  asked.record = Std(record);
  const Verdicts verdicts = JudgeHistory(history, Es256VerifyNative);
  Verdict verdict;
  if (!verdicts.verdicts.empty()) verdict = verdicts.verdicts.back();
  if (verdict.entry != chain.entries.size()) verdict = Verdict();  // unproven
  verdict.grant.reset();  // a place in a result that is gone
  return verdict;
}

v1::AccessRecord Gateway::Filled(const v1::AccessRecord& access,
                                 uint64_t as_of_size) const {
  v1::AccessRecord filled = access;
  filled.set_entry_id(RandomBytes(kEntryIdBytes));
  filled.set_occurred_at_ms(Now());
  filled.set_administration(options_.administration);
  filled.mutable_as_of()->set_origin(log_key_.name);
  filled.mutable_as_of()->set_size(as_of_size);
  filled.clear_emergency();
  return filled;
}

v1::SubmitRequest Gateway::RequestOf(const v1::AccessRecord& access,
                                     const v1::Actor& actor) const {
  SubmitterOptions options;
  options.origin = log_key_.name;
  options.administration = options_.administration;
  Draft draft;
  EntryIdFromBytes(access.entry_id(), &draft.id);
  v1::Record record;
  *record.mutable_access() = access;
  draft.record = record.SerializeAsString();
  draft.actor = actor.SerializeAsString();
  std::vector<Draft> drafts;
  drafts.push_back(std::move(draft));
  Expectation expectation;
  return MakeRequest(options, signer_, std::move(drafts), &expectation);
}

// --- Recording ---------------------------------------------------------------

absl::Status Gateway::Record(const v1::SubmitRequest& request,
                             Receipt* receipt) {
  Expectation expectation = ExpectationOf(request);
  expectation.size_min = heads_->size();
  absl::StatusOr<v1::SubmitResponse> response;
  std::chrono::milliseconds pause = kSubmitPause;
  for (int tries = 1;; ++tries) {
    response = door_->Submit(request);
    if (response.ok() || !MayPass(response.status()) ||
        tries == kSubmitTriesMax) {
      break;
    }
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
  RETURN_IF_ERROR(response.status());
  const auto judge = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(*receipt, CheckReceipt(*response, expectation,
                                            /*paths=*/false, heads_.get()));
    MutexLock lock(&dense_mu_);
    ASSIGN_OR_RETURN(DenseChains * dense, Dense());
    return dense->Judge(request, /*ask=*/true, receipt);
  };
  return Heard(judge(), response->SerializeAsString());
}

absl::Status Gateway::Attempt(const GatewayAccess& access,
                              GatewayOutcome* outcome) {
  RETURN_IF_ERROR(MayAsk());
  const std::string& subject = access.access.subject();
  AskedChain chain;
  Extract extract;
  RETURN_IF_ERROR(Ask(subject, &chain, &extract));
  ASSIGN_OR_RETURN(const std::shared_ptr<const GatewayRegister> registered,
                   Register(extract));
  v1::SubmitRequest request =
      RequestOf(Filled(access.access, extract.head().size), access.actor);
  const std::string& record = request.entries(0).record();
  AccessRecord parsed;
  const char* field = nullptr;
  const Finding finding = ParseAccess(record, &parsed, &field);
  if (finding != Finding::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat("the access: ", field == nullptr ? "" : field, ": ",
                     FindingSentence(finding)));
  }
  outcome->verdict = Judge(*registered, chain, extract, subject, record);
  outcome->judged = true;
  if (!options_.policy(outcome->verdict)) {
    return absl::PermissionDeniedError(WhyNot(outcome->verdict));
  }
  request.add_based_on(chain.entries.size());
  Receipt receipt;
  RETURN_IF_ERROR(Record(request, &receipt));
  outcome->recorded = true;
  outcome->leaf_index = receipt.entries[0].leaf_index;
  outcome->chain_index = receipt.entries[0].chain_index;
  if (outcome->chain_index < chain.entries.size()) {
    return Heard(absl::DataLossError("the log gave our access the place of "
                                     "an entry that it had shown before"),
                 receipt.checkpoint);
  }
  if (outcome->chain_index == chain.entries.size()) {
    AskedEntry own;
    own.leaf_index = outcome->leaf_index;
    own.known = true;
    chain.entries.push_back(own);
    chains_->Put(subject, chain);
  }
  return absl::OkStatus();
}

GatewayOutcome Gateway::RecordThenRelease(
    const GatewayAccess& access, const std::function<void()>& release) {
  GatewayOutcome outcome;
  for (int attempt = 1;; ++attempt) {
    outcome = GatewayOutcome();
    outcome.status = Attempt(access, &outcome);
    if (!absl::IsAborted(outcome.status)) break;
    {
      MutexLock lock(&mu_);
      ++counts_.aborted;
    }
    if (attempt >= options_.attempts_max) break;
  }
  outcome.released = outcome.status.ok();
  {
    MutexLock lock(&mu_);
    if (outcome.released) {
      ++counts_.released;
    } else if (absl::IsPermissionDenied(outcome.status) && outcome.judged) {
      ++counts_.refused;
    } else {
      ++counts_.failed;
    }
  }
  if (outcome.released) release();
  return outcome;
}

// --- Break-glass -------------------------------------------------------------

GatewayOutcome Gateway::BreakGlass(const GatewayAccess& access,
                                   absl::string_view reason,
                                   absl::string_view language,
                                   const std::function<void()>& release) {
  GatewayOutcome outcome;
  const auto queue = [&]() -> absl::Status {
    if (reason.empty() || language.empty()) {
      return absl::InvalidArgumentError(
          "break-glass needs a reason, for the resident to read, and its "
          "language");
    }
    v1::AccessRecord record =
        Filled(access.access, std::max(heads_->size(), kFirstSize));
    record.set_emergency(true);
    v1::LocalizedText* text = record.add_reason_text();
    text->set_language(std::string(language));
    text->set_text(std::string(reason));
    const v1::SubmitRequest request = RequestOf(record, access.actor);
    AccessRecord parsed;
    const char* field = nullptr;
    const Finding finding =
        ParseAccess(request.entries(0).record(), &parsed, &field);
    if (finding != Finding::kOk) {
      return absl::InvalidArgumentError(
          absl::StrCat("the access: ", field == nullptr ? "" : field, ": ",
                       FindingSentence(finding)));
    }
    return outbox_->Put(request).status();
  };
  outcome.status = queue();
  if (!outcome.status.ok()) {
    outcome.status = Annotate(
        outcome.status, "the record could not be made safe on this machine");
    MutexLock lock(&mu_);
    ++counts_.failed;
    return outcome;
  }
  outcome.queued = true;
  outcome.released = true;
  release();
  MutexLock lock(&mu_);
  ++counts_.break_glass;
  ++counts_.queued;
  changed_.SignalAll();
  return outcome;
}

absl::Status Gateway::SubmitOne(uint64_t number) {
  ASSIGN_OR_RETURN(const v1::SubmitRequest request, outbox_->Read(number));
  Receipt receipt;
  const absl::Status status = Record(request, &receipt);
  if (status.ok()) {
    RETURN_IF_ERROR(
        outbox_->Done(number, request, {receipt.entries[0].leaf_index}));
  } else if (absl::IsInvalidArgument(status) || absl::IsAlreadyExists(status)) {
    // It will never be taken: a person must know.
    RETURN_IF_ERROR(
        outbox_->Refuse(number, request, v1::SubmitRequest()).status());
    MutexLock lock(&mu_);
    ++counts_.given_up;
  } else {
    return status;
  }
  MutexLock lock(&mu_);
  if (counts_.queued > 0) --counts_.queued;
  return absl::OkStatus();
}

absl::Status Gateway::SubmitQueued() {
  MutexLock queue(&queue_mu_);
  RETURN_IF_ERROR(MayAsk());
  for (const uint64_t number : outbox_->Pending()) {
    RETURN_IF_ERROR(SubmitOne(number));
  }
  return outbox_->Flush();
}

void Gateway::Retry() {
  uint64_t pause_ms = options_.retry_ms;
  while (true) {
    bool queued = false;
    {
      MutexLock lock(&mu_);
      while (!closing_ && (counts_.queued == 0 || !lied_.ok())) {
        changed_.Wait(&mu_);
      }
      if (closing_) return;
      queued = counts_.queued > 0;
    }
    if (queued && SubmitQueued().ok()) {
      pause_ms = options_.retry_ms;
      continue;
    }
    MutexLock lock(&mu_);
    if (closing_) return;
    changed_.WaitFor(&mu_, std::chrono::milliseconds(pause_ms));
    pause_ms = std::min(pause_ms * 2, options_.retry_ms * kRetryGrowthMax);
  }
}

}  // namespace vidimus
