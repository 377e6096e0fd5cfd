#include "log/log_testing.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "log/stored_batch.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "verifier/audit.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/submission.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

std::string SignDocument(const google::protobuf::Message& message,
                         const RegisterId& id, const Ed25519Signer& publisher) {
  const std::string bytes = message.SerializeAsString();
  return publisher.Sign(RegisterSignedBytes(kTestOrigin, id, bytes)) + bytes;
}

void AddText(const std::string& text,
             google::protobuf::RepeatedPtrField<v1::LocalizedText>* texts) {
  for (const char* language : {"sv", "fi", "en"}) {
    v1::LocalizedText* const one = texts->Add();
    one->set_language(language);
    one->set_text(text);
  }
}

}  // namespace

std::string SeededRandom::Draw(size_t size) {
  std::string bytes;
  while (bytes.size() < size) AppendBe64(engine_(), &bytes);
  bytes.resize(size);
  return bytes;
}

TestRegister MakeTestRegister(int administrations, Random* random,
                              uint64_t min_batch) {
  TestRegister made;
  made.publisher_seed = random->Draw(kEd25519SeedBytes);
  const Ed25519Signer publisher(made.publisher_seed);
  made.label_seed = random->Draw(kEd25519SeedBytes);
  const Ed25519Signer label_key(made.label_seed);
  v1::Config config;
  config.set_origin(kTestOrigin);
  config.set_label_key(std::string(label_key.public_key()));
  for (uint32_t type = 0; type < kRegisterTypeCount; ++type) {
    v1::Publisher* const one = config.add_publisher();
    one->set_type(type);
    one->set_public_key(std::string(publisher.public_key()));
    one->set_name("publisher");
  }
  config.mutable_index()->set_unit_leaves(4096);
  config.mutable_index()->set_growth(4);
  config.mutable_index()->set_multiple_max(3);
  config.mutable_index()->set_prompt_leaves_max(16384);
  config.mutable_index()->set_lag_divisor(16);
  config.mutable_batch()->set_min_batch(static_cast<uint32_t>(min_batch));
  config.mutable_batch()->set_period_ms(100);
  v1::TimeLimits* const limits = config.mutable_limits();
  limits->set_notice_s(604800);
  limits->set_fresh_s(60);
  limits->set_late_s(1800);
  limits->set_skew_s(5);
  limits->set_recovery_s(259200);
  limits->set_keep_min_s(63072000);
  limits->set_label_key_until_s(2082758400);
  v1::IdScheme* const scheme = config.add_id_scheme();
  scheme->set_scheme(1);
  scheme->set_form("uuid");
  AddText("UUID", scheme->mutable_name());
  made.opening.config =
      SignDocument(config, {RegisterType::kConfig, 0, 0}, publisher);
  for (int number = 0; number < administrations; ++number) {
    made.entry_seeds.push_back(random->Draw(kEd25519SeedBytes));
    const Ed25519Signer entry_key(made.entry_seeds.back());
    v1::Administration administration;
    AddText(absl::StrCat("administration ", number),
            administration.mutable_name());
    administration.add_certificate_identity(
        absl::StrCat("urn:vidimus:administration:", number));
    administration.add_entry_key(std::string(entry_key.public_key()));
    made.opening.administrations.push_back(SignDocument(
        administration,
        {RegisterType::kAdministration, static_cast<uint32_t>(number), 0},
        publisher));
  }
  return made;
}

void AddTestIdentityService(const std::string& service_seed,
                            TestRegister* added_to) {
  v1::IdentityService service;
  AddText("identity service", service.mutable_name());
  service.add_key(std::string(Ed25519Signer(service_seed).public_key()));
  service.set_organisation_id("0245458-3");
  service.set_assurance("substantial");
  const RegisterId id{RegisterType::kIdentityService, 0, 0};
  added_to->opening.others.push_back(
      {id, SignDocument(service, id, Ed25519Signer(added_to->publisher_seed))});
}

std::string SignTestDocument(const google::protobuf::Message& message,
                             const RegisterId& id,
                             const std::string& publisher_seed) {
  return SignDocument(message, id, Ed25519Signer(publisher_seed));
}

std::string TestSubject(uint64_t number) {
  std::string digits(16, '\0');
  AppendBe64(number, &digits);
  digits = HexEncode(digits).substr(16);
  std::string subject(1, '\1');
  for (size_t i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) subject += '-';
    subject += digits[i];
  }
  return subject;
}

v1::Entry MakeTestEntry(uint32_t a, uint64_t number, Random* random) {
  v1::Entry entry;
  entry.set_entry_id(random->Draw(kEntryIdBytes));
  entry.set_record_salt(random->Draw(kSaltBytes));
  entry.set_actor_salt(random->Draw(kSaltBytes));
  v1::Record record;
  v1::AccessRecord* const access = record.mutable_access();
  access->set_entry_id(entry.entry_id());
  access->set_occurred_at_ms(1767225600000 + number);
  access->set_controller_id("0201256-6");
  access->set_subject(TestSubject(number));
  access->set_administration(a);
  access->set_operation(v1::READ);
  access->add_data_category("pd:Income");
  access->set_purpose("SocialWelfareEligibilityAssessment");
  access->add_legal_basis()->set_basis("A6-1-e-official-authority");
  access->mutable_as_of()->set_origin(kTestOrigin);
  access->mutable_as_of()->set_size(2);
  entry.set_record(record.SerializeAsString());
  v1::Actor actor;
  actor.set_id(absl::StrCat("case officer ", number % 7));
  entry.set_actor(actor.SerializeAsString());
  return entry;
}

v1::SubmitRequest SignTestRequest(uint32_t a, std::vector<v1::Entry> entries,
                                  const std::string& entry_seed) {
  v1::SubmitRequest request;
  request.set_origin(kTestOrigin);
  request.set_administration(a);
  std::vector<Hash> leaf_hashes;
  for (v1::Entry& entry : entries) {
    leaf_hashes.push_back(SubmissionLeafHash(
        entry.entry_id(), Commitment({entry.record_salt(), entry.record(),
                                      entry.actor_salt(), entry.actor()})));
    *request.add_entries() = std::move(entry);
  }
  if (leaf_hashes.empty()) return request;
  request.set_signature(
      Ed25519Signer(entry_seed)
          .Sign(SubmissionSignedBytes(kTestOrigin, a,
                                      static_cast<uint32_t>(leaf_hashes.size()),
                                      SubmissionRoot(leaf_hashes))));
  return request;
}

Submission MakeTestSubmission(const std::vector<std::string>& entries,
                              const std::vector<std::string>& ids,
                              const IdTagger& tagger,
                              absl::StatusOr<Placement>* answer) {
  Submission submission;
  for (size_t i = 0; i < entries.size(); ++i) {
    PendingEntry entry;
    entry.data = entries[i];
    entry.hash = LeafHash(entries[i]);
    if (i < ids.size()) entry.tag = tagger.Tag(0, ids[i], entries[i]);
    submission.entries.push_back(std::move(entry));
  }
  *answer = absl::InternalError("not answered");
  submission.done = [answer](absl::StatusOr<Placement> placement) {
    *answer = std::move(placement);
  };
  return submission;
}

namespace {

// Every register document that is stored, by its hash.
absl::StatusOr<std::map<Hash, std::string>> ReadStoredDocuments(
    Storage* storage, uint64_t size) {
  std::map<Hash, std::string> documents;
  for (uint64_t first = 0; first < size;) {
    const absl::StatusOr<StoredRow> row =
        storage->Get(RowKind::kDocuments, 0, first);
    if (row.ok()) {
      ASSIGN_OR_RETURN(const std::vector<std::string> parsed,
                       ParseDocumentsRow(row->value));
      for (const std::string& one : parsed) documents[Sha256(one)] = one;
    } else if (!absl::IsNotFound(row.status())) {
      return row.status();
    }
    ASSIGN_OR_RETURN(const TreeHead head, StoredHead(storage, first));
    first = head.size;
  }
  return documents;
}

}  // namespace

absl::Status JudgeStoredLog(Storage* storage, bool access_log,
                            const VerifierKey& key,
                            const std::string& checkpoint) {
  Checkpoint opened;
  Finding finding = OpenCheckpoint(checkpoint, key, &opened);
  if (finding != Finding::kOk) {
    return absl::DataLossError(
        absl::StrCat("checkpoint: ", FindingSentence(finding)));
  }
  ASSIGN_OR_RETURN(const TreeHead stored, storage->LastHead());
  if (stored.size < opened.head.size) {
    return absl::DataLossError(absl::StrCat("signed at size ", opened.head.size,
                                            ", stored ", stored.size));
  }
  TileReader tiles(storage, 0);
  absl::Status failed;
  AuditOptions options;
  options.access_log = access_log;
  options.origin = key.name;
  options.tile_judge = [&](const TileSpan& span) {
    const auto tile =
        tiles.Read({span.level, span.n,
                    span.first + static_cast<int>(span.hashes.size())});
    if (!tile.ok()) {
      failed = tile.status();
      return Finding::kTileMismatch;
    }
    return (*tile)->substr(span.first * sizeof(Hash)) ==
                   BytesOfHashes(span.hashes)
               ? Finding::kOk
               : Finding::kTileMismatch;
  };
  std::map<Hash, std::string> documents;
  if (access_log) {
    ASSIGN_OR_RETURN(documents, ReadStoredDocuments(storage, stored.size));
    options.documents = [&](const Hash& hash, std::string* document) {
      const auto found = documents.find(hash);
      if (found != documents.end()) *document = found->second;
      return found != documents.end();
    };
  }
  Auditor auditor(std::move(options));
  while (finding == Finding::kOk && auditor.size() < opened.head.size) {
    const uint64_t first = auditor.size();
    const uint64_t end =
        std::min<uint64_t>(first + kTileWidth, opened.head.size);
    ASSIGN_OR_RETURN(const auto bundle,
                     tiles.Read({TileAddress::kEntries, first / kTileWidth,
                                 static_cast<int>(end - first)}));
    finding = auditor.AddBundle(first, *bundle);
  }
  if (finding == Finding::kOk) finding = auditor.Finish(opened.head);
  RETURN_IF_ERROR(failed);
  if (finding == Finding::kOk) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("leaf ", auditor.place().leaf_index,
                                          ": ", FindingSentence(finding)));
}

}  // namespace vidimus
