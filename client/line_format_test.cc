#include "client/line_format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "client/resilient_logger.h"
#include "proto/json_value.h"
#include "proto/record.pb.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kData[] = "tests/testdata/resilient_logger/";
const char* const kOrigins[] = {"social-case-service", "school-registry",
                                "home-care-visits", "employment-guidance"};

std::string Content(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::string> Lines(const std::string& path) {
  std::stringstream content(Content(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(content, line);) lines.push_back(line);
  return lines;
}

AccessContext Context() {
  AccessContext context;
  context.origin = "log.example/test/2026h2";
  context.administration = 2;
  context.id_key = std::string(32, 'k');
  context.head_size = [] { return uint64_t{77}; };
  return context;
}

v1::Mapping SampleMapping() {
  auto mapping =
      ParseMapping(Content(std::string(kData) + "mapping.textproto"));
  EXPECT_TRUE(mapping.ok()) << mapping.status();
  return *mapping;
}

v1::AccessRecord AccessOf(const Draft& draft) {
  v1::Record record;
  EXPECT_TRUE(record.ParseFromString(draft.record));
  return record.access();
}

// --- The City of Helsinki's audit logger
// ---------------------------------------

// The library calls a document by the SHA-256 of its sorted JSON; ours must be
// the same bytes.
TEST(ResilientLoggerTest, SpellsEachSampleDocumentAsTheLibraryDoes) {
  const std::vector<std::string> hashes =
      Lines(std::string(kData) + "content_hashes.txt");
  size_t at = 0;
  for (const char* origin : kOrigins) {
    for (const std::string& line :
         Lines(std::string(kData) + "sample/" + origin + ".jsonl")) {
      const auto document = ParseJson(line);
      ASSERT_TRUE(document.ok()) << document.status();
      ASSERT_LT(at, hashes.size());
      EXPECT_EQ(HexEncode(Bytes(Sha256(CanonicalJson(*document)))),
                hashes[at++]);
    }
  }
  EXPECT_EQ(at, hashes.size());
}

TEST(ResilientLoggerTest, TakesEverySampleDocumentButTheLogIns) {
  const auto format = NewResilientLoggerFormat(SampleMapping(), Context());
  std::set<EntryId> ids;
  int taken = 0, left_out = 0;
  for (const char* origin : kOrigins) {
    for (const std::string& line :
         Lines(std::string(kData) + "sample/" + origin + ".jsonl")) {
      const auto draft = format->Read(line);
      if (absl::IsCancelled(draft.status())) {
        ++left_out;
        continue;
      }
      ASSERT_TRUE(draft.ok()) << draft.status();
      ++taken;
      ids.insert(draft->id);
    }
  }
  EXPECT_EQ(taken, 384);
  EXPECT_EQ(left_out, 16);
  EXPECT_EQ(ids.size(), 384u);
}

TEST(ResilientLoggerTest, RecordsWhatTheDocumentAndTheMappingSay) {
  const auto format = NewResilientLoggerFormat(SampleMapping(), Context());
  const std::string line =
      Lines(std::string(kData) + "sample/social-case-service.jsonl")[0];
  const auto draft = format->Read(line);
  ASSERT_TRUE(draft.ok()) << draft.status();
  const v1::AccessRecord access = AccessOf(*draft);
  EXPECT_EQ(access.entry_id(), std::string(draft->id.data(), 16));
  EXPECT_EQ(access.occurred_at_ms(), 1793599208919u);
  EXPECT_EQ(access.source_origin(), "social-case-service");
  EXPECT_EQ(access.environment(), "sample");
  EXPECT_EQ(access.controller_id(), "0000000-0");
  EXPECT_EQ(access.subject(),
            "\x01"
            "00000000-0000-4000-8000-000000000032");
  EXPECT_EQ(access.administration(), 2u);
  EXPECT_EQ(access.operation(), v1::UPDATE);
  EXPECT_EQ(access.purpose(), "SocialWelfareEligibilityAssessment");
  EXPECT_EQ(access.legal_basis(0).basis(), "A6-1-e-official-authority");
  EXPECT_EQ(access.field_size(), 3);
  EXPECT_EQ(access.outcome(), v1::SUCCESS);
  EXPECT_EQ(access.as_of().origin(), "log.example/test/2026h2");
  EXPECT_EQ(access.as_of().size(), 77u);
  EXPECT_EQ(access.retention_until_s(), 1793599208u + 1825 * 86400);
  EXPECT_EQ(access.actor_role(), "SYSTEM");
  // Who looked stands under a salt of its own, not in the record.
  v1::Actor actor;
  ASSERT_TRUE(actor.ParseFromString(draft->actor));
  EXPECT_EQ(actor.id(), "00000000-0000-4000-8a00-000000000001");
  EXPECT_EQ(actor.client_id(), "social-case-service-ui");
  EXPECT_EQ(actor.ip(), "192.0.2.99");
  EXPECT_EQ(draft->record.find("8a00"), std::string::npos);
}

TEST(ResilientLoggerTest, NamesADocumentByItsContentNotItsSpelling) {
  const auto format = NewResilientLoggerFormat(SampleMapping(), Context());
  const std::string one =
      R"({"audit_event":{"date_time":"2026-11-02T06:00:08Z","operation":"READ",)"
      R"("origin":"school-registry","target":{"type":"PupilRecord",)"
      R"("user_id":"00000000-0000-4000-8000-00000000000A"}}})";
  const std::string same =
      R"({ "audit_event": {"origin": "school-registry", "operation": "READ",)"
      R"( "date_time": "2026-11-02T06:00:08Z", "target": {"user_id":)"
      R"( "00000000-0000-4000-8000-00000000000A", "type": "PupilRecord"}}})";
  const auto a = format->Read(one), b = format->Read(same);
  ASSERT_TRUE(a.ok() && b.ok()) << a.status() << b.status();
  EXPECT_EQ(a->id, b->id);
  // A UUID has one spelling in a record.
  EXPECT_EQ(AccessOf(*a).subject().back(), 'a');
  AccessContext other = Context();
  other.id_key[0] ^= 1;
  EXPECT_NE(NewResilientLoggerFormat(SampleMapping(), other)->Read(one)->id,
            a->id);
}

TEST(ResilientLoggerTest, RefusesDocumentsAndNeverQuotesThem) {
  const auto format = NewResilientLoggerFormat(SampleMapping(), Context());
  const std::string event =
      R"("date_time":"2026-11-02T06:00:08Z","operation":"READ",)"
      R"("origin":"school-registry")";
  const std::string target = R"("target":{"type":"PupilRecord","user_id":)"
                             R"("00000000-0000-4000-8000-00000000000a"})";
  ASSERT_TRUE(
      format->Read("{\"audit_event\":{" + event + "," + target + "}}").ok());
  const std::pair<std::string, const char*> bad[] = {
      {"SECRETWORD", "not JSON"},
      {"[]", "audit_event"},
      {"{\"audit_event\":\"SECRETWORD\"}", "audit_event"},
      {R"({"audit_event":{"origin":"SECRETWORD"}})", "no rule"},
      {"{\"audit_event\":{" + event + R"(,"target":{"type":"SECRETWORD"}}})",
       "no rule"},
      {"{\"audit_event\":{" + event + R"(,"target":{"type":"PupilRecord"}}})",
       "subject"},
      {"{\"audit_event\":{" + event +
           R"(,"target":{"type":"PupilRecord","user_id":"SECRETWORD"}}})",
       "UUID"},
      {R"({"audit_event":{"date_time":"SECRETWORD","operation":"READ",)"
       R"("origin":"school-registry",)" +
           target + "}}",
       "date_time"},
      {R"({"audit_event":{"date_time":"2026-11-02T06:00:08Z",)"
       R"("operation":"SECRETWORD","origin":"school-registry",)" +
           target + "}}",
       "operation"},
  };
  for (const auto& [line, reason] : bad) {
    const absl::Status status = format->Read(line).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << line;
    EXPECT_NE(status.message().find(reason), std::string::npos) << status;
    EXPECT_EQ(status.message().find("SECRETWORD"), std::string::npos);
  }
}

TEST(ResilientLoggerTest, RefusesAMappingThatLeavesAPurposeOut) {
  const std::string head =
      "controller_id: \"1\" subject { scheme: 1 path: \"a\" } ";
  const std::string rule =
      "rule { purpose: \"p\" legal_basis { basis: \"b\" } data_category: "
      "\"c\" }";
  EXPECT_TRUE(ParseMapping(head + rule).ok());
  EXPECT_TRUE(ParseMapping(head + "rule { skip: true }").ok());
  for (const std::string& bad :
       {rule, "controller_id: \"1\" " + rule,
        head + "rule { legal_basis { basis: \"b\" } data_category: \"c\" }",
        head + "rule { purpose: \"p\" data_category: \"c\" }",
        head + "rule { purpose: \"p\" legal_basis { } data_category: \"c\" }",
        head + "rule { purpose: \"p\" legal_basis { basis: \"b\" } }",
        head + "rul { }", head + "rule {",
        std::string("controller_id: \"1\" subject { scheme: 256 path: \"a\" }"),
        std::string("controller_id: \"1\" subject { scheme: 1 }")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseMapping(bad).status())) << bad;
  }
  EXPECT_NE(ParseMapping("\n\nwrong: 1").status().message().find("line 3"),
            std::string::npos);
}

TEST(IsoTimeTest, ReadsTimesAndRefusesOthers) {
  EXPECT_EQ(*ParseIsoTimeMs("1970-01-01T00:00:00Z"), 0u);
  EXPECT_EQ(*ParseIsoTimeMs("2026-11-22T12:34:56.000Z"), 1795350896000u);
  EXPECT_EQ(*ParseIsoTimeMs("2026-11-22T12:34:56.7Z"), 1795350896700u);
  EXPECT_EQ(*ParseIsoTimeMs("2026-11-22T12:34:56.789123Z"), 1795350896789u);
  EXPECT_EQ(*ParseIsoTimeMs("2026-11-22T14:34:56+02:00"), 1795350896000u);
  EXPECT_EQ(*ParseIsoTimeMs("2028-02-29T00:00:00Z"), 1835395200000u);
  for (const char* bad :
       {"", "2026-11-22", "2026-11-22T12:34:56", "2026-13-22T12:34:56Z",
        "2026-02-29T12:34:56Z", "2026-11-22T24:34:56Z", "2026-11-22T12:60:56Z",
        "2026-11-22T12:34:56.Z", "2026-11-22T12:34:56z",
        "2026-11-22T12:34:56+2:00", "2026-11-22T12:34:56Zx",
        "1969-12-31T23:59:59Z", "x026-11-22T12:34:56Z"}) {
    EXPECT_FALSE(ParseIsoTimeMs(bad).ok()) << bad;
  }
}

// --- The other formats
// ---------------------------------------------------------

constexpr char kAccess[] =
    R"("occurredAtMs":"1795350896000","controllerId":"0000000-0",)"
    R"("subject":"ATAwMDA=","operation":"READ","dataCategory":["x"],)"
    R"("purpose":"p","legalBasis":[{"basis":"A6-1-e"}])";

TEST(RecordFormatTest, FillsInWhatTheLineLeavesOut) {
  const auto format = NewRecordFormat(Context());
  const auto draft = format->Read(std::string("{\"access\":{") + kAccess +
                                  "},\"actor\":{\"id\":\"a\"}}");
  ASSERT_TRUE(draft.ok()) << draft.status();
  const v1::AccessRecord access = AccessOf(*draft);
  EXPECT_EQ(access.entry_id(), std::string(draft->id.data(), 16));
  EXPECT_EQ(access.administration(), 2u);
  EXPECT_EQ(access.as_of().size(), 77u);
}

TEST(RecordFormatTest, RefusesWhatTheDoorOfTheLogWouldRefuse) {
  const auto format = NewRecordFormat(Context());
  const std::string access = kAccess;
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), "{\"acces\":{" + access + "}}",
        "{\"access\":{" + access + ",\"surprise\":1}}",
        "{\"access\":{" + access + ",\"administration\":3}}",
        "{\"access\":{" + access + ",\"entryId\":\"c2hvcnQ=\"}}",
        "{\"access\":{" + access + "},\"actor\":{\"id\":1.5}}",
        "{\"access\":{" + access + "},\"more\":{}}",
        "{\"access\":{" + access.substr(0, access.find(",\"purpose\"")) +
            "}}"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(format->Read(bad).status())) << bad;
  }
}

TEST(OpaqueFormatTest, TakesALineOfAnyBytes) {
  const auto format = NewOpaqueFormat(std::string(32, 'k'));
  const std::string bytes("\xff\x00 x", 4);
  EXPECT_EQ(format->Read(bytes)->data, bytes);
  EXPECT_EQ(format->Read("a")->id, format->Read("a")->id);
  EXPECT_NE(format->Read("a")->id, format->Read("b")->id);
  EXPECT_TRUE(format->Read(std::string(65535, 'x')).ok());
  EXPECT_FALSE(format->Read(std::string(65536, 'x')).ok());
  EXPECT_FALSE(format->Read("").ok());
}

}  // namespace
}  // namespace vidimus
