#include "log/chain_statements.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/chain_counters.h"
#include "log/openings.h"
#include "log/stored_batch.h"
#include "proto/status.h"
#include "verifier/es256.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/record.h"
#include "verifier/register.h"

namespace vidimus {
namespace {

// When the batch of a leaf stands.
struct BatchMoment {
  uint64_t position = 0;
  uint64_t seal_time_s = 0;
};

absl::StatusOr<BatchMoment> MomentOf(Log* log, uint64_t leaf_index) {
  ASSIGN_OR_RETURN(const StoredRow head,
                   log->storage()->Get(RowKind::kHead, 0, leaf_index));
  ASSIGN_OR_RETURN(const TreeHead after,
                   StoredHead(log->storage(), leaf_index));
  ASSIGN_OR_RETURN(const std::string entry, log->tiles().Entry(after.size - 1));
  Leaf seal;
  if (ParseLeaf(entry, &seal) != Finding::kOk || seal.kind != LeafKind::kSeal) {
    return absl::DataLossError(absl::StrCat("the batch of leaf ", leaf_index,
                                            " does not end in a seal"));
  }
  return BatchMoment{head.first, SealOf(seal).time_s};
}

struct StoredDocument {
  RegisterId id;
  BatchMoment moment;
  std::shared_ptr<const std::string> bytes;
};

// All versions of one document that stand below `size`.
absl::Status ReadDocuments(Log* log, RegisterType type, uint32_t number,
                           uint64_t size,
                           std::vector<StoredDocument>* documents) {
  const Documents& known = *log->documents();
  const uint64_t versions = known.Versions(type, number);
  for (uint64_t version = 0; version < versions; ++version) {
    const RegisterId id{type, number, version};
    const std::optional<KnownDocument> found = known.Lookup(id);
    if (!found.has_value() || !found->leaf_index.has_value() ||
        *found->leaf_index >= size) {
      return absl::OkStatus();
    }
    StoredDocument document;
    document.id = id;
    document.bytes = known.Find(found->hash);
    if (document.bytes == nullptr) {
      return absl::InternalError("a document of the register is missing");
    }
    ASSIGN_OR_RETURN(document.moment, MomentOf(log, *found->leaf_index));
    documents->push_back(std::move(document));
  }
  return absl::OkStatus();
}

absl::Status NoWish(const char* why) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the statement that was named is no wish to erase it: ", why));
}

}  // namespace

absl::StatusOr<ChainStatements> ChainStatements::Read(Log* log,
                                                      std::string_view subject,
                                                      uint32_t administration,
                                                      const Hash& key) {
  ChainStatements chain;
  chain.log_ = log;
  chain.subject_ = std::string(subject);
  chain.administration_ = administration;
  chain.size_ = log->Latest()->head.size;
  ASSIGN_OR_RETURN(chain.entries_,
                   FirstAbsentEntry(log->index_finder(), key, 0));
  uint64_t at = chain.entries_;
  while (at > 0) {
    const uint64_t number = at - 1;
    ASSIGN_OR_RETURN(const std::optional<uint64_t> leaf_index,
                     log->index()->Find(ChainLabel(key, number)));
    if (!leaf_index.has_value()) {
      return absl::DataLossError("the index lacks an entry of a chain");
    }
    if (*leaf_index >= chain.size_) {
      // Of the batch under way.
      chain.entries_ = at = number;
      continue;
    }
    ASSIGN_OR_RETURN(const VaultPage page,
                     ReadPage(log->storage(), log->vault(), *leaf_index));
    const vault::Opening* const opening = page.Find(*leaf_index);
    if (opening == nullptr) {
      return absl::DataLossError("the vault lacks an entry of a chain");
    }
    at = number - std::min<uint64_t>(opening->accesses_before(), number);
    // Statements are never erased.
    if (opening->has_erased_by() ||
        ContentOf(opening->record()) != RecordContent::kStatement) {
      continue;
    }
    ASSIGN_OR_RETURN(const BatchMoment moment, MomentOf(log, *leaf_index));
    chain.filed_.push_back({number, *leaf_index, moment.position,
                            moment.seal_time_s, opening->record_salt(),
                            opening->record(), opening->actor_salt()});
  }
  std::reverse(chain.filed_.begin(), chain.filed_.end());
  return chain;
}

absl::StatusOr<std::vector<StandingStatement>> ChainStatements::Judge(
    const std::vector<std::string_view>& more, uint64_t now_s) const {
  History history;
  history.subject = subject_;
  history.administration = administration_;
  HistoryLog& log = history.logs.emplace_back();
  const std::string origin = log_->origin();
  log.origin = origin;
  for (const FiledStatement& one : filed_) {
    HistoryEntry& entry = log.entries.emplace_back();
    entry.position = one.position;
    entry.seal_time_s = one.seal_time_s;
    entry.content = Content::kOpen;
    entry.record = one.record;
  }
  for (const std::string_view record : more) {
    HistoryEntry& entry = log.entries.emplace_back();
    entry.position = size_;
    entry.seal_time_s = now_s;
    entry.content = Content::kOpen;
    entry.record = record;
  }

  std::set<uint32_t> services;
  for (const HistoryEntry& entry : log.entries) {
    Statement statement;
    if (ParseStatement(entry.record, &statement, nullptr) == Finding::kOk &&
        statement.identity_service.has_value()) {
      services.insert(*statement.identity_service);
    }
  }
  std::vector<StoredDocument> documents;
  RETURN_IF_ERROR(
      ReadDocuments(log_, RegisterType::kConfig, 0, size_, &documents));
  if (administration_ != kSelf) {
    RETURN_IF_ERROR(ReadDocuments(log_, RegisterType::kAdministration,
                                  administration_, size_, &documents));
  }
  for (const uint32_t number : services) {
    RETURN_IF_ERROR(ReadDocuments(log_, RegisterType::kIdentityService, number,
                                  size_, &documents));
  }
  std::stable_sort(documents.begin(), documents.end(),
                   [](const StoredDocument& a, const StoredDocument& b) {
                     return a.moment.position < b.moment.position;
                   });
  for (const StoredDocument& one : documents) {
    Document parts;
    if (SplitDocument(*one.bytes, &parts) != Finding::kOk) {
      return absl::DataLossError("a document of the register can't be read");
    }
    HistoryDocument& document = log.documents.emplace_back();
    document.id = one.id;
    document.position = one.moment.position;
    document.seal_time_s = one.moment.seal_time_s;
    document.message = parts.message;
    Config config;
    if (one.id.type == RegisterType::kConfig && one.id.version == 0 &&
        ParseConfig(parts.message, 0, &config, nullptr) == Finding::kOk) {
      log.limits = LimitsOf(config);
    }
  }
  std::vector<RegisterIndex> registers;
  registers.emplace_back(log);
  return JudgeStatements(history, registers, Es256VerifyNative);
}

absl::StatusOr<std::vector<uint64_t>> ChainStatements::Disputed() const {
  std::vector<uint64_t> disputed;
  if (filed_.empty()) return disputed;
  ASSIGN_OR_RETURN(const std::vector<StandingStatement> judged, Judge({}, 0));
  for (const StandingStatement& one : judged) {
    if (one.statement.event == StatementEvent::kDispute && one.restrains &&
        one.lifted_from == kNever) {
      disputed.push_back(one.statement.entry);
    }
  }
  std::sort(disputed.begin(), disputed.end());
  return disputed;
}

absl::Status ChainStatements::JudgeWish(std::string_view statement_id,
                                        uint64_t number) const {
  ASSIGN_OR_RETURN(const std::vector<StandingStatement> judged, Judge({}, 0));
  const auto found =
      std::find_if(judged.begin(), judged.end(),
                   [statement_id](const StandingStatement& one) {
                     return one.statement.statement_id == statement_id &&
                            one.finding == Finding::kOk;
                   });
  if (found == judged.end()) {
    return NoWish("none with that id stands in its chain and counts");
  }
  if (found->delegated || found->statement.identity_service.has_value()) {
    return NoWish("the resident did not sign it themselves");
  }
  if (std::find(found->statement.erase.begin(), found->statement.erase.end(),
                number) == found->statement.erase.end()) {
    return NoWish("it does not name this entry");
  }
  return absl::OkStatus();
}

}  // namespace vidimus
