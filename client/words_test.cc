#include "client/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

namespace vidimus {
namespace {

constexpr Language kLanguages[] = {Language::kSwedish, Language::kFinnish,
                                   Language::kEnglish};

// The places of a sentence, such as {"0", "1"}.
std::set<char> Places(const char* text) {
  std::set<char> places;
  for (const char* at = std::strchr(text, '$'); at != nullptr;
       at = std::strchr(at + 1, '$')) {
    places.insert(at[1]);
  }
  return places;
}

TEST(WordsTest, EverySentenceExistsInEachLanguage) {
  for (const Language language : kLanguages) {
    for (int i = 0; i < kPhraseCount; ++i) {
      const char* text = PhraseText(language, static_cast<Phrase>(i));
      ASSERT_NE(text, nullptr) << i;
      EXPECT_STRNE(text, "") << LanguageCode(language) << " " << i;
    }
    for (int i = 0; i < kHeadlineCount; ++i) {
      EXPECT_STRNE(SayHeadline(language, static_cast<Headline>(i)), "");
    }
    EXPECT_STREQ(SayDimension(language, Dimension::kNone), "");
    for (int i = 1; i < kDimensionCount; ++i) {
      EXPECT_STRNE(SayDimension(language, static_cast<Dimension>(i)), "");
    }
    for (int i = 0; i < 3; ++i) {
      EXPECT_STRNE(SayLaw(language, static_cast<Law>(i)), "?");
      EXPECT_STRNE(SayWish(language, static_cast<Wish>(i)), "?");
    }
    for (int i = 0; i < kStatementEventCount; ++i) {
      EXPECT_STRNE(SayEvent(language, static_cast<StatementEvent>(i)), "");
    }
  }
}

TEST(WordsTest, ASentenceHasTheSamePlacesInEachLanguage) {
  for (int i = 0; i < kPhraseCount; ++i) {
    const auto phrase = static_cast<Phrase>(i);
    const std::set<char> places =
        Places(PhraseText(Language::kEnglish, phrase));
    EXPECT_EQ(Places(PhraseText(Language::kSwedish, phrase)), places) << i;
    EXPECT_EQ(Places(PhraseText(Language::kFinnish, phrase)), places) << i;
  }
}

TEST(WordsTest, NoTwoHeadlinesOfALanguageAreTheSame) {
  for (const Language language : kLanguages) {
    std::set<std::string> said;
    for (int i = 0; i < kHeadlineCount; ++i) {
      said.insert(SayHeadline(language, static_cast<Headline>(i)));
    }
    EXPECT_EQ(said.size(), static_cast<size_t>(kHeadlineCount));
  }
}

TEST(WordsTest, PlacesAreFilledInAndValuesAreNotRead) {
  EXPECT_EQ(Say(Language::kEnglish, Phrase::kShownOf, {"$1", "2"}),
            "Shown: $1 of 2");
  EXPECT_EQ(Say(Language::kSwedish, Phrase::kShownOf, {"1", "2"}),
            "Visas: 1 av 2");
  EXPECT_EQ(Say(Language::kFinnish, Phrase::kShownOf, {"1"}), "Näytetään: 1/");
}

TEST(WordsTest, ALocaleChoosesTheLanguage) {
  EXPECT_EQ(LanguageOfLocale("sv_FI.UTF-8"), Language::kSwedish);
  EXPECT_EQ(LanguageOfLocale("fi"), Language::kFinnish);
  EXPECT_EQ(LanguageOfLocale("en_GB"), Language::kEnglish);
  EXPECT_EQ(LanguageOfLocale("C"), Language::kEnglish);
  EXPECT_EQ(LanguageOfLocale(""), Language::kEnglish);
  EXPECT_EQ(LanguageOfLocale("svx"), Language::kEnglish);
}

}  // namespace
}  // namespace vidimus
