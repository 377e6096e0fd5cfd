// What happened to a resident's data, day by day, each access with its verdict:
// for people in three languages, and as JSON and CSV for programs. Pure: a
// judged bundle in, text out; no network, no clock. What it shows and why:
// docs/residents.md; the two formats: docs/export.md.
//
// Nothing is judged here. Facts come from JudgeChainBundle, verdicts from
// JudgeAccesses (verifier/chain_history.h).
#ifndef VIDIMUS_CLIENT_TIMELINE_H_
#define VIDIMUS_CLIENT_TIMELINE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/words.h"
#include "verifier/chain.h"
#include "verifier/chain_history.h"

namespace vidimus {

// Which accesses are shown. What is counted is not changed by it.
struct TimelineFilter {
  std::optional<uint32_t> administration;
  uint64_t since_s = 0;  // of the access, or of its seal if it isn't shown
  std::optional<Headline> headline;
  bool Passes(uint32_t administration, uint64_t time_s,
              const std::optional<Verdict>& verdict) const;
};

// One access, or an entry of which nobody can see what it is.
struct TimelineAccess {
  uint32_t administration = 0;
  std::string administration_name;
  uint64_t entry = 0;  // its number in the chain
  uint64_t leaf_index = 0;
  uint64_t time_s = 0;       // occurred_at, else the seal's, else 0
  uint64_t seal_time_s = 0;  // 0: not shown by the bundle
  // Nothing: why is in `no_verdict`.
  std::optional<Verdict> verdict;
  std::string no_verdict;
  Content content = Content::kMissing;

  // Of open content that can be read. Raw text from outside, stripped only
  // where it is printed.
  bool readable = false;
  uint64_t occurred_at_ms = 0;
  uint64_t as_of_size = 0;
  uint32_t operation = 0;
  uint32_t actor_kind = 0;
  bool emergency = false;
  bool cites_law = false;
  std::string actor, unit, purpose, purpose_name, reason, recipient;
  std::string source_system, ai_system_id, ai_system_name, ai_system_address;
  std::optional<uint32_t> ai_system_number;
  std::vector<std::string> categories, category_names;
  struct Basis {
    std::string basis, citation, name;
    std::optional<uint32_t> provision;
    bool consent = false;
  };
  std::vector<Basis> bases;
};

// What the resident said, or somebody in their name.
struct TimelineStatement {
  uint32_t administration = 0;
  uint64_t entry = 0;
  uint64_t time_s = 0;  // of its seal
  StatementEvent event = StatementEvent::kGrant;
  Finding finding = Finding::kOk;
  bool restrains = false;
  bool delegated = false;
  std::vector<std::string> purposes, categories;  // terms
};

// A key that can speak in the resident's name.
struct TimelineKey {
  std::string fingerprint;                // as `vidimus wallet show` has it
  std::vector<uint32_t> administrations;  // in whose chains it stands
  std::optional<uint32_t> identity_service;
  std::string identity_service_name;
  std::string by_key;  // fingerprint of the key that brought it
  bool counts = false;
  bool revoked = false;
  // Whether the resident's devices know it; nothing if nobody said which.
  std::optional<bool> known;
};

struct Timeline {
  std::string origin;
  uint64_t size = 0;
  uint64_t seal_time_s = 0;
  bool complete = false;
  bool vouched = false;                  // by a monitor
  uint64_t content_findings = 0;         // as ChainsReport
  std::vector<TimelineAccess> accesses;  // by time
  std::vector<TimelineStatement> statements;
  std::vector<TimelineKey> keys;
  // Administration's name and system.
  std::vector<std::pair<std::string, std::string>> not_connected;

  // Of all accesses, whatever a filter shows.
  std::map<Headline, uint64_t> headlines;
  uint64_t not_fine = 0;
  uint64_t without_verdict = 0;
  // Law covers it and the resident is against it.
  uint64_t lawful_unwanted = 0;
  // The resident granted it, and the law that it cites does not cover it. An
  // access that cites the consent alone is none of these.
  uint64_t wanted_unlawful = 0;
  uint64_t emergencies = 0;
};

// The 16 hexadecimal digits by which people compare keys.
std::string FingerprintOf(absl::string_view public_key);

// Names are taken from the register in `language`, else in English. `known`
// holds fingerprints of the resident's own keys; nothing: not compared.
Timeline MakeTimeline(const ChainsReport& report,
                      const std::vector<JudgedChain>& judged, Language language,
                      const std::optional<std::vector<std::string>>& known);

// For people. Text from outside goes through Printable. `colour`: with escapes
// for a terminal.
std::string TimelineText(const Timeline& timeline, Language language,
                         const TimelineFilter& filter, bool colour);

// docs/export.md: `vidimus-timeline/1`.
std::string TimelineJson(const Timeline& timeline, Language language,
                         const TimelineFilter& filter);
std::string TimelineCsv(const Timeline& timeline, const TimelineFilter& filter);

// One field as CSV has it: quoted, and what a spreadsheet would take for a
// formula (= + - @, tab, carriage return at its beginning) behind an
// apostrophe.
std::string CsvField(absl::string_view text);

// "2027-01-31" -> POSIX seconds of its beginning, UTC.
std::optional<uint64_t> ParseDay(absl::string_view text);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_TIMELINE_H_
