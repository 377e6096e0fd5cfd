#include "tests/world/city.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "proto/register.pb.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/register.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

struct Words {
  const char* key;
  const char* sv;
  const char* fi;
  const char* en;
};

constexpr std::array<Words, City::kAdministrations> kBodies = {{
    {"school", "skola och fritid", "koulu ja vapaa-aika", "school and leisure"},
    {"health", "hälsa", "terveys", "health"},
    {"social", "sociala tjänster", "sosiaalipalvelut", "social services"},
    {"care", "vård och omsorg", "hoito ja hoiva", "care and welfare"},
    {"labour", "arbetsmarknad", "työllisyys", "labour market"},
    {"culture", "kultur", "kulttuuri", "culture"},
    {"analytics", "analys", "analytiikka", "analytics"},
    {"ai", "AI-tjänster", "tekoälypalvelut", "AI services"},
}};

constexpr std::array<const char*, City::kFirstNew> kPurposes = {
    "SchoolPlacement",  "DayCare",           "Vaccination",
    "DentalCare",       "SocialAssistance",  "ChildProtection",
    "HomeCare",         "EmploymentService", "LibraryService",
    "ProactiveService", "FeedbackAnalysis"};

constexpr std::array<const char*, City::kCategories + 1> kSorts = {
    "Name",   "Address",    "Contact",  "Family",   "School",     "Income",
    "Health", "Medication", "Benefits", "Housing",  "Work",       "Language",
    "Visits", "Loans",      "Guardian", "Decision", "Whereabouts"};

constexpr uint64_t kDayS = 86400;
constexpr uint64_t kMorningS = 8 * 3600;
// Midnight of 2026-01-01 and 2026-07-01, UTC.
constexpr std::array<uint64_t, kWorldLogs> kFirstDays = {1767225600,
                                                         1782864000};
constexpr std::array<const char*, kWorldLogs> kHalves = {"2026h1", "2026h2"};

template <typename List>
void AddText(List* list, const char* language, std::string_view text) {
  auto* one = list->Add();
  one->set_language(language);
  one->set_text(std::string(text));
}

template <typename List>
void AddTexts(List* list, std::string_view sv, std::string_view fi,
              std::string_view en) {
  AddText(list, "sv", sv);
  AddText(list, "fi", fi);
  AddText(list, "en", en);
}

void Put(WorldLog* log, WorldType type, uint32_t number, uint32_t batch,
         std::string message, bool at_hand = true) {
  WorldDocument document;
  document.type = type;
  document.number = number;
  for (const WorldDocument& other : log->documents) {
    if (other.type == type && other.number == number) ++document.version;
  }
  document.batch = batch;
  document.at_hand = at_hand;
  document.message = std::move(message);
  log->documents.push_back(std::move(document));
}

std::string PurposeMessage(uint32_t number) {
  v1::Purpose purpose;
  purpose.set_term(City::LaneTerm(number));
  AddTexts(purpose.mutable_name(), "ändamål " + purpose.term(),
           "tarkoitus " + purpose.term(), "purpose " + purpose.term());
  purpose.set_proactive(purpose.term() == "ProactiveService");
  return purpose.SerializeAsString();
}

v1::Provision LawFor(uint32_t number) {
  v1::Provision law;
  law.add_basis("A6-1-c");
  law.add_basis("A6-1-e");
  law.set_citation("provision " + std::to_string(number) +
                   " for trying out, no law");
  AddTexts(law.mutable_name(), "bestämmelse på prov", "koesäännös",
           "provision for trying out");
  return law;
}

void NameEverybody(v1::Provision* law) {
  for (uint32_t a = 0; a < City::kAdministrations; ++a) {
    law->add_administration(a);
  }
}

// All purposes that there ever are but feedback.
void NamePurposes(v1::Provision* law) {
  for (uint32_t p = 0; p < City::kFirstNew + kWorldLogs * City::kNewInLog;
       ++p) {
    if (p != City::kFeedback) law->add_purpose(City::LaneTerm(p));
  }
}

void NameData(v1::Provision* law) {
  for (uint32_t c = 0; c < City::kCategories; ++c) {
    law->add_data_category(City::CategoryTerm(c));
  }
}

v1::Provision WholeLaw(uint32_t number) {
  v1::Provision law = LawFor(number);
  NameEverybody(&law);
  NamePurposes(&law);
  NameData(&law);
  return law;
}

std::string LawMessage(uint32_t number) {
  if (number < City::kWithholding) {
    v1::Provision law = LawFor(number);
    law.add_administration(number / 2);
    NamePurposes(&law);
    NameData(&law);
    if (number % 2 == 1) law.set_overrides_prohibition(true);
    return law.SerializeAsString();
  }
  v1::Provision law = WholeLaw(number);
  switch (number) {
    case City::kWithholding:
      law.set_withholding_max_s(City::kWithholdingMaxS);
      break;
    case City::kUnverified:
      law.set_unverified(true);
      break;
    case City::kExpired:
      law.set_valid_until_s(kFirstDays[0]);
      break;
    case City::kFuture:
      law.set_valid_from_s(kFirstDays[1] + 400 * kDayS);
      break;
    case City::kGarbled:
      return "\xff\xff no provision";
    case City::kOnePurpose:
      law.clear_purpose();
      law.add_purpose(City::LaneTerm(0));
      break;
    case City::kFewData:
      law.clear_data_category();
      for (uint32_t c = 0; c < 3; ++c) {
        law.add_data_category(City::CategoryTerm(c));
      }
      break;
    default:
      break;
  }
  return law.SerializeAsString();
}

// A system's own count of the accesses until it was published.
std::string CountMessage(uint32_t number) {
  const uint32_t log = number / City::kNewInLog;
  const uint32_t k = number % City::kNewInLog;
  v1::Count count;
  count.set_administration(k % City::kAdministrations);
  count.set_source_system(City::SystemId(k % City::kAdministrations, "cases"));
  count.set_from_s(kFirstDays[log]);
  count.set_until_s(kFirstDays[log] + (k + 1) * City::kNewDays * kDayS);
  count.set_accesses(0);
  return count.SerializeAsString();
}

}  // namespace

std::string City::LaneTerm(uint32_t purpose) {
  if (purpose < kFirstNew) return kPurposes[purpose];
  return "NewService-" + std::to_string(purpose - kFirstNew);
}

std::string City::CategoryTerm(uint32_t category) { return kSorts[category]; }

std::string City::AdministrationName(uint32_t administration) {
  return kBodies[administration].en;
}

std::string City::SystemId(uint32_t administration, const char* kind) {
  return std::string(kBodies[administration].key) + "-" + kind;
}

std::string City::AiSystemId(uint32_t number) {
  return "ai-register:" + std::to_string(number);
}

City::City(uint64_t seed, uint32_t number, uint32_t batches_per_day,
           uint32_t batch_leaves)
    : seed_(seed), number_(number), batches_per_day_(batches_per_day) {
  constexpr std::array<std::array<const char*, 2>, 3> kPlaces = {
      {{"Helsinki", "helsinki"},
       {"Helsingborg", "helsingborg"},
       {"Malmö", "malmo"}}};
  const std::string key = number < kPlaces.size()
                              ? kPlaces[number][1]
                              : "city-" + std::to_string(number);
  name_ = number < kPlaces.size() ? kPlaces[number][0] : key;
  family_ = "world.example/" + key;
  organisation_id_ = "test:" + key;
  for (uint32_t l = 0; l < kWorldLogs; ++l) {
    WorldLog log;
    log.origin = family_ + "/" + kHalves[l];
    OpenRegister(&log, l);
    PublishLater(&log, l);
    const auto opening = static_cast<uint64_t>(
        std::count_if(log.documents.begin(), log.documents.end(),
                      [](const WorldDocument& d) { return d.batch == 1; }));
    log.sizes = {2, 2 + opening + 1};
    log.times_s = {kFirstDays[l], kFirstDays[l] + 1};
    for (uint32_t day = 0; day < kWorldDays; ++day) {
      for (uint32_t i = 0; i < batches_per_day; ++i) {
        log.sizes.push_back(log.sizes.back() + batch_leaves + 1);
        log.times_s.push_back(kFirstDays[l] + (day + 1) * kDayS + kMorningS +
                              i * kBatchSeconds);
      }
    }
    logs_.push_back(std::move(log));
  }
}

std::string City::Seed(const char* what, uint32_t number) const {
  std::string input = "world";
  AppendBe64(seed_, &input);
  AppendBe32(number_, &input);
  AppendBe32(number, &input);
  return std::string(Bytes(Sha256({input, what})));
}

std::string City::EntrySeed(uint32_t administration) const {
  return Seed("entry key", administration);
}
std::string City::ServiceSeed(uint32_t service) const {
  return Seed("identity service", service);
}
std::string City::PublisherSeed() const { return Seed("publisher", 0); }

void City::OpenRegister(WorldLog* log, uint32_t number) const {
  v1::Config config;
  config.set_origin(log->origin);
  config.set_label_key(
      std::string(Ed25519Signer(Seed("label", number)).public_key()));
  const Ed25519Signer publisher(PublisherSeed());
  for (uint32_t type = 0; type <= 8; ++type) {
    v1::Publisher* one = config.add_publisher();
    one->set_type(type);
    one->set_public_key(std::string(publisher.public_key()));
    one->set_name(name_);
  }
  v1::IndexParameters* index = config.mutable_index();
  index->set_unit_leaves(4096);
  index->set_growth(4);
  index->set_multiple_max(3);
  index->set_prompt_leaves_max(16384);
  index->set_lag_divisor(16);
  config.mutable_batch()->set_min_batch(8);
  config.mutable_batch()->set_period_ms(100);
  v1::TimeLimits* limits = config.mutable_limits();
  limits->set_notice_s(log->notice_s);
  limits->set_fresh_s(log->fresh_s);
  limits->set_late_s(log->late_s);
  limits->set_skew_s(log->skew_s);
  limits->set_recovery_s(log->recovery_s);
  limits->set_keep_min_s(log->keep_min_s);
  limits->set_label_key_until_s(kFirstDays[number] + 1000 * kDayS);
  v1::IdScheme* scheme = config.add_id_scheme();
  scheme->set_scheme(1);
  scheme->set_form("uuid");
  AddTexts(scheme->mutable_name(), "testnummer", "testinumero", "test number");
  Put(log, WorldType::kConfig, 0, 0, config.SerializeAsString());

  for (uint32_t a = 0; a < kAdministrations; ++a) {
    v1::Administration body;
    AddTexts(body.mutable_name(), name_ + ": " + kBodies[a].sv,
             name_ + ": " + kBodies[a].fi, name_ + ": " + kBodies[a].en);
    body.add_certificate_identity("urn:vidimus:administration:" +
                                  std::to_string(a));
    body.add_entry_key(std::string(Ed25519Signer(EntrySeed(a)).public_key()));
    for (const char* kind : {"cases", "paper", "archive"}) {
      v1::SourceSystem* system = body.add_source_system();
      system->set_id(SystemId(a, kind));
      AddTexts(system->mutable_name(), kind, kind, kind);
      // What log 1 opens with is what log 0 had in the end.
      const std::string_view of_kind = kind;
      system->set_connected(of_kind == "cases" ||
                            (of_kind == "paper" && number > 0));
    }
    body.set_organisation_id(organisation_id_);
    Put(log, WorldType::kAdministration, a, 1, body.SerializeAsString());
  }
  const uint32_t older = number * kNewInLog;
  for (uint32_t p = 0; p < kFirstNew + older; ++p) {
    Put(log, WorldType::kPurpose, p, 1, PurposeMessage(p));
  }
  for (uint32_t c = 0; c <= kWhereabouts; ++c) {
    v1::Category category;
    category.set_term(CategoryTerm(c));
    AddTexts(category.mutable_name(), kSorts[c], kSorts[c], kSorts[c]);
    category.set_special(category.term() == "Health" ||
                         category.term() == "Medication");
    Put(log, WorldType::kCategory, c, 1, category.SerializeAsString());
  }
  for (uint32_t p = 0; p < kFirstNewLaw + older; ++p) {
    Put(log, WorldType::kProvision, p, 1, LawMessage(p), p != kLost);
  }
  for (uint32_t i = 0; i < 2; ++i) {
    v1::AiSystem system;
    system.set_id(AiSystemId(i));
    AddTexts(system.mutable_name(), "modell", "malli", "model");
    for (uint32_t a = i; a < kAdministrations; a += 2) {
      system.add_administration(a);
    }
    system.set_oversight("HumanInvolvementForDecision");
    Put(log, WorldType::kAiSystem, i, 1, system.SerializeAsString());
  }
  v1::Analysis analysis;
  analysis.set_run_id("run-0");
  analysis.set_administration(6);
  analysis.set_purpose(LaneTerm(kFeedback));
  analysis.add_data_category(CategoryTerm(0));
  analysis.set_cohort(100);
  analysis.set_deidentification("k-anonymous");
  analysis.set_k(20);
  Put(log, WorldType::kAnalysis, 0, 1, analysis.SerializeAsString());
  for (uint32_t c = 0; c < older; ++c) {
    Put(log, WorldType::kCount, c, 1, CountMessage(c));
  }
  for (uint32_t i = 0; i < 2; ++i) {
    v1::IdentityService service;
    AddTexts(service.mutable_name(), "identifiering", "tunnistus",
             "identification");
    service.add_key(std::string(Ed25519Signer(ServiceSeed(i)).public_key()));
    service.set_organisation_id(i == kOwn ? organisation_id_ : "test:state");
    service.set_assurance("high");
    Put(log, WorldType::kIdentityService, i, 1, service.SerializeAsString());
  }
}

void City::PublishLater(WorldLog* log, uint32_t number) const {
  for (uint32_t day = 1; day < kWorldDays; ++day) {
    const uint32_t batch = FirstBatchOf(day);
    if (day % kNewDays == 0) {
      const uint32_t k = day / kNewDays - 1;
      const uint32_t purpose = NewPurpose(number, k);
      Put(log, WorldType::kPurpose, purpose, batch, PurposeMessage(purpose));
      const uint32_t law = NewLaw(number, k);
      Put(log, WorldType::kProvision, law, batch, LawMessage(law));
      const uint32_t count = number * kNewInLog + k;
      Put(log, WorldType::kCount, count, batch, CountMessage(count));
    }
    if (number == 0 && day == kPaperDay) {
      for (uint32_t a = 0; a < kAdministrations; ++a) {
        v1::Administration body;
        const auto first = std::find_if(
            log->documents.begin(), log->documents.end(),
            [&](const WorldDocument& d) {
              return d.type == WorldType::kAdministration && d.number == a;
            });
        body.ParseFromString(first->message);
        body.mutable_source_system(1)->set_connected(true);
        Put(log, WorldType::kAdministration, a, batch,
            body.SerializeAsString());
      }
    }
    if (number == 1 && day == kLostPurposeDay) {
      Put(log, WorldType::kPurpose, kFirstNew + kWorldLogs * kNewInLog,
          batch + 1, "", false);
    }
  }
}

std::string City::SignedDocument(const WorldLog& log,
                                 const WorldDocument& document) const {
  const RegisterId id = {static_cast<RegisterType>(document.type),
                         document.number, document.version};
  return Ed25519Signer(PublisherSeed())
             .Sign(RegisterSignedBytes(log.origin, id, document.message)) +
         document.message;
}

}  // namespace vidimus
