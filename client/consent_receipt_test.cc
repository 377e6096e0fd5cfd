#include "client/consent_receipt.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace vidimus {
namespace {

// A record as another system would write it, after the DPV's guide.
constexpr char kRecord[] = R"({
  "@id": "https://operator.example/r/1",
  "@type": "dpv:ConsentRecord",
  "dct:identifier": "r-1",
  "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
  "dpv:hasDataSubject": {"@id": "0760c9ba"},
  "dpv:hasDataController": "0201256-6",
  "dpv:hasJurisdiction": "loc:FI",
  "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
  "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
  "dpv:hasProcess": {
    "@type": "dpv:Process",
    "dpv:hasPurpose": "dpv:PublicServiceProvision",
    "dpv:hasPersonalData": ["pd:Income", "pd:Family"],
    "dpv:hasRecipient": ["7654321-0"],
    "dpv:hasStorageCondition": [
      {"@type": "dpv:StorageLocation", "dpv:hasLocation": "loc:FI"},
      {"@type": "dpv:StorageDuration", "dpv:hasDuration": "P4W"}
    ]
  },
  "dpv:hasNotice": {"@id": "https://operator.example/n", "dct:language": "FI"},
  "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent",
    "dpv:isExercisedAt": "https://operator.example/w"},
  "dpv:hasConsentStatus": [
    {"@type": "dpv:ConsentRequested"},
    {"@type": ["dpv:ConsentGiven", "dpv:ExpressedConsent"],
     "dpv:isIndicatedBy": "dpv:DataSubject",
     "dpv:isIndicatedAtTime": "2026-01-31T12:00:00",
     "dpv:hasDuration": {"@type": "dpv:TemporalDuration",
                         "rdf:value": "P1Y"}}
  ]
})";

class ConsentReceiptTest : public testing::Test {
 protected:
  ConsentReceiptTest() {
    known_.subject = "\x01me";
    known_.administrations = 4;
    known_.organisations.emplace("0201256-6", 3);
    known_.purposes = {"PublicServiceProvision"};
    known_.categories = {"Income", "pd:Family"};
  }

  // What is said of the record with this in place of that.
  absl::StatusOr<v1::Grant> With(const std::string& that,
                                 const std::string& other) {
    EXPECT_TRUE(absl::StrContains(kRecord, that)) << that;
    return GrantOfReceipt(absl::StrReplaceAll(kRecord, {{that, other}}),
                          known_);
  }

  void ExpectRefused(const std::string& that, const std::string& other,
                     const std::string& says) {
    const auto grant = With(that, other);
    EXPECT_EQ(grant.status().code(), absl::StatusCode::kInvalidArgument)
        << other;
    EXPECT_TRUE(absl::StrContains(grant.status().message(), says))
        << grant.status();
  }

  ReceiptRegister known_;
};

TEST_F(ConsentReceiptTest, TakesARecordOfAnotherSystem) {
  const auto grant = GrantOfReceipt(kRecord, known_);
  ASSERT_TRUE(grant.ok()) << grant.status();
  EXPECT_EQ(grant->administration(0), 3u);
  EXPECT_EQ(grant->lawful_basis(), "A6-1-a");
  EXPECT_EQ(grant->assurance(), v1::WALLET_KEY);
  EXPECT_EQ(grant->scope().purpose(0), "PublicServiceProvision");
  EXPECT_EQ(grant->scope().data_category(0), "Income");
  EXPECT_EQ(grant->scope().data_category(1), "pd:Family");
  EXPECT_EQ(grant->scope().recipient(0), "7654321-0");
  EXPECT_EQ(grant->scope().valid_until_s(), 1801396800u);  // 2027-01-31 12:00
  EXPECT_EQ(grant->retention_s(), 28u * 86400);
  EXPECT_EQ(grant->storage_location(), "loc:FI");
  EXPECT_EQ(grant->jurisdiction(), "FI");
  EXPECT_EQ(grant->privacy_notice(), "https://operator.example/n");
  EXPECT_EQ(grant->withdrawal_method(), "https://operator.example/w");
}

TEST_F(ConsentReceiptTest, TakesAReceiptWithOneRecord) {
  const std::string receipt = absl::StrReplaceAll(
      R"({"@type": "dpv:ConsentReceipt", "dpv:hasIdentifier": "x",
          "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
          "dpv:hasRecordOfActivity": [R]})",
      {{"[R]", std::string("[") + kRecord + "]"}});
  EXPECT_TRUE(GrantOfReceipt(receipt, known_).ok());
  const std::string two = absl::StrReplaceAll(
      receipt,
      {{"dpv:hasRecordOfActivity\": [", "dpv:hasRecordOfActivity\": [{}, "}});
  EXPECT_FALSE(GrantOfReceipt(two, known_).ok());
}

TEST_F(ConsentReceiptTest, RefusesWhatAGrantCannotCarry) {
  ExpectRefused("\"dct:identifier\": \"r-1\"",
                "\"dpv:hasDataProcessor\": \"ex:Beta\"",
                "record.dpv:hasDataProcessor: a grant can't carry this");
  ExpectRefused("\"@type\": \"dpv:Process\"",
                "\"dpv:hasProcessing\": \"dpv:Profiling\"",
                "dpv:hasProcess.dpv:hasProcessing");
  ExpectRefused("[\"pd:Income\", \"pd:Family\"]",
                "[{\"skos:broader\": \"pd:Income\"}]", "can't carry");
  ExpectRefused("eu-gdpr:GDPR", "eu-gdpr:Other", "dpv:hasApplicableLaw");
  ExpectRefused("\"eu-gdpr:A6-1-a\"", "\"eu-gdpr:A6-1-e\"",
                "a basis that is no consent");
  ExpectRefused("\"P4W\"", "\"P1M\"", "not of one length");
  ExpectRefused("\"loc:FI\"}", "[\"loc:FI\", \"loc:SE\"]}",
                "exactly one location");
  ExpectRefused("dpv:TemporalDuration", "dpv:FixedOccurrencesDuration",
                "dpv:hasDuration");
  ExpectRefused("\"P1Y\"", "\"PT1H\"", "dpv:hasDuration");
  ExpectRefused("\"P1Y\"", "\"P99999999Y\"", "dpv:hasDuration");
}

TEST_F(ConsentReceiptTest, RefusesConsentThatIsNotGiven) {
  for (const char* status : {"dpv:ConsentWithdrawn", "dpv:ConsentRefused",
                             "dpv:ConsentExpired", "dpv:ConsentInvalidated"}) {
    ExpectRefused("\"dpv:ConsentRequested\"", absl::StrCat("\"", status, "\""),
                  "is not, or no longer, given");
  }
  ExpectRefused("\"dpv:ConsentGiven\", \"dpv:ExpressedConsent\"",
                "\"dpv:ConsentRequested\"", "no consent was given");
}

TEST_F(ConsentReceiptTest, RefusesWhatTheRegisterDoesNotKnow) {
  ExpectRefused("0201256-6", "9999999-9", "no such organisation");
  ExpectRefused("0201256-6", "urn:vidimus:administration:4",
                "no such administration");
  EXPECT_TRUE(With("0201256-6", "urn:vidimus:administration:3").ok());
  ExpectRefused("dpv:PublicServiceProvision", "dpv:Marketing", "no such term");
  ExpectRefused("pd:Income", "pd:Health", "no such term");
  known_.organisations.emplace("0201256-6", 2);
  ExpectRefused("r-1", "r-2", "several administrations");
}

TEST_F(ConsentReceiptTest, RefusesSomebodyElses) {
  ExpectRefused("0760c9ba", "urn:vidimus:subject:1:other", "somebody else's");
  EXPECT_TRUE(With("0760c9ba", "urn:vidimus:subject:1:me").ok());
}

TEST_F(ConsentReceiptTest, ReadsStrictly) {
  ExpectRefused("\"@id\": \"https://operator.example/r/1\",",
                "\"@type\": \"dpv:ConsentRecord\",", "receipt");
  ExpectRefused("\"dpv:hasPurpose\": \"dpv:PublicServiceProvision\",", "",
                "missing");
  ExpectRefused("\"dpv:hasLegalBasis\": \"eu-gdpr:A6-1-a\",",
                "\"x\\u001b[31m\": 1,", "a member: a grant can't carry");
  for (const char* bad :
       {"", "[]", "{}", "{", "null", "{\"@type\": \"dpv:ConsentReceipt\"}"}) {
    EXPECT_FALSE(GrantOfReceipt(bad, known_).ok()) << bad;
  }
  EXPECT_FALSE(
      GrantOfReceipt(std::string(kReceiptBytesMax + 1, ' '), known_).ok());
}

}  // namespace
}  // namespace vidimus
