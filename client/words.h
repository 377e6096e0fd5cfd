// Everything that a resident reads on a terminal, in Swedish, Finnish and
// English: one table, every sentence in each language. Sentences have places
// ($0, $1) for what is counted or named. Pure functions, static storage.
//
// Machine names (headlines, dimensions, findings in JSON and CSV) are not
// here: they are the same in every language (docs/export.md).
#ifndef VIDIMUS_CLIENT_WORDS_H_
#define VIDIMUS_CLIENT_WORDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "verifier/statement.h"
#include "verifier/verdict.h"

namespace vidimus {

enum class Language { kSwedish, kFinnish, kEnglish };
inline constexpr int kLanguageCount = 3;

// "sv", "fi", "en".
const char* LanguageCode(Language language);
std::optional<Language> LanguageFromCode(absl::string_view code);

// What a locale such as "sv_FI.UTF-8" asks for; English if it is none of ours.
Language LanguageOfLocale(absl::string_view locale);
// The same of LC_ALL, LC_MESSAGES, LANG of the process, the first that is set.
Language LanguageOfProcess();

enum class Phrase {
  // The headline.
  kNoAccess,
  kAllFine,
  kNotAllFine,
  kNoneMissing,
  kNobodyVouches,
  kNotAllChecked,
  kSomethingWrong,
  kHeadOf,
  // Keys.
  kUnknownKey,
  kKnownKey,
  kComparedWithNone,
  kKeyOnDevice,
  kEnrolledByService,
  kEnrolledByKey,
  kKeyDoesNotCount,
  kKeyRevoked,
  kKeysHeading,
  // Accesses.
  kUnit,
  kFor,
  kWhy,
  kBasis,
  kBasisConsent,
  kBasisLaw,
  kRecipient,
  kWho,
  kHuman,
  kRobot,
  kAiAssisted,
  kAiAutonomous,
  kUnknownActor,
  kAiRegistered,
  kAiNotRegistered,
  kEmergency,
  kLaw,
  kLawNotCited,
  kWish,
  kTiming,
  kTimingOk,
  kRace,
  kStale,
  kLate,
  kNoVerdict,
  kNotShown,
  kUnreadable,
  kYou,
  kDelegate,
  kStatementDoesNotCount,
  // Counts.
  kLawfulUnwanted,
  kWantedUnlawful,
  kEmergencies,
  kShownOf,
  kNotConnected,
  // Operations.
  kRead,
  kCreated,
  kUpdated,
  kDeleted,
  kExecuted,
  kUsed,
  // The check.
  kAccessOne,
  kAccessMany,
  kAdministrationOne,
  kAdministrationMany,
  kChainOne,
  kChainMany,
  kThingOne,
  kThingMany,
  kCounted,
  kCheckNoneMissing,
  kCheckNobodyVouches,
  kCheckIncomplete,
  kCheckWrong,
  kChainCount,
  kChainFound,
  kOwnChain,
  kChainNotChecked,
  kChainNotShown,
  kChainNoAnswer,
  kChainNotComplete,
  kOfEntry,
  kNotCheckedHeading,
  kIndexNotChecked,
  kSystemNotChecked,
  kClosedNotChecked,
  kVerdictsNotChecked,
  kWithheldUntil,
  kRestrictedBy,
  kErasedBy,
  kMissing,
  kForged,
  kUnreadableEntry,
  kStatementEntry,
  kNotice,
  kKeyFetched,
  kNoticeErased,
  kNoticeWithheld,
  kNoticeRestricted,
  kNoticeUnrestricted,
  kDecidedBy,
  kAccessLine,
  kWhoIs,
  kWhoIsUnreadable,
};
inline constexpr int kPhraseCount =
    static_cast<int>(Phrase::kWhoIsUnreadable) + 1;

// The sentence, as it stands in the table.
const char* PhraseText(Language language, Phrase phrase);

// With its places filled in; as many values as there are places, or more.
std::string Say(Language language, Phrase phrase,
                const std::vector<std::string>& values = {});

// "överträdelse"; "du hade återkallat ditt samtycke". Of kNone: "".
const char* SayHeadline(Language language, Headline headline);
const char* SayDimension(Language language, Dimension dimension);
const char* SayLaw(Language language, Law law);
const char* SayWish(Language language, Wish wish);
// "samtycke", "återkallelse".
const char* SayEvent(Language language, StatementEvent event);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_WORDS_H_
