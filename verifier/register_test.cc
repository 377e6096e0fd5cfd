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

}  // namespace
}  // namespace vidimus
