#include "client/resident_verbs.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/door.h"
#include "client/file.h"
#include "client/resident.h"
#include "client/resident_door.h"
#include "client/timeline.h"
#include "client/words.h"
#include "proto/status.h"
#include "verifier/chain.h"
#include "verifier/chain_history.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/es256.h"

namespace vidimus {
namespace {

// What both verbs take.
struct Flags {
  std::string server, ca, token, vkey, state, chains, language, since, verdict,
      administration;
  std::vector<std::string> monitors, keys;
  uint64_t head_age_h = 24;

  void AddTo(CommandLine* line) {
    line->Text("server", "URL", "the log's TLS door (https://...)", &server);
    line->Text("ca", "FILE",
               "authority that vouches for the door, if it is not one of the "
               "system's",
               &ca);
    line->Text("token-file", "FILE",
               "your bearer token; a file of your own (0600)", &token);
    line->Text("chains", "FILE",
               "instead of asking: a file that was kept (resident check "
               "--save, resident export)",
               &chains);
    line->Text("vkey", "FILE", "the log's verifier key (log.vkey)", &vkey);
    line->Texts("monitor", "FILE",
                "verifier key of a monitor, whose cosignature vouches for the "
                "index; may stand several times",
                &monitors);
    line->Text("state", "DIR",
               "remember head and counts there, as resident check does",
               &state);
    line->Texts("key", "FINGERPRINT",
                "a key of yours, as `vidimus wallet show` has it; any other "
                "that speaks in your name is then shown before all else",
                &keys);
    line->Text("administration", "N", "show only this administration's",
               &administration);
    line->Text("since", "DAY", "show only from this day on (2027-01-31, UTC)",
               &since);
    line->Text("verdict", "NAME",
               "show only accesses with this headline, such as \"violation\"",
               &verdict);
    line->Choice("language", {"sv", "fi", "en"},
                 "of what is said (default: that of LANG)", &language);
    line->Number("head_age_h", "N",
                 "refuse a head older than so many hours (default 24)", 1,
                 1000000, &head_age_h);
    line->Require({"vkey"});
  }

  Language Spoken() const {
    return LanguageFromCode(language).value_or(LanguageOfProcess());
  }

  absl::StatusOr<TimelineFilter> Filter() const {
    TimelineFilter filter;
    uint64_t number = 0;
    if (!administration.empty()) {
      if (!DecimalDecode(administration, &number) || number > UINT32_MAX) {
        return absl::InvalidArgumentError(
            "--administration: not a number of the register");
      }
      filter.administration = static_cast<uint32_t>(number);
    }
    if (!since.empty()) {
      const std::optional<uint64_t> day = ParseDay(since);
      if (!day.has_value()) {
        return absl::InvalidArgumentError(
            "--since: not a day such as 2027-01-31");
      }
      filter.since_s = *day;
    }
    if (verdict.empty()) return filter;
    std::string names;
    for (int i = 0; i < kHeadlineCount; ++i) {
      const auto headline = static_cast<Headline>(i);
      if (verdict == HeadlineName(headline)) filter.headline = headline;
      absl::StrAppend(&names, i == 0 ? "" : ", ", HeadlineName(headline));
    }
    if (!filter.headline.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--verdict: one of ", names));
    }
    return filter;
  }
};

// What was gathered and judged; the report views the bundle.
struct Gathered {
  std::string bundle;
  // Of the check: what is wrong or could not be had, and how it ends.
  std::string complaint;
  int exit_code = kExitTrue;
  ChainsReport report;
  std::vector<JudgedChain> judged;
};

absl::StatusOr<ResidentCheck> Ask(const Flags& flags,
                                  const ResidentOptions& options) {
  if (flags.server.empty() || flags.token.empty()) {
    return absl::InvalidArgumentError(
        "what to show? --server and --token-file, or --chains");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<ResidentDoor> door,
                   OpenResidentDoor(flags.server, flags.ca, flags.token));
  return CheckResident(door.get(), options);
}

absl::Status Gather(const Flags& flags, Gathered* gathered) {
  ResidentOptions options;
  ASSIGN_OR_RETURN(options.log_key, ReadVkey(flags.vkey));
  ASSIGN_OR_RETURN(options.monitors, ReadVkeys(flags.monitors));
  options.state_folder = flags.state;
  options.head_age_s_max = flags.head_age_h * 3600;
  options.now_s = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
  if (flags.chains.empty()) {
    ASSIGN_OR_RETURN(ResidentCheck check, Ask(flags, options));
    if (check.bundle.empty()) {
      return absl::FailedPreconditionError(check.text);
    }
    gathered->bundle = std::move(check.bundle);
    gathered->exit_code = check.exit_code;
    if (check.exit_code == kExitFalse) gathered->complaint = check.text;
  } else {
    ASSIGN_OR_RETURN(gathered->bundle,
                     ReadPrivateFile(flags.chains, kChainBundleBytesMax));
  }
  const Finding finding = JudgeChainBundle(gathered->bundle, options.log_key,
                                           options.monitors, &gathered->report);
  if (finding != Finding::kOk) {
    return absl::DataLossError(absl::StrCat("NOT SO: ", gathered->report.part,
                                            ": ", FindingSentence(finding)));
  }
  if (!gathered->report.Complete() && gathered->exit_code == kExitTrue) {
    gathered->exit_code = kExitUnusable;
  }
  if (gathered->report.ContentFindings() > 0) {
    gathered->exit_code = kExitFalse;
  }
  gathered->judged = JudgeAccesses(gathered->report, Es256VerifyNative);
  return absl::OkStatus();
}

int Fail(const char* verb, const absl::Status& status) {
  std::fprintf(stderr, "vidimus resident %s: %s\n", verb,
               std::string(status.message()).c_str());
  return absl::IsDataLoss(status) ? kExitFalse : kExitUnusable;
}

Timeline Told(const Flags& flags, const Gathered& gathered) {
  std::optional<std::vector<std::string>> known;
  if (!flags.keys.empty()) known = flags.keys;
  return MakeTimeline(gathered.report, gathered.judged, flags.Spoken(), known);
}

constexpr char kExits[] =
    "Exit: 0 all of it is there and could be judged, 1 something that the log "
    "shows is wrong,\n2 something could not be had or checked, 64 the command "
    "line makes no sense. A verdict\nchanges nothing of that: it is about what "
    "was done, not about the log.\n\n";

int TimelineMain(const std::vector<std::string>& arguments) {
  Flags flags;
  CommandLine line(
      "resident timeline --vkey FILE (--server URL --token-file FILE | "
      "--chains FILE) [flags]",
      "What was done with your data, day by day: who, what, why, on what "
      "basis, and whether\nit was under your consent or a law, as this machine "
      "finds it from signed statements\nand the public register.");
  flags.AddTo(&line);
  line.Epilogue(absl::StrCat(
      kExits,
      "  vidimus resident timeline --server https://localhost:8443 --ca "
      "D/tls/ca.crt \\\n    --token-file token --vkey D/log.vkey "
      "--language sv"));
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  const absl::StatusOr<TimelineFilter> filter = flags.Filter();
  if (!filter.ok()) {
    Fail("timeline", filter.status());
    return kExitUsage;
  }
  Gathered gathered;
  const absl::Status status = Gather(flags, &gathered);
  if (!status.ok()) return Fail("timeline", status);
  std::fputs(gathered.complaint.c_str(), stderr);
  std::fputs(TimelineText(Told(flags, gathered), flags.Spoken(), *filter,
                          isatty(STDOUT_FILENO) == 1)
                 .c_str(),
             stdout);
  return gathered.exit_code;
}

int ExportMain(const std::vector<std::string>& arguments) {
  Flags flags;
  std::string format = "evidence", out;
  CommandLine line(
      "resident export --vkey FILE --out FILE (--server URL --token-file FILE "
      "| --chains FILE) [flags]",
      "Takes away what a log holds about you: as evidence that anyone can "
      "judge again, or as\nJSON or CSV for programs.");
  flags.AddTo(&line);
  line.Choice(
      "format", {"evidence", "json", "csv"},
      "evidence (the default): a chain bundle, for `vidimus verify`; "
      "whoever has it can follow your chains. json, csv: docs/export.md",
      &format);
  line.Text("out", "FILE", "where it goes (0600); - for standard output", &out);
  line.Require({"vkey", "out"});
  line.Epilogue(absl::StrCat(
      kExits,
      "  vidimus resident export --chains mine.bundle --vkey log.vkey "
      "--format csv --out mine.csv"));
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  const absl::StatusOr<TimelineFilter> filter = flags.Filter();
  if (!filter.ok()) {
    Fail("export", filter.status());
    return kExitUsage;
  }
  Gathered gathered;
  const absl::Status status = Gather(flags, &gathered);
  if (!status.ok()) return Fail("export", status);
  std::fputs(gathered.complaint.c_str(), stderr);
  std::string content;
  if (format == "evidence") {
    content = gathered.bundle;
  } else if (format == "json") {
    content = TimelineJson(Told(flags, gathered), flags.Spoken(), *filter);
  } else {
    content = TimelineCsv(Told(flags, gathered), *filter);
  }
  if (out == "-") {
    std::fwrite(content.data(), 1, content.size(), stdout);
    return gathered.exit_code;
  }
  const absl::Status written = WriteFile(out, content, 0600, /*sync=*/true);
  if (!written.ok()) return Fail("export", written);
  return gathered.exit_code;
}

}  // namespace

int ResidentVerbsMain(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) {
    const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    if (arguments[0] == "timeline") return TimelineMain(rest);
    if (arguments[0] == "export") return ExportMain(rest);
  }
  return ResidentMain(arguments);
}

}  // namespace vidimus
