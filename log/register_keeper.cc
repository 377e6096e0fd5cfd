#include "log/register_keeper.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/proofs.h"
#include "log/stored_batch.h"
#include "proto/bundle.pb.h"
#include "proto/status.h"
#include "verifier/leaf.h"
#include "verifier/register_proof.h"

namespace vidimus {
namespace {

using vault::OperatorAnswer;
using vault::OperatorRequest;

// The opening register's batch begins here: what it holds needs no notice.
constexpr uint64_t kSecondBatch = 2;

absl::StatusOr<RegisterId> IdOf(const vault::RegisterDocument& document) {
  if (document.type() >= kRegisterTypeCount) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no document type ", document.type()));
  }
  return RegisterId{static_cast<RegisterType>(document.type()),
                    document.number(), document.version()};
}

absl::Status NoSuch(const RegisterId& id) {
  return absl::NotFoundError(
      absl::StrCat("there is no ", RegisterIdText(id), " in the register"));
}

}  // namespace

bool RegisterKeeper::Takes(const OperatorRequest& request) {
  return request.verb() >= OperatorRequest::REGISTER_PUT &&
         request.verb() <= OperatorRequest::REGISTER_PROVE;
}

absl::StatusOr<OperatorAnswer> RegisterKeeper::Do(
    const OperatorRequest& request) {
  OperatorAnswer answer;
  if (request.verb() == OperatorRequest::REGISTER_PUT) {
    RETURN_IF_ERROR(Put(request, &answer));
    return answer;
  }
  if (request.verb() == OperatorRequest::REGISTER_LIST) {
    for (const KnownDocument& known : log_->documents()->List()) {
      if (!known.leaf_index.has_value()) continue;
      RETURN_IF_ERROR(Tell(known, &answer));
    }
    return answer;
  }
  if (request.documents_size() != 1) {
    return absl::InvalidArgumentError("the request must name one document");
  }
  ASSIGN_OR_RETURN(RegisterId id, IdOf(request.documents(0)));
  if (request.verb() == OperatorRequest::REGISTER_PROVE) {
    RETURN_IF_ERROR(Prove(id, &answer));
    return answer;
  }
  const uint64_t versions = log_->documents()->Versions(id.type, id.number);
  if (!request.documents(0).has_version() && versions > 0) {
    id.version = versions - 1;
  }
  const std::optional<KnownDocument> known = log_->documents()->Lookup(id);
  if (!known.has_value() || !known->leaf_index.has_value()) return NoSuch(id);
  RETURN_IF_ERROR(Tell(*known, &answer));
  return answer;
}

absl::Status RegisterKeeper::Put(const OperatorRequest& request,
                                 OperatorAnswer* answer) {
  if (request.documents_size() == 0) {
    return absl::InvalidArgumentError("the request has no documents");
  }
  std::vector<RegisterDocument> given;
  for (const vault::RegisterDocument& document : request.documents()) {
    ASSIGN_OR_RETURN(const RegisterId id, IdOf(document));
    given.push_back({id, document.document()});
  }
  MutexLock lock(&putting_);
  std::vector<RegisterDocument> fresh;
  RETURN_IF_ERROR(log_->documents()->JudgeNext(given, &fresh));
  std::set<Hash> entered;
  for (const RegisterDocument& document : fresh) {
    entered.insert(RegisterKey(document.id));
  }
  if (request.dry_run()) {
    for (const RegisterDocument& document : fresh) {
      vault::RegisterDocument* const one = answer->add_documents();
      one->set_type(static_cast<uint32_t>(document.id.type));
      one->set_number(document.id.number);
      one->set_version(document.id.version);
      one->set_entered(true);
    }
    return absl::OkStatus();
  }
  if (!fresh.empty()) RETURN_IF_ERROR(Enter(std::move(fresh)));
  for (const RegisterDocument& document : given) {
    const std::optional<KnownDocument> known =
        log_->documents()->Lookup(document.id);
    if (!known.has_value()) return NoSuch(document.id);
    RETURN_IF_ERROR(Tell(*known, answer));
    auto* const told = answer->mutable_documents(answer->documents_size() - 1);
    told->clear_document();
    told->set_entered(entered.count(RegisterKey(document.id)) > 0);
  }
  return absl::OkStatus();
}

absl::Status RegisterKeeper::Enter(std::vector<RegisterDocument> documents) {
  struct Waiting {
    Mutex mu;
    CondVar answered;
    std::optional<absl::Status> answer ABSL_GUARDED_BY(mu);
  };
  const auto waiting = std::make_shared<Waiting>();
  Submission submission;
  submission.administration = kSelf;
  for (RegisterDocument& document : documents) {
    PendingEntry entry;
    entry.hash = RegisterKey(document.id);
    entry.document = document.id;
    entry.data = std::move(document.bytes);
    submission.entries.push_back(std::move(entry));
  }
  submission.done = [waiting](absl::StatusOr<Placement> placement) {
    MutexLock lock(&waiting->mu);
    waiting->answer = placement.status();
    waiting->answered.SignalAll();
  };
  // None of them is in a chain: straight into the pool.
  log_->pool().Add(std::move(submission));
  while (drive_ != nullptr) {
    {
      MutexLock lock(&waiting->mu);
      if (waiting->answer.has_value()) break;
    }
    drive_();
  }
  MutexLock lock(&waiting->mu);
  while (!waiting->answer.has_value()) waiting->answered.Wait(&waiting->mu);
  return *waiting->answer;
}

absl::Status RegisterKeeper::Tell(const KnownDocument& known,
                                  OperatorAnswer* answer) {
  vault::RegisterDocument* const one = answer->add_documents();
  one->set_type(static_cast<uint32_t>(known.id.type));
  one->set_number(known.id.number);
  one->set_version(known.id.version);
  one->set_document(*log_->documents()->Find(known.hash));
  one->set_leaf_index(*known.leaf_index);
  ASSIGN_OR_RETURN(const StoredRow row,
                   log_->storage()->Get(RowKind::kHead, 0, *known.leaf_index));
  ASSIGN_OR_RETURN(const TreeHead head,
                   StoredHead(log_->storage(), *known.leaf_index));
  ASSIGN_OR_RETURN(const std::string entry, log_->tiles().Entry(head.size - 1));
  Leaf leaf;
  if (ParseLeaf(entry, &leaf) != Finding::kOk || leaf.kind != LeafKind::kSeal) {
    return absl::DataLossError(absl::StrCat("the stored batch of leaf ",
                                            *known.leaf_index,
                                            " does not end in a seal"));
  }
  one->set_position(row.first);
  one->set_seal_time_s(SealOf(leaf).time_s);
  one->set_newest(log_->documents()->Versions(known.id.type, known.id.number) ==
                  known.id.version + 1);
  const bool with_notice = known.id.type == RegisterType::kProvision ||
                           known.id.type == RegisterType::kPurpose;
  if (with_notice && row.first != kSecondBatch) {
    one->set_counts_from_s(one->seal_time_s() + log_->documents()->notice_s());
  }
  return absl::OkStatus();
}

absl::Status RegisterKeeper::Prove(const RegisterId& id,
                                   OperatorAnswer* answer) {
  const std::shared_ptr<const Published> published = log_->Latest();
  const uint64_t size = published->head.size;
  v1::RegisterProof proof;
  proof.set_format(std::string(kRegisterProofFormat));
  proof.set_checkpoint(published->checkpoint);
  proof.set_type(static_cast<uint32_t>(id.type));
  proof.set_number(id.number);

  std::set<uint64_t> leaves = {0, size - 1};
  std::set<Hash> keys;
  const auto add = [&](RegisterId one) {
    for (one.version = 0;; ++one.version) {
      keys.insert(RegisterKey(one));
      const std::optional<KnownDocument> known = log_->documents()->Lookup(one);
      if (!known.has_value() || !known->leaf_index.has_value() ||
          *known->leaf_index >= size) {
        return;
      }
      leaves.insert(*known->leaf_index);
    }
  };
  add({RegisterType::kConfig, 0, 0});
  if (id.type != RegisterType::kConfig) add({id.type, id.number, 0});

  v1::ProveLeavesRequest about_leaves;
  about_leaves.set_size(size);
  for (const uint64_t index : leaves) about_leaves.add_leaf_index(index);
  ASSIGN_OR_RETURN(v1::ProveLeavesResponse leaves_proof,
                   ProveLeaves(log_, about_leaves));
  v1::LeavesProof* const shown = proof.add_leaves();
  *shown->mutable_leaf_index() = about_leaves.leaf_index();
  *shown->mutable_leaf() = leaves_proof.leaf();
  shown->set_proof(leaves_proof.proof());
  *proof.mutable_document() = leaves_proof.document();

  v1::ProveKeysRequest about_keys;
  about_keys.set_size(size - 1);
  for (const Hash& key : keys) about_keys.add_keys(std::string(Bytes(key)));
  ASSIGN_OR_RETURN(const v1::ProveKeysResponse keys_proof,
                   ProveKeys(log_, about_keys));
  v1::KeysProof* const looked_up = proof.add_keys();
  *looked_up->mutable_key() = about_keys.keys();
  looked_up->set_proof(keys_proof.proof());
  answer->set_register_proof(proof.SerializeAsString());
  return absl::OkStatus();
}

}  // namespace vidimus
