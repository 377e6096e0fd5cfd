// The words that a resident signs: what a statement says, in Swedish, Finnish
// or English, as it is shown before anyone is asked to agree. Their SHA-256
// stands in the statement, so the text never changes for the same input; a new
// wording is a new schema_version. Pure functions.
#ifndef VIDIMUS_CLIENT_STATEMENT_WORDS_H_
#define VIDIMUS_CLIENT_STATEMENT_WORDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/record.pb.h"

namespace vidimus {

// Of the wording below; goes into every statement.
inline constexpr char kWordsVersion[] = "vidimus-words/1";

// The languages that there are words in.
bool IsWordsLanguage(absl::string_view language);

// What people call things, in the language of the words. What is not in here
// is shown as its number or term alone.
struct Names {
  std::map<uint32_t, std::string> administrations;
  std::map<std::string, std::string> purposes;    // by term
  std::map<std::string, std::string> categories;  // by term
};

// The words of a statement to these chains, lines ending in line feeds. Only
// the event is looked at. Text out of it is stripped of what could steer a
// terminal. `language` is one of the above (CHECK).
std::string StatementWords(absl::string_view language,
                           const v1::Statement& statement,
                           const std::vector<uint32_t>& administrations,
                           const Names& names);

// One sentence about what holds, now that the statement counts in these
// chains. `recovery_s` is how long a recovered key waits.
std::string WhatHoldsNow(absl::string_view language,
                         const v1::Statement& statement,
                         const std::vector<uint32_t>& administrations,
                         const Names& names, uint64_t recovery_s);

// "grant", "withdrawal" ... for people, in the language.
std::string EventWord(absl::string_view language, const v1::Statement& said);

// A date and time in UTC, "2027-01-31 12:00 UTC", of a POSIX second.
std::string UtcText(uint64_t time_s);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_STATEMENT_WORDS_H_
