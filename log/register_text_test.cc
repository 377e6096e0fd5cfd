#include "log/register_text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "log/clock.h"
#include "log/folder.h"
#include "log/init.h"
#include "proto/register.pb.h"

namespace vidimus {
namespace {

// Of the tests' runfiles.
std::string SampleFolder() {
  return absl::StrCat(std::getenv("TEST_SRCDIR"), "/",
                      std::getenv("TEST_WORKSPACE"), "/docs/sample_register");
}

std::string NewFolder(const char* name) {
  return absl::StrCat(
      ::testing::TempDir(), "/",
      ::testing::UnitTest::GetInstance()->current_test_info()->name(), name);
}

TEST(RegisterTextTest, NamesDocumentsByTypeNumberAndVersion) {
  for (const char* name :
       {"config.0", "provision.3", "provision.3.1", "identity_service.12"}) {
    const auto id = ParseDocumentName(name);
    ASSERT_TRUE(id.ok()) << name;
    EXPECT_EQ(DocumentName(*id), name);
  }
  EXPECT_TRUE(ParseDocumentName("config").ok());
  for (const char* name :
       {"", ".", "provision", "provision.", "provision.x", "provision.1.2.3",
        "provision.-1", "law.1", "provision.4294967296", "Provision.1"}) {
    EXPECT_FALSE(ParseDocumentName(name).ok()) << name;
  }
}

TEST(RegisterTextTest, SignsWhatTheRegisterTakesAndNothingElse) {
  const RegisterId id{RegisterType::kPurpose, 0, 0};
  const Ed25519Signer publisher(std::string(32, 'p'));
  const auto message = ParseDocumentText(
      id, "term: \"a\" name { language: \"en\" text: \"A\" }");
  ASSERT_TRUE(message.ok());
  const auto document = SignDocument(**message, "log.example/x", id, publisher);
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(
      VerifyDocument(*document, "log.example/x", id, publisher.public_key()),
      Finding::kOk);
  const auto text = DocumentText(id, *document);
  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(absl::StrContains(*text, "term: \"a\"")) << *text;

  const auto wrong = ParseDocumentText(id, "term: \"a\"\nno_such: 1");
  ASSERT_FALSE(wrong.ok());
  EXPECT_TRUE(absl::StrContains(wrong.status().message(), "line 2"))
      << wrong.status();
  EXPECT_FALSE(
      SignDocument(v1::Purpose(), "log.example/x", id, publisher).ok());
  EXPECT_FALSE(DocumentText(id, "short").ok());
}

// A log that opens with the sample, as its operator makes it.
TEST(RegisterTextTest, ALogOpensWithTheSampleRegister) {
  InitOptions options;
  options.dir = NewFolder("");
  options.origin = "log.example/sample/2026h2";
  options.register_folder = SampleFolder();
  const absl::Status made = InitLog(options, SystemClock(), SystemRandom());
  ASSERT_TRUE(made.ok()) << made;
  const auto content = ReadFolder(LogFolder{options.dir});
  ASSERT_TRUE(content.ok()) << content.status();
  const auto documents =
      Documents::FromOpening(*content->opening_register, options.origin);
  ASSERT_TRUE(documents.ok()) << documents.status();

  std::set<RegisterType> types;
  std::set<std::string> terms, known_terms;
  for (const KnownDocument& known : (*documents)->List()) {
    types.insert(known.id.type);
    const auto bytes = (*documents)->Find(known.hash);
    Document parts;
    ASSERT_EQ(SplitDocument(*bytes, &parts), Finding::kOk);
    const auto with_languages = [&](const std::vector<LocalizedText>& texts) {
      std::set<std::string_view> languages;
      for (const LocalizedText& text : texts) languages.insert(text.language);
      EXPECT_EQ(languages.size(), 3u) << RegisterIdText(known.id);
    };
    if (known.id.type == RegisterType::kAdministration) {
      Administration one;
      ASSERT_EQ(ParseAdministration(parts.message, &one, nullptr),
                Finding::kOk);
      with_languages(one.names);
      EXPECT_EQ(one.entry_keys.size(), 1u);
      size_t connected = 0;
      for (const SourceSystem& system : one.source_systems) {
        connected += system.connected ? 1 : 0;
      }
      // Both kinds are named.
      EXPECT_GT(connected, 0u);
      EXPECT_LT(connected, one.source_systems.size());
    } else if (known.id.type == RegisterType::kProvision) {
      Provision one;
      ASSERT_EQ(ParseProvision(parts.message, &one, nullptr), Finding::kOk);
      with_languages(one.names);
      for (const auto term : one.purposes) terms.emplace(term);
      for (const auto term : one.data_categories) terms.emplace(term);
      for (const uint32_t number : one.administrations) {
        EXPECT_GT((*documents)->Versions(RegisterType::kAdministration, number),
                  0u);
      }
      v1::Provision message;
      ASSERT_TRUE(message.ParseFromString(std::string(parts.message)));
      // Where it was looked up, and when.
      EXPECT_TRUE(absl::StartsWith(message.address(), "https://"));
      EXPECT_GT(message.read_on_s(), 0u);
    } else if (known.id.type == RegisterType::kPurpose) {
      Purpose one;
      ASSERT_EQ(ParsePurpose(parts.message, &one, nullptr), Finding::kOk);
      with_languages(one.names);
      with_languages(one.words);
      known_terms.emplace(one.term);
    } else if (known.id.type == RegisterType::kCategory) {
      Category one;
      ASSERT_EQ(ParseCategory(parts.message, &one, nullptr), Finding::kOk);
      with_languages(one.names);
      known_terms.emplace(one.term);
    }
  }
  EXPECT_EQ(types.size(), 7u);  // all but analysis and count
  for (const std::string& term : terms) {
    EXPECT_EQ(known_terms.count(term), 1u) << term;
  }
  struct stat info;
  ASSERT_EQ(
      stat((options.dir + "/identity_services/0/service.key").c_str(), &info),
      0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(RegisterTextTest, ALogOpensWithNoGapsAndNoConfigOfOthers) {
  const auto init = [](const std::vector<std::string>& files) {
    static int count = 0;
    InitOptions options;
    options.dir = NewFolder(absl::StrCat("log", ++count).c_str());
    options.origin = "log.example/sample/2026h2";
    options.register_folder = NewFolder(absl::StrCat("texts", count).c_str());
    EXPECT_TRUE(MakeFolder(options.register_folder, 0755).ok());
    for (const std::string& file : files) {
      EXPECT_TRUE(MakeFile(options.register_folder + "/" + file,
                           "term: \"a\" name { language: \"en\" text: \"A\" }",
                           0644)
                      .ok());
    }
    return InitLog(options, SystemClock(), SystemRandom());
  };
  EXPECT_TRUE(init({"purpose.0.textproto", "README.md"}).ok());
  EXPECT_FALSE(init({"purpose.1.textproto"}).ok());
  EXPECT_FALSE(init({"purpose.0.textproto", "purpose.0.1.textproto"}).ok());
  EXPECT_FALSE(init({"purpose.0.textproto", "purpose.0.0.textproto"}).ok());
  EXPECT_FALSE(init({"purpose.x.textproto"}).ok());
  EXPECT_FALSE(init({"config.textproto"}).ok());
  EXPECT_FALSE(init({"provision.0.textproto"}).ok());
}

}  // namespace
}  // namespace vidimus
