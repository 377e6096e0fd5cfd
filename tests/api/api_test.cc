// The C interface: what each function accepts and refuses, and that no bytes
// do harm. The same calls in other languages: tests/api/run.sh.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/api/city.h"
#include "verifier/c_api.h"
#include "verifier/c_api_es256.h"
#include "verifier/encoding.h"
#include "verifier/finding.h"

namespace vidimus {
namespace {

const City& TheCity() {
  static const City* const kCity = new City(MakeCity());
  return *kCity;
}

// Takes an answer, gives it back, and says what it holds.
std::string Take(char* answer) {
  EXPECT_NE(answer, nullptr);
  if (answer == nullptr) return "";
  std::string text = answer;
  vidimus_free(answer);
  EXPECT_TRUE(IsUtf8(text));
  EXPECT_EQ(text.substr(0, 12), "{\"finding\":\"");
  EXPECT_EQ(text.back(), '}');
  return text;
}

std::string FindingOf(const std::string& answer) {
  return answer.substr(12, answer.find('"', 12) - 12);
}

bool Has(const std::string& answer, const std::string& words) {
  return answer.find(words) != std::string::npos;
}

#define BYTES(text) (text).data(), (text).size()

// Every text "name":"x" after `from`.
std::string After(const std::string& answer, const std::string& name,
                  size_t* from) {
  const std::string start = "\"" + name + "\":\"";
  *from = answer.find(start, *from);
  if (*from == std::string::npos) return "";
  *from += start.size();
  return answer.substr(*from, answer.find('"', *from) - *from);
}

std::string Bin(const std::string& hex) {
  std::string bytes;
  EXPECT_TRUE(HexDecode(hex, &bytes));
  return bytes;
}

// Settles the checks that an answer lists, as `checks` or as `owed`.
std::string Settle(const std::string& whole) {
  size_t list = whole.find("\"owed\":[");
  if (list == std::string::npos) list = whole.find("\"checks\":[");
  const std::string answer = whole.substr(list, whole.find(']', list) - list);
  std::string settled;
  size_t from = 0;
  while (true) {
    const std::string id = After(answer, "id", &from);
    if (from == std::string::npos) return settled;
    const std::string key = Bin(After(answer, "public_key", &from));
    const std::string message = Bin(After(answer, "message", &from));
    const std::string signature = Bin(After(answer, "signature", &from));
    settled += Bin(id);
    settled.push_back(static_cast<char>(
        vidimus_es256_verify(BYTES(key), BYTES(message), BYTES(signature))));
  }
}

std::string JudgeChains(const City& city, const std::string& bundle,
                        const std::string& settled) {
  return Take(vidimus_judge_chains(BYTES(city.log_key), BYTES(city.policy),
                                   BYTES(bundle), BYTES(settled)));
}

TEST(ApiTest, OpensAHeadAndTellsWhoCosignedIt) {
  const City& city = TheCity();
  const std::string answer = Take(vidimus_open_head(
      BYTES(city.log_key), BYTES(city.policy), BYTES(city.newer)));
  EXPECT_EQ(FindingOf(answer), "Ok");
  EXPECT_TRUE(Has(answer, "\"origin\":\"" + city.origin + "\""));
  EXPECT_TRUE(Has(
      answer, "{\"name\":\"uni\",\"time_s\":1800777600,\"monitor\":false}"));
  // Through the group that it is in.
  EXPECT_TRUE(Has(
      answer, "{\"name\":\"press\",\"time_s\":1800777602,\"monitor\":true}"));
  // As old as the oldest cosignature that the quorum needs.
  EXPECT_TRUE(Has(answer, "\"quorum_at_s\":1800777600"));
  EXPECT_TRUE(Has(answer, "\"monitors_at_s\":1800777602"));
}

TEST(ApiTest, NobodyVouchesForAHeadThatTheLogAloneSigned) {
  const City& city = TheCity();
  const std::string answer = Take(vidimus_open_head(
      BYTES(city.log_key), BYTES(city.policy), BYTES(city.older)));
  EXPECT_EQ(FindingOf(answer), "Ok");
  EXPECT_TRUE(Has(answer, "\"cosigned\":[]"));
  EXPECT_TRUE(Has(answer, "\"quorum_at_s\":null"));
  EXPECT_TRUE(Has(answer, "\"monitors_at_s\":null"));
}

TEST(ApiTest, SaysWhichPartOfAQuestionIsWrong) {
  const City& city = TheCity();
  EXPECT_TRUE(Has(Take(vidimus_open_head("x", 1, "", 0, BYTES(city.newer))),
                  "\"part\":\"log_key\""));
  const std::string answer = Take(vidimus_open_head(
      BYTES(city.log_key), "quorum none\nnonsense\n", 21, BYTES(city.newer)));
  EXPECT_EQ(FindingOf(answer), "PolicyMalformed");
  EXPECT_TRUE(Has(answer, "\"part\":\"policy\",\"line\":2"));
}

TEST(ApiTest, JudgesThatANewerHeadExtendsAnOlderOne) {
  const City& city = TheCity();
  const std::string tiles = Take(vidimus_consistency_tiles(
      BYTES(city.log_key), BYTES(city.older), BYTES(city.newer)));
  EXPECT_EQ(FindingOf(tiles), "Ok");
  EXPECT_TRUE(Has(tiles, "\"path\":\"tile/0/000"));
  const auto judge = [&](const std::string& older, const std::string& newer,
                         const std::string& bytes) {
    return FindingOf(Take(vidimus_judge_consistency(
        BYTES(city.log_key), BYTES(older), BYTES(newer), BYTES(bytes))));
  };
  EXPECT_EQ(judge(city.older, city.newer, city.tiles), "Ok");
  EXPECT_EQ(judge(city.newer, city.newer, ""), "Ok");
  EXPECT_EQ(judge(city.newer, city.older, ""), "TreeShrank");
  EXPECT_EQ(judge(city.older, city.newer, city.tiles + "x"), "TileSize");
  for (size_t i = 0; i < city.tiles.size(); i += 32) {
    std::string bytes = city.tiles;
    bytes[i] ^= 1;
    const std::string finding = judge(city.older, city.newer, bytes);
    EXPECT_TRUE(finding == "RootMismatch" || finding == "OldRootMismatch")
        << finding;
  }
}

TEST(ApiTest, JudgesAWholeBundleOnceItsEs256ChecksAreSettled) {
  const City& city = TheCity();
  const std::string checks = Take(vidimus_es256_checks(BYTES(city.bundle)));
  EXPECT_EQ(FindingOf(checks), "Ok");
  const std::string settled = Settle(checks);
  EXPECT_EQ(settled.size(), 2 * 33u);

  const std::string answer = JudgeChains(city, city.bundle, settled);
  EXPECT_EQ(FindingOf(answer), "Ok");
  EXPECT_TRUE(Has(answer, "\"complete\":true,\"content_findings\":0"));
  EXPECT_TRUE(Has(answer, "\"owed\":[]"));
  EXPECT_TRUE(Has(answer, "\"headline\":\"under consent\",\"fine\":true"));
  EXPECT_TRUE(Has(answer,
                  "\"headline\":\"violation\",\"fine\":false,\"law\":\"not "
                  "covered\",\"wish\":\"silent\""));
  EXPECT_TRUE(Has(answer, "\"failed\":\"withdrawn\""));
  EXPECT_TRUE(Has(answer, "\"headline\":\"under law\""));
  EXPECT_TRUE(Has(answer, "\"monitors_at_s\":1800777602"));
  // What the city wrote comes out as text, whatever it is.
  EXPECT_TRUE(Has(answer, "\"unit_name\":\"Östra \\\"skolan\\\"\\u000a\""));
}

TEST(ApiTest, GivesNoVerdictWhileAnEs256CheckIsOwed) {
  const City& city = TheCity();
  const std::string first = JudgeChains(city, city.bundle, "");
  EXPECT_EQ(FindingOf(first), "Ok");
  EXPECT_FALSE(Has(first, "\"verdict\""));
  EXPECT_FALSE(Has(first, "\"standing\""));
  // Whoever settles what is owed, round for round, gets to the same answer.
  std::string settled = Settle(first);
  EXPECT_EQ(settled.size(), 2 * 33u);
  EXPECT_EQ(
      JudgeChains(city, city.bundle, settled),
      JudgeChains(city, city.bundle,
                  Settle(Take(vidimus_es256_checks(BYTES(city.bundle))))));
  // A check that failed takes away the grant, and nothing else.
  settled[32] = settled[65] = 0;
  const std::string refused = JudgeChains(city, city.bundle, settled);
  EXPECT_FALSE(Has(refused, "under consent"));
  EXPECT_TRUE(Has(refused, "\"finding\":\"StatementSignature\""));
  EXPECT_TRUE(Has(refused, "under law"));
  // An answer of another byte than 00 and 01 is none.
  settled[32] = 2;
  EXPECT_FALSE(Has(JudgeChains(city, city.bundle, settled), "\"verdict\""));
}

TEST(ApiTest, ShowsARecordThoughItsActorCannotBeRead) {
  const City& city = TheCity();
  const std::string answer =
      JudgeChains(city, city.unread,
                  Settle(Take(vidimus_es256_checks(BYTES(city.unread)))));
  EXPECT_EQ(FindingOf(answer), "Ok");
  EXPECT_TRUE(Has(answer, "\"complete\":true,\"content_findings\":1"));
  const size_t from = answer.find("\"finding\":\"WireTag\"");
  ASSERT_NE(from, std::string::npos);
  const std::string entry = answer.substr(from, answer.find("}}", from) - from);
  EXPECT_TRUE(Has(entry, "\"kind\":\"access\",\"record\":{\"access\":{"));
  // What stands before the byte that is wrong.
  EXPECT_TRUE(Has(answer.substr(from), "\"actor\":{\"id\":\"account 7\"}"));
  EXPECT_TRUE(Has(answer.substr(from), "\"headline\":\"under law\""));
}

TEST(ApiTest, FewerMonitorsThanThePolicyWantsVouchForNothing) {
  const City& city = TheCity();
  const std::string answer = JudgeChains(city, city.lone, "");
  EXPECT_EQ(FindingOf(answer), "Ok");
  EXPECT_TRUE(Has(answer, "\"monitors_at_s\":null"));
}

TEST(ApiTest, JudgesAndDescribesAStatement) {
  const City& city = TheCity();
  const std::string to_sign = Take(vidimus_statement_to_sign(
      BYTES(city.origin), BYTES(city.subject), 0, BYTES(city.statement)));
  EXPECT_EQ(FindingOf(to_sign), "Ok");
  EXPECT_TRUE(Has(to_sign, "\"event\":\"grant\""));
  const auto judge = [&](const std::string& key, const std::string& settled) {
    return Take(vidimus_judge_statement(BYTES(city.origin), BYTES(city.record),
                                        BYTES(key), BYTES(settled)));
  };
  const std::string owed = judge(city.public_key, "");
  EXPECT_EQ(FindingOf(owed), "Es256Owed");
  std::string settled = Settle(owed);
  EXPECT_EQ(FindingOf(judge(city.public_key, settled)), "Ok");
  settled.back() = 0;
  EXPECT_EQ(FindingOf(judge(city.public_key, settled)), "StatementSignature");
  EXPECT_EQ(FindingOf(judge("short", "")), "StatementSignature");
  // Both name the same bytes.
  size_t a = 0, b = 0;
  EXPECT_EQ(After(to_sign, "signed_bytes", &a),
            After(owed, "signed_bytes", &b));

  const std::string cut = city.statement.substr(0, city.statement.size() - 1);
  EXPECT_NE(FindingOf(Take(vidimus_statement_to_sign(
                BYTES(city.origin), BYTES(city.subject), 0, BYTES(cut)))),
            "Ok");
}

TEST(ApiTest, DecodesAMessageAndEncodesItAgain) {
  const City& city = TheCity();
  const std::string decoded =
      Take(vidimus_decode("Statement", 9, BYTES(city.statement)));
  EXPECT_EQ(FindingOf(decoded), "Ok");
  const size_t from = decoded.find("\"message\":") + 10;
  const std::string json = decoded.substr(from, decoded.size() - from - 1);
  const std::string encoded = Take(vidimus_encode("Statement", 9, BYTES(json)));
  EXPECT_EQ(FindingOf(encoded), "Ok");
  EXPECT_TRUE(Has(encoded, "\"bytes\":\"" + HexEncode(city.statement) + "\""));
}

TEST(ApiTest, EncodesNothingThatWouldNotComeBack) {
  const auto finding = [](std::string_view name, std::string_view json) {
    return FindingOf(Take(vidimus_encode(BYTES(name), BYTES(json))));
  };
  EXPECT_EQ(finding("Statement", "{}"), "Ok");
  EXPECT_EQ(finding("Statment", "{}"), "MessageUnknown");
  EXPECT_EQ(finding("Statement", ""), "JsonMalformed");
  EXPECT_EQ(finding("Statement", "[]"), "JsonMalformed");
  EXPECT_EQ(finding("Statement", "{\"sequence\":1} "), "Ok");
  EXPECT_EQ(finding("Statement", "{\"sequenc\":1}"), "JsonField");
  EXPECT_EQ(finding("Statement", "{\"sequence\":-1}"), "JsonField");
  EXPECT_EQ(finding("Statement", "{\"sequence\":1.5}"), "JsonField");
  EXPECT_EQ(finding("Statement", "{\"sequence\":\"1\"}"), "JsonField");
  EXPECT_EQ(finding("Statement", "{\"sequence\":9007199254740992}"),
            "JsonField");
  EXPECT_EQ(finding("Statement", "{\"sequence\":\"9007199254740992\"}"), "Ok");
  EXPECT_EQ(finding("Statement", "{\"statement_id\":\"AB\"}"), "JsonField");
  EXPECT_EQ(finding("Statement", "{\"withdrawal\":{\"erase\":[]}}"),
            "JsonField");
  EXPECT_EQ(finding("Statement", "{\"withdrawal\":{\"erase\":[0,7]}}"), "Ok");
  EXPECT_EQ(finding("Statement", "{\"identity_service\":4294967296}"),
            "WireRange");
}

TEST(ApiTest, ReadsWhatAnUnfinishedBundleShows) {
  const City& city = TheCity();
  const std::string answer =
      Take(vidimus_read_proofs(BYTES(city.log_key), BYTES(city.bundle)));
  EXPECT_EQ(FindingOf(answer), "Ok");
  EXPECT_TRUE(Has(answer, "\"leaf_index\":null"));
  EXPECT_TRUE(Has(answer, "\"leaf_index\":0,\"kind\":\"register\""));
  EXPECT_TRUE(Has(answer, "\"kind\":\"seal\",\"time_s\":1800000000"));
}

TEST(ApiTest, NamesTheKeysToAskFor) {
  const std::string key(32, 'k');
  const std::string numbers("\0\0\0\0\0\0\0\1", 8);
  EXPECT_EQ(FindingOf(Take(vidimus_chain_labels(BYTES(key), BYTES(numbers)))),
            "Ok");
  EXPECT_EQ(FindingOf(Take(vidimus_chain_labels(BYTES(key), "x", 1))),
            "ProofMalformed");
  EXPECT_EQ(FindingOf(Take(vidimus_chain_labels("k", 1, BYTES(numbers)))),
            "ChainKeyMismatch");
  const std::string config(13, '\0');
  EXPECT_EQ(FindingOf(Take(vidimus_register_keys(BYTES(config)))), "Ok");
  EXPECT_EQ(FindingOf(Take(vidimus_register_keys(config.data(), 12))),
            "ProofMalformed");
  EXPECT_EQ(FindingOf(Take(
                vidimus_register_keys("\x09\0\0\0\0\0\0\0\0\0\0\0\0", 13))),
            "DocumentFieldInvalid");
}

TEST(ApiTest, KnowsAllItsWords) {
  const std::string words = Take(vidimus_words());
  for (int value = 0; value < kFindingCount; ++value) {
    EXPECT_TRUE(Has(
        words,
        std::string("\"") + FindingName(static_cast<Finding>(value)) + "\""));
  }
  EXPECT_TRUE(Has(words, "\"against your wish\""));
}

// Each function with nothing at all, then with every beginning of good bytes.
TEST(ApiTest, NothingAndBeginningsGetAnAnswer) {
  const City& city = TheCity();
  EXPECT_NE(
      FindingOf(Take(vidimus_open_head(nullptr, 0, nullptr, 0, nullptr, 0))),
      "Ok");
  Take(vidimus_es256_checks(nullptr, 0));
  Take(vidimus_chain_labels(nullptr, 0, nullptr, 0));
  Take(vidimus_register_keys(nullptr, 0));
  Take(vidimus_decode(nullptr, 0, nullptr, 0));
  Take(vidimus_encode(nullptr, 0, nullptr, 0));
  Take(vidimus_statement_to_sign(nullptr, 0, nullptr, 0, 0, nullptr, 0));
  Take(vidimus_judge_statement(nullptr, 0, nullptr, 0, nullptr, 0, nullptr, 0));
  vidimus_free(nullptr);
  EXPECT_EQ(vidimus_es256_verify(nullptr, 0, nullptr, 0, nullptr, 0), 0);
  const std::string& key = city.log_key;
  for (size_t size = 0; size < city.bundle.size(); ++size) {
    // A copy of exact size, so that a sanitizer sees a read beyond it.
    const std::string cut = city.bundle.substr(0, size);
    // Cut between two chains, it is a bundle without the second.
    EXPECT_FALSE(Has(JudgeChains(city, cut, ""), "\"complete\":true")) << size;
    if (size % 8 != 0) continue;
    Take(vidimus_es256_checks(BYTES(cut)));
    Take(vidimus_read_proofs(BYTES(key), BYTES(cut)));
    EXPECT_NE(FindingOf(Take(vidimus_judge_entry(BYTES(key), BYTES(cut)))),
              "Ok");
    EXPECT_NE(FindingOf(Take(vidimus_judge_conviction(BYTES(key), BYTES(cut)))),
              "Ok");
    EXPECT_NE(
        FindingOf(Take(vidimus_judge_register_proof(BYTES(key), BYTES(cut)))),
        "Ok");
    EXPECT_NE(FindingOf(Take(
                  vidimus_judge_inclusion(BYTES(key), "x", 1, BYTES(cut)))),
              "Ok");
  }
  for (size_t size = 0; size < city.newer.size(); ++size) {
    const std::string cut = city.newer.substr(0, size);
    Take(vidimus_open_head(BYTES(key), BYTES(city.policy), BYTES(cut)));
  }
  for (size_t size = 0; size < city.record.size(); ++size) {
    const std::string cut = city.record.substr(0, size);
    EXPECT_NE(FindingOf(Take(
                  vidimus_judge_statement(BYTES(city.origin), BYTES(cut),
                                          BYTES(city.public_key), nullptr, 0))),
              "Ok");
  }
}

}  // namespace
}  // namespace vidimus
