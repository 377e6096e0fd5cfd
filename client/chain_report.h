// What a chain bundle shows, in words for the resident. No network, no clock.
#ifndef VIDIMUS_CLIENT_CHAIN_REPORT_H_
#define VIDIMUS_CLIENT_CHAIN_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/client.h"
#include "client/words.h"
#include "verifier/chain.h"
#include "verifier/note.h"

namespace vidimus {

// kExitTrue: every chain is complete and all content is accounted for.
// kExitFalse: something shown is wrong. kExitUnusable: nothing is wrong, and
// something could not be checked.
struct ChainJudgement {
  int exit_code = kExitUnusable;
  // A headline, then a block for each administration with a line for each
  // access, then what could not be checked, by name. Lines end in line feeds.
  // Text out of documents and records is stripped of what could steer a
  // terminal.
  std::string text;
};

// Judges a file of proto/bundle.proto's ChainBundle by the log's key: what
// `vidimus verify` says of one. `monitors` are keys whose cosignature vouches
// for the index.
ChainJudgement JudgeChainFile(const VerifierKey& log_key,
                              const std::vector<VerifierKey>& monitors,
                              absl::string_view bundle);

// Why the log did not answer for a chain, by administration.
using Unanswered = std::vector<std::pair<uint32_t, std::string>>;

// The same of what JudgeChainBundle found already; what the findings say is in
// English. Each access has the headline of its verdict, where the bundle shows
// what that takes; a verdict changes no exit code, for it is not about the log.
ChainJudgement ReportChains(Finding finding, const ChainsReport& report,
                            const Unanswered& unanswered, Language language);

// One access in one line: when, what, for what, by which law, who. Of an entry
// whose kind is kAccess.
std::string AccessLine(const OpenedEntry& opened, Language language);

// The text for people in a document: in this language, else in English, else
// the first.
std::string TextOf(const std::vector<LocalizedText>& texts,
                   absl::string_view language = "en");

// Text for people out of bytes from outside: control characters, and those that
// turn the direction of writing, become '?'.
std::string Printable(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CHAIN_REPORT_H_
