#include "verifier/register.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proto/register.pb.h"
#include "verifier/crypto.h"
#include "verifier/descriptors.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/city/2026h2";

std::string KeyOf(char seed) {
  return std::string(Ed25519Signer(std::string(32, seed)).public_key());
}

void AddPublisher(uint32_t type, char seed, v1::Config* config) {
  auto* publisher = config->add_publisher();
  publisher->set_type(type);
  publisher->set_public_key(KeyOf(seed));
  publisher->set_name("City archive");
}

v1::Config GoodConfig() {
  v1::Config config;
  config.set_origin(kOrigin);
  config.set_label_key(KeyOf('l'));
  AddPublisher(0, 'c', &config);
  AddPublisher(1, 'a', &config);
  auto* index = config.mutable_index();
  index->set_unit_leaves(4096);
  index->set_growth(4);
  index->set_multiple_max(3);
  index->set_prompt_leaves_max(16384);
  index->set_lag_divisor(16);
  config.mutable_batch()->set_min_batch(8);
  config.mutable_batch()->set_period_ms(100);
  auto* limits = config.mutable_limits();
  limits->set_notice_s(7 * 86400);
  limits->set_fresh_s(60);
  limits->set_late_s(1800);
  limits->set_skew_s(0);
  limits->set_recovery_s(72 * 3600);
  limits->set_keep_min_s(86400);
  limits->set_label_key_until_s(1900000000);
  auto* scheme = config.add_id_scheme();
  scheme->set_scheme(1);
  scheme->set_form("opaque");
  auto* name = scheme->add_name();
  name->set_language("en");
  name->set_text("Profile number");
  return config;
}

v1::Administration GoodAdministration() {
  v1::Administration administration;
  auto* name = administration.add_name();
  name->set_language("sv");
  name->set_text("Socialn\xc3\xa4mnden");
  administration.add_certificate_identity("urn:vidimus:administration:0");
  administration.add_entry_key(KeyOf('e'));
  for (const bool connected : {true, false}) {
    auto* system = administration.add_source_system();
    system->set_id(connected ? "cases" : "paper");
    system->set_connected(connected);
  }
  administration.set_organisation_id("212000-1157");
  return administration;
}

using ConfigChange = std::function<void(v1::Config*)>;

TEST(RegisterTest, TheTablesAreThoseOfTheProtoFile) {
  ExpectSameFields(kConfigRule, *v1::Config::descriptor());
  ExpectSameFields(kAdministrationRule, *v1::Administration::descriptor());
  ExpectSameFields(kLocalizedTextRule, *v1::LocalizedText::descriptor());
  ExpectSameFields(kProvisionRule, *v1::Provision::descriptor());
  ExpectSameFields(kPurposeRule, *v1::Purpose::descriptor());
  ExpectSameFields(kCategoryRule, *v1::Category::descriptor());
  ExpectSameFields(kAiSystemRule, *v1::AiSystem::descriptor());
  ExpectSameFields(kAnalysisRule, *v1::Analysis::descriptor());
  ExpectSameFields(kCountRule, *v1::Count::descriptor());
  ExpectSameFields(kIdentityServiceRule, *v1::IdentityService::descriptor());
}

TEST(RegisterTest, AKeyIsTheHashOfTypeNumberVersion) {
  EXPECT_EQ(RegisterKey({RegisterType::kAdministration, 3, 0x102}),
            Sha256(std::string("\x05\x01\0\0\0\x03\0\0\0\0\0\0\x01\x02", 14)));
}

TEST(RegisterTest, TypesAboveEightAreUnknown) {
  EXPECT_EQ(RegisterTypeFromByte(8), RegisterType::kIdentityService);
  EXPECT_FALSE(RegisterTypeFromByte(9).has_value());
  EXPECT_FALSE(RegisterTypeFromByte(255).has_value());
}

TEST(RegisterTest, APathIsTheHashInLowerCaseHex) {
  const Hash hash = Sha256("document");
  const std::string path = RegisterPath(hash);
  EXPECT_EQ(ParseRegisterPath(path), hash);
  for (const std::string& other :
       {path.substr(1), path + "0", path.substr(0, path.size() - 2),
        std::string("register/"), "register/" + std::string(64, 'A'),
        "register//" + path.substr(9)}) {
    EXPECT_FALSE(ParseRegisterPath(other).has_value()) << other;
  }
}

TEST(RegisterTest, ADocumentIsSignedForItsPlace) {
  const Ed25519Signer publisher(std::string(32, 'p'));
  const RegisterId id = {RegisterType::kAdministration, 3, 1};
  const std::string message = "message";
  const std::string bytes =
      publisher.Sign(RegisterSignedBytes(kOrigin, id, message)) + message;
  EXPECT_EQ(VerifyDocument(bytes, kOrigin, id, publisher.public_key()),
            Finding::kOk);
  for (const RegisterId& other :
       {RegisterId{RegisterType::kProvision, 3, 1},
        RegisterId{RegisterType::kAdministration, 4, 1},
        RegisterId{RegisterType::kAdministration, 3, 2}}) {
    EXPECT_EQ(VerifyDocument(bytes, kOrigin, other, publisher.public_key()),
              Finding::kDocumentSignature);
  }
  EXPECT_EQ(VerifyDocument(bytes, "log.example/city/2027h1", id,
                           publisher.public_key()),
            Finding::kDocumentSignature);
  EXPECT_EQ(VerifyDocument(bytes + "!", kOrigin, id, publisher.public_key()),
            Finding::kDocumentSignature);
  EXPECT_EQ(VerifyDocument(bytes, kOrigin, id, KeyOf('o')),
            Finding::kDocumentSignature);
  EXPECT_EQ(VerifyDocument(bytes, kOrigin, id, ""),
            Finding::kDocumentSignature);
  EXPECT_EQ(
      VerifyDocument(bytes.substr(0, 63), kOrigin, id, publisher.public_key()),
      Finding::kDocumentTooShort);
}

TEST(RegisterTest, AcceptsAConfigThatSaysAll) {
  const std::string message = GoodConfig().SerializeAsString();
  Config config;
  const char* field = "";
  ASSERT_EQ(ParseConfig(message, 0, &config, &field), Finding::kOk) << field;
  EXPECT_EQ(config.origin, kOrigin);
  EXPECT_EQ(config.min_batch, 8u);
  EXPECT_EQ(config.batch_period_ms, 100u);
  EXPECT_EQ(config.notice_s, 7u * 86400);
  EXPECT_EQ(config.label_key_until_s, 1900000000u);
  EXPECT_EQ(config.PublisherKey(RegisterType::kAdministration), KeyOf('a'));
  EXPECT_EQ(config.PublisherKey(RegisterType::kPurpose), "");
  ASSERT_EQ(config.id_schemes.size(), 1u);
  EXPECT_EQ(config.id_schemes[0].form, "opaque");
}

TEST(RegisterTest, RejectsAFirstConfigThatLacksSomething) {
  const std::vector<std::pair<const char*, ConfigChange>> kChanges = {
      {"origin", [](auto* config) { config->clear_origin(); }},
      {"label_key", [](auto* config) { config->clear_label_key(); }},
      {"publisher", [](auto* config) { config->clear_publisher(); }},
      {"publisher",
       [](auto* config) {
         config->mutable_publisher(0)->set_type(0),
             config->mutable_publisher()->DeleteSubrange(0, 1);
       }},
      {"type",
       [](auto* config) { config->mutable_publisher(0)->clear_type(); }},
      {"index", [](auto* config) { config->clear_index(); }},
      {"growth", [](auto* config) { config->mutable_index()->clear_growth(); }},
      {"batch", [](auto* config) { config->clear_batch(); }},
      {"limits", [](auto* config) { config->clear_limits(); }},
      {"skew_s",
       [](auto* config) { config->mutable_limits()->clear_skew_s(); }},
      {"id_scheme", [](auto* config) { config->clear_id_scheme(); }},
      {"scheme",
       [](auto* config) { config->mutable_id_scheme(0)->clear_scheme(); }},
      {"form",
       [](auto* config) { config->mutable_id_scheme(0)->clear_form(); }},
      {"text",
       [](auto* config) {
         config->mutable_id_scheme(0)->mutable_name(0)->clear_text();
       }},
  };
  for (const auto& [name, change] : kChanges) {
    v1::Config message = GoodConfig();
    change(&message);
    Config config;
    const char* field = "";
    EXPECT_EQ(ParseConfig(message.SerializeAsString(), 0, &config, &field),
              Finding::kDocumentFieldMissing)
        << name;
    EXPECT_STREQ(field, name);
  }
}

TEST(RegisterTest, RejectsValuesThatAConfigMayNotHave) {
  const std::vector<std::pair<const char*, ConfigChange>> kChanges = {
      {"origin", [](auto* config) { config->set_origin("a b"); }},
      {"index", [](auto* config) { config->mutable_index()->set_growth(8); }},
      {"min_batch",
       [](auto* config) { config->mutable_batch()->set_min_batch(0); }},
      {"min_batch",
       [](auto* config) { config->mutable_batch()->set_min_batch(1 << 21); }},
      {"period_ms",
       [](auto* config) { config->mutable_batch()->set_period_ms(0); }},
      {"type", [](auto* config) { config->mutable_publisher(1)->set_type(0); }},
      {"type", [](auto* config) { config->mutable_publisher(1)->set_type(9); }},
      {"scheme",
       [](auto* config) { config->mutable_id_scheme(0)->set_scheme(256); }},
      {"scheme",
       [](auto* config) { *config->add_id_scheme() = config->id_scheme(0); }},
      {"previous_checkpoint",
       [](auto* config) { config->set_previous_checkpoint("no note"); }},
      {"wasm_sha256", [](auto* config) { config->add_wasm_sha256("short"); }},
  };
  for (const auto& [name, change] : kChanges) {
    v1::Config message = GoodConfig();
    change(&message);
    Config config;
    const char* field = "";
    EXPECT_EQ(ParseConfig(message.SerializeAsString(), 0, &config, &field),
              Finding::kDocumentFieldInvalid)
        << name;
    EXPECT_STREQ(field, name);
  }
}

TEST(RegisterTest, RejectsAConfigWithAWeakKey) {
  Config config;
  v1::Config message = GoodConfig();
  message.set_label_key(std::string(32, '\0'));
  EXPECT_EQ(ParseConfig(message.SerializeAsString(), 0, &config, nullptr),
            Finding::kKeyUnsound);
  message = GoodConfig();
  message.mutable_publisher(1)->set_public_key("short");
  EXPECT_EQ(ParseConfig(message.SerializeAsString(), 0, &config, nullptr),
            Finding::kKeyUnsound);
}

TEST(RegisterTest, ALaterConfigOnlyAddsPublishersAndWasm) {
  v1::Config message;
  AddPublisher(2, 'p', &message);
  message.add_wasm_sha256(std::string(32, 'w'));
  Config config;
  EXPECT_EQ(ParseConfig(message.SerializeAsString(), 1, &config, nullptr),
            Finding::kOk);
  EXPECT_EQ(ParseConfig("", 1, &config, nullptr), Finding::kOk);
  message.mutable_batch()->set_min_batch(1);
  message.mutable_batch()->set_period_ms(1);
  const char* field = "";
  EXPECT_EQ(ParseConfig(message.SerializeAsString(), 1, &config, &field),
            Finding::kDocumentFieldInvalid);
  EXPECT_STREQ(field, "batch");
}

TEST(RegisterTest, AcceptsAnAdministrationWithWhatIsNotConnected) {
  const std::string message = GoodAdministration().SerializeAsString();
  Administration administration;
  ASSERT_EQ(ParseAdministration(message, &administration, nullptr),
            Finding::kOk);
  EXPECT_EQ(administration.entry_keys[0], KeyOf('e'));
  ASSERT_EQ(administration.source_systems.size(), 2u);
  EXPECT_TRUE(administration.source_systems[0].connected);
  EXPECT_FALSE(administration.source_systems[1].connected);
  EXPECT_EQ(administration.organisation_id, "212000-1157");
}

TEST(RegisterTest, RejectsAnAdministrationThatIsNotWellFormed) {
  using Change = std::function<void(v1::Administration*)>;
  const std::vector<std::pair<Finding, Change>> kChanges = {
      {Finding::kDocumentFieldMissing, [](auto* a) { a->clear_name(); }},
      {Finding::kDocumentFieldMissing,
       [](auto* a) { a->mutable_name(0)->clear_language(); }},
      {Finding::kDocumentFieldMissing,
       [](auto* a) { a->mutable_source_system(0)->clear_id(); }},
      {Finding::kDocumentFieldMissing,
       [](auto* a) { a->mutable_source_system(0)->clear_connected(); }},
      {Finding::kDocumentFieldInvalid,
       [](auto* a) { a->mutable_source_system(1)->set_id("cases"); }},
      {Finding::kDocumentFieldInvalid,
       [](auto* a) { a->add_certificate_identity(""); }},
      {Finding::kKeyUnsound,
       [](auto* a) { a->add_entry_key(std::string(32, '\0')); }},
  };
  for (const auto& [finding, change] : kChanges) {
    v1::Administration message = GoodAdministration();
    change(&message);
    Administration administration;
    EXPECT_EQ(ParseAdministration(message.SerializeAsString(), &administration,
                                  nullptr),
              finding);
  }
  Administration administration;
  EXPECT_EQ(ParseAdministration("\x08\x01", &administration, nullptr),
            Finding::kWireType);
}

// --- Types 2 to 8 ------------------------------------------------------------

void AddText(const char* language, const char* text,
             google::protobuf::RepeatedPtrField<v1::LocalizedText>* texts) {
  auto* added = texts->Add();
  added->set_language(language);
  added->set_text(text);
}

v1::Provision GoodProvision() {
  v1::Provision provision;
  provision.add_basis("A6-1-e-official-authority");
  provision.add_basis("A9-2-h");
  provision.set_citation("Act 1301/2014, section 36");
  AddText("fi", "Sosiaalihuoltolaki", provision.mutable_name());
  AddText("en", "Social Welfare Act", provision.mutable_name());
  provision.add_administration(0);
  provision.add_administration(7);
  provision.add_purpose("SocialWelfareEligibilityAssessment");
  provision.add_data_category("Income");
  provision.set_overrides_prohibition(true);
  provision.set_withholding_max_s(86400);
  provision.set_valid_from_s(1000);
  provision.set_valid_until_s(2000);
  provision.set_jurisdiction("FI");
  provision.set_address("https://law.example/1301-2014");
  provision.set_read_on_s(1500);
  provision.set_unverified(true);
  AddText("en", "The board may look up income.", provision.mutable_words());
  return provision;
}

v1::Purpose GoodPurpose() {
  v1::Purpose purpose;
  purpose.set_term("SocialWelfareEligibilityAssessment");
  AddText("sv",
          "Beslut om st\xc3\xb6"
          "d",
          purpose.mutable_name());
  AddText("en", "To decide on support", purpose.mutable_words());
  AddText("en", "You need not send it", purpose.mutable_benefit());
  purpose.set_proactive(true);
  AddText("en", "5 years", purpose.mutable_retention());
  return purpose;
}

v1::Category GoodCategory() {
  v1::Category category;
  category.set_term("Health");
  AddText("en", "Health", category.mutable_name());
  AddText("en", "What a nurse wrote down", category.mutable_words());
  category.set_special(true);
  return category;
}

v1::AiSystem GoodAiSystem() {
  v1::AiSystem system;
  system.set_id("ai-17");
  AddText("en", "Benefit finder", system.mutable_name());
  system.add_administration(0);
  system.set_address("https://ai.city.example/17");
  system.set_provider("City");
  AddText("en", "Finds benefits", system.mutable_words());
  AddText("en", "Decisions 2020 to 2025", system.mutable_dataset());
  AddText("en", "Might miss some", system.mutable_risk());
  system.set_oversight("HumanInvolvementForDecision");
  return system;
}

v1::Analysis GoodAnalysis() {
  v1::Analysis analysis;
  analysis.set_run_id("run-7f");
  analysis.set_administration(0);
  analysis.set_purpose("PublicServiceProvision");
  analysis.add_data_category("Income");
  analysis.set_cohort(40);
  analysis.set_deidentification("k-anonymous");
  analysis.set_k(20);
  analysis.set_epsilon_millionths(1);
  analysis.set_ai_system_id("ai-17");
  analysis.set_model_version("3");
  AddText("en", "Needs by district", analysis.mutable_name());
  AddText("en", "No person in it", analysis.mutable_words());
  analysis.set_started_at_s(1500);
  return analysis;
}

v1::Count GoodCount() {
  v1::Count count;
  count.set_administration(0);
  count.set_source_system("cases");
  count.set_from_s(86400);
  count.set_until_s(2 * 86400);
  count.set_accesses(0);
  count.set_set_hash(std::string(32, 'h'));
  return count;
}

v1::IdentityService GoodIdentityService() {
  v1::IdentityService service;
  AddText("en", "Identification of the state", service.mutable_name());
  service.add_key(KeyOf('i'));
  service.set_organisation_id("0245437-2");
  service.set_assurance("high");
  service.set_address("https://identity.example");
  return service;
}

// Judges `message` after each change: the finding and the field that it names.
template <typename Message>
struct Change {
  Finding finding;
  const char* field;
  std::function<void(Message*)> change;
};

template <typename Message>
void ExpectRefused(RegisterType type, const Message& good,
                   const std::vector<Change<Message>>& changes) {
  const char* field = "";
  ASSERT_EQ(
      JudgeDocumentMessage({type, 0, 0}, good.SerializeAsString(), &field),
      Finding::kOk)
      << field;
  for (const auto& change : changes) {
    Message message = good;
    change.change(&message);
    field = "";
    EXPECT_EQ(
        JudgeDocumentMessage({type, 0, 0}, message.SerializeAsString(), &field),
        change.finding)
        << change.field;
    EXPECT_STREQ(field, change.field);
  }
  EXPECT_EQ(
      JudgeDocumentMessage({type, 0, 0},
                           good.SerializeAsString() + "\xf8\x7f\x01", nullptr),
      Finding::kWireUnknownField);
  const std::string bytes = good.SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    JudgeDocumentMessage({type, 0, 0}, bytes.substr(0, size), nullptr);
  }
}

constexpr Finding kMissing = Finding::kDocumentFieldMissing;
constexpr Finding kInvalid = Finding::kDocumentFieldInvalid;

TEST(RegisterTest, AProvisionSaysWhatItCovers) {
  const std::string message = GoodProvision().SerializeAsString();
  Provision provision;
  ASSERT_EQ(ParseProvision(message, &provision, nullptr), Finding::kOk);
  EXPECT_EQ(provision.bases.size(), 2u);
  EXPECT_EQ(provision.citation, "Act 1301/2014, section 36");
  EXPECT_EQ(provision.administrations, (std::vector<uint32_t>{0, 7}));
  EXPECT_EQ(provision.purposes[0], "SocialWelfareEligibilityAssessment");
  EXPECT_EQ(provision.data_categories[0], "Income");
  EXPECT_TRUE(provision.overrides_prohibition);
  EXPECT_EQ(provision.withholding_max_s, 86400u);
  EXPECT_EQ(provision.valid_from_s, 1000u);
  EXPECT_EQ(provision.valid_until_s, 2000u);
  EXPECT_TRUE(provision.unverified);
  ExpectRefused<v1::Provision>(
      RegisterType::kProvision, GoodProvision(),
      {{kMissing, "basis", [](auto* m) { m->clear_basis(); }},
       {kInvalid, "basis", [](auto* m) { m->add_basis("A6-1-z"); }},
       {kInvalid, "basis", [](auto* m) { m->add_basis("A6-1-a"); }},
       {kMissing, "citation", [](auto* m) { m->clear_citation(); }},
       {kMissing, "name", [](auto* m) { m->clear_name(); }},
       {kMissing, "text", [](auto* m) { m->mutable_name(0)->clear_text(); }},
       {kInvalid, "name",
        [](auto* m) { AddText("fi", "Laki", m->mutable_name()); }},
       {kMissing, "administration", [](auto* m) { m->clear_administration(); }},
       {kInvalid, "administration",
        [](auto* m) { m->add_administration(kSelf); }},
       {kMissing, "purpose", [](auto* m) { m->clear_purpose(); }},
       {kInvalid, "purpose", [](auto* m) { m->add_purpose(""); }},
       {kMissing, "data_category", [](auto* m) { m->clear_data_category(); }},
       {kInvalid, "data_category", [](auto* m) { m->add_data_category(""); }},
       {kInvalid, "valid_until_s", [](auto* m) { m->set_valid_until_s(1000); }},
       {kMissing, "language",
        [](auto* m) { m->mutable_words(0)->clear_language(); }}});
}

TEST(RegisterTest, BasesAreOfConsentOfLawOrUnknown) {
  for (const char* name : {"A6-1-a", "A6-1-a-explicit-consent", "A9-2-a"}) {
    EXPECT_EQ(KindOfBasis(name), BasisKind::kConsent) << name;
  }
  for (const char* name :
       {"A6-1-b", "A6-1-c", "A6-1-e", "A6-1-e-official-authority", "A9-2-j"}) {
    EXPECT_EQ(KindOfBasis(name), BasisKind::kLaw) << name;
  }
  for (const char* name : {"", "A6-1", "A6-1-g", "A9-2-k", "A6-1-e-",
                           "eu-gdpr:A6-1-e", "a6-1-e"}) {
    EXPECT_EQ(KindOfBasis(name), BasisKind::kUnknown) << name;
  }
}

TEST(RegisterTest, APurposeAndACategoryHaveATermAndWords) {
  const std::string message = GoodPurpose().SerializeAsString();
  Purpose purpose;
  ASSERT_EQ(ParsePurpose(message, &purpose, nullptr), Finding::kOk);
  EXPECT_EQ(purpose.term, "SocialWelfareEligibilityAssessment");
  EXPECT_EQ(purpose.benefits[0].text, "You need not send it");
  EXPECT_TRUE(purpose.proactive);
  ExpectRefused<v1::Purpose>(
      RegisterType::kPurpose, GoodPurpose(),
      {{kMissing, "term", [](auto* m) { m->clear_term(); }},
       {kMissing, "name", [](auto* m) { m->clear_name(); }},
       {kInvalid, "words",
        [](auto* m) { AddText("en", "Again", m->mutable_words()); }},
       {kInvalid, "benefit",
        [](auto* m) { AddText("en", "Again", m->mutable_benefit()); }},
       {kInvalid, "retention",
        [](auto* m) { AddText("en", "Again", m->mutable_retention()); }}});

  const std::string other = GoodCategory().SerializeAsString();
  Category category;
  ASSERT_EQ(ParseCategory(other, &category, nullptr), Finding::kOk);
  EXPECT_EQ(category.term, "Health");
  EXPECT_TRUE(category.special);
  ExpectRefused<v1::Category>(
      RegisterType::kCategory, GoodCategory(),
      {{kMissing, "term", [](auto* m) { m->clear_term(); }},
       {kMissing, "name", [](auto* m) { m->clear_name(); }},
       {kInvalid, "name",
        [](auto* m) { AddText("en", "Again", m->mutable_name()); }},
       {kInvalid, "words",
        [](auto* m) { AddText("en", "Again", m->mutable_words()); }}});
}

TEST(RegisterTest, AnAiSystemSaysWhoUsesIt) {
  const std::string message = GoodAiSystem().SerializeAsString();
  AiSystem system;
  ASSERT_EQ(ParseAiSystem(message, &system, nullptr), Finding::kOk);
  EXPECT_EQ(system.id, "ai-17");
  EXPECT_EQ(system.administrations, std::vector<uint32_t>{0});
  EXPECT_EQ(system.oversight, "HumanInvolvementForDecision");
  ExpectRefused<v1::AiSystem>(
      RegisterType::kAiSystem, GoodAiSystem(),
      {{kMissing, "id", [](auto* m) { m->clear_id(); }},
       {kMissing, "name", [](auto* m) { m->clear_name(); }},
       {kMissing, "administration", [](auto* m) { m->clear_administration(); }},
       {kInvalid, "administration",
        [](auto* m) { m->add_administration(kSelf); }},
       {kInvalid, "dataset",
        [](auto* m) { AddText("en", "Again", m->mutable_dataset()); }},
       {kInvalid, "risk",
        [](auto* m) { AddText("en", "Again", m->mutable_risk()); }}});
}

TEST(RegisterTest, AnAnalysisSaysHowManyAndHowHidden) {
  const std::string message = GoodAnalysis().SerializeAsString();
  Analysis analysis;
  ASSERT_EQ(ParseAnalysis(message, &analysis, nullptr), Finding::kOk);
  EXPECT_EQ(analysis.run_id, "run-7f");
  EXPECT_EQ(analysis.cohort, 40u);
  EXPECT_EQ(analysis.k, 20u);
  ExpectRefused<v1::Analysis>(
      RegisterType::kAnalysis, GoodAnalysis(),
      {{kMissing, "run_id", [](auto* m) { m->clear_run_id(); }},
       {kMissing, "administration", [](auto* m) { m->clear_administration(); }},
       {kInvalid, "administration",
        [](auto* m) { m->set_administration(kSelf); }},
       {kMissing, "purpose", [](auto* m) { m->clear_purpose(); }},
       {kMissing, "data_category", [](auto* m) { m->clear_data_category(); }},
       {kInvalid, "data_category", [](auto* m) { m->add_data_category(""); }},
       {kMissing, "cohort", [](auto* m) { m->clear_cohort(); }},
       {kMissing, "deidentification",
        [](auto* m) { m->clear_deidentification(); }},
       {kInvalid, "deidentification",
        [](auto* m) { m->set_deidentification("somewhat"); }},
       {kMissing, "k", [](auto* m) { m->clear_k(); }},
       {kInvalid, "k", [](auto* m) { m->set_k(1); }},
       {kInvalid, "k", [](auto* m) { m->set_k(41); }},
       {kMissing, "epsilon_millionths", [](auto* m) {
          m->set_deidentification("differentially-private");
          m->clear_epsilon_millionths();
        }}});
  v1::Analysis none = GoodAnalysis();
  none.set_deidentification("none");
  none.clear_k();
  EXPECT_EQ(ParseAnalysis(none.SerializeAsString(), &analysis, nullptr),
            Finding::kOk);
}

TEST(RegisterTest, ACountIsOfOneSystemAndOneTime) {
  const std::string message = GoodCount().SerializeAsString();
  Count count;
  ASSERT_EQ(ParseCount(message, &count, nullptr), Finding::kOk);
  EXPECT_EQ(count.source_system, "cases");
  EXPECT_EQ(count.until_s, 2u * 86400);
  EXPECT_EQ(count.accesses, 0u);
  ExpectRefused<v1::Count>(
      RegisterType::kCount, GoodCount(),
      {{kMissing, "administration", [](auto* m) { m->clear_administration(); }},
       {kInvalid, "administration",
        [](auto* m) { m->set_administration(kSelf); }},
       {kMissing, "source_system", [](auto* m) { m->clear_source_system(); }},
       {kInvalid, "source_system", [](auto* m) { m->set_source_system(""); }},
       {kMissing, "from_s", [](auto* m) { m->clear_from_s(); }},
       {kMissing, "until_s", [](auto* m) { m->clear_until_s(); }},
       {kInvalid, "until_s", [](auto* m) { m->set_until_s(86400); }},
       {kMissing, "accesses", [](auto* m) { m->clear_accesses(); }},
       {kInvalid, "set_hash", [](auto* m) { m->set_set_hash("short"); }}});
}

TEST(RegisterTest, AnIdentityServiceHasKeysAndSaysHowSureItIs) {
  const std::string message = GoodIdentityService().SerializeAsString();
  IdentityService service;
  ASSERT_EQ(ParseIdentityService(message, &service, nullptr), Finding::kOk);
  EXPECT_EQ(service.keys[0], KeyOf('i'));
  EXPECT_EQ(service.organisation_id, "0245437-2");
  EXPECT_EQ(service.assurance, "high");
  ExpectRefused<v1::IdentityService>(
      RegisterType::kIdentityService, GoodIdentityService(),
      {{kMissing, "name", [](auto* m) { m->clear_name(); }},
       {kMissing, "key", [](auto* m) { m->clear_key(); }},
       {Finding::kKeyUnsound, "key",
        [](auto* m) { m->add_key(std::string(32, '\0')); }},
       {kMissing, "organisation_id",
        [](auto* m) { m->clear_organisation_id(); }},
       {kMissing, "assurance", [](auto* m) { m->clear_assurance(); }},
       {kInvalid, "assurance", [](auto* m) { m->set_assurance("sure"); }}});
}

}  // namespace
}  // namespace vidimus
