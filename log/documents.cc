#include "log/documents.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/access_batch.h"
#include "proto/status.h"
#include "verifier/check.h"
#include "verifier/crypto.h"
#include "verifier/leaf.h"
#include "verifier/subject.h"

namespace vidimus {
namespace {

absl::Status Refused(std::string_view document, Finding finding,
                     const char* field) {
  return absl::InvalidArgumentError(
      absl::StrCat("register document \"", std::string(document),
                   "\": ", FindingSentence(finding),
                   field != nullptr ? absl::StrCat(" (", field, ")") : ""));
}

// The batches that a log opens with: leaf 0 and, after its seal, leaf 2.
constexpr uint64_t kConfigLeaf = 0;
constexpr uint64_t kSecondBatch = 2;

}  // namespace

absl::StatusOr<Documents> Documents::FromOpening(const OpeningRegister& opening,
                                                 const std::string& origin) {
  Documents documents;
  documents.opening_ = opening;
  const auto keep = [&](const std::string& bytes) {
    documents.by_hash_[Sha256(bytes)] =
        std::make_shared<const std::string>(bytes);
  };
  const RegisterId config_id{RegisterType::kConfig, 0, 0};
  Document parts;
  Finding finding = SplitDocument(opening.config, &parts);
  if (finding != Finding::kOk) return Refused("config", finding, nullptr);
  Config config;
  const char* field = nullptr;
  finding = ParseConfig(parts.message, 0, &config, &field);
  if (finding != Finding::kOk) return Refused("config", finding, field);
  if (config.origin != origin) {
    return absl::InvalidArgumentError(
        absl::StrCat("register document \"config\" is of the log ",
                     std::string(config.origin), ", not of ", origin));
  }
  finding = VerifyDocument(opening.config, origin, config_id,
                           config.PublisherKey(RegisterType::kConfig));
  if (finding != Finding::kOk) return Refused("config", finding, nullptr);
  documents.min_batch_ = config.min_batch;
  documents.keep_min_s_ = config.keep_min_s;
  documents.label_key_ = std::string(config.label_key);
  keep(opening.config);
  CHECK(SplitDocument(*documents.Find(Sha256(opening.config)), &parts) ==
        Finding::kOk);
  CHECK(ParseConfig(parts.message, 0, &config, nullptr) == Finding::kOk);
  for (const IdScheme& scheme : config.id_schemes) {
    if (IdFormIsKnown(scheme.form)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "register document \"config\": id scheme ", scheme.scheme,
        " has the form \"", std::string(scheme.form),
        "\", which this program does not know: it could not tell one spelling "
        "from another"));
  }
  documents.id_schemes_ = config.id_schemes;

  const std::string_view publisher =
      config.PublisherKey(RegisterType::kAdministration);
  for (uint32_t number = 0; number < opening.administrations.size(); ++number) {
    const std::string& bytes = opening.administrations[number];
    const std::string name = absl::StrCat("administration ", number);
    finding = VerifyDocument(
        bytes, origin, {RegisterType::kAdministration, number, 0}, publisher);
    if (finding == Finding::kOk) finding = SplitDocument(bytes, &parts);
    if (finding != Finding::kOk) return Refused(name, finding, nullptr);
    Administration administration;
    finding = ParseAdministration(parts.message, &administration, &field);
    if (finding != Finding::kOk) return Refused(name, finding, field);
    documents.entry_keys_.emplace_back(administration.entry_keys.begin(),
                                       administration.entry_keys.end());
    keep(bytes);
  }
  return documents;
}

absl::StatusOr<Documents> Documents::FromStorage(Storage* storage,
                                                 const std::string& origin) {
  OpeningRegister opening;
  ASSIGN_OR_RETURN(const StoredRow first,
                   storage->Get(RowKind::kDocuments, 0, kConfigLeaf));
  ASSIGN_OR_RETURN(const std::vector<std::string> configs,
                   ParseDocumentsRow(first.value));
  if (configs.size() != 1) {
    return absl::DataLossError(
        "the stored documents row of the first batch holds not one document");
  }
  opening.config = configs[0];
  ASSIGN_OR_RETURN(const StoredRow second,
                   storage->Get(RowKind::kDocuments, 0, kSecondBatch));
  ASSIGN_OR_RETURN(std::vector<std::string> stored,
                   ParseDocumentsRow(second.value));
  // They stand in the order of their keys.
  std::vector<std::pair<Hash, uint32_t>> order;
  for (uint32_t number = 0; number < stored.size(); ++number) {
    order.emplace_back(RegisterKey({RegisterType::kAdministration, number, 0}),
                       number);
  }
  std::sort(order.begin(), order.end());
  opening.administrations.resize(stored.size());
  for (size_t i = 0; i < order.size(); ++i) {
    opening.administrations[order[i].second] = std::move(stored[i]);
  }
  absl::StatusOr<Documents> documents = FromOpening(opening, origin);
  if (!documents.ok()) {
    return absl::DataLossError(absl::StrCat("a stored documents row is wrong: ",
                                            documents.status().message()));
  }
  return documents;
}

std::shared_ptr<const std::string> Documents::Find(
    const Hash& document_hash) const {
  const auto it = by_hash_.find(document_hash);
  return it == by_hash_.end() ? nullptr : it->second;
}

const std::vector<std::string>* Documents::EntryKeys(
    uint32_t administration) const {
  return administration < entry_keys_.size() ? &entry_keys_[administration]
                                             : nullptr;
}

}  // namespace vidimus
