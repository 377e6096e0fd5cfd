#include "client/resident_verbs.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/chain_prosecutor.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/door.h"
#include "client/fetcher.h"
#include "client/file.h"
#include "client/resident.h"
#include "client/resident_flags.h"
#include "client/terminal.h"
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

// Of a flag --language; empty: that of the process.
Language SpokenLanguage(const std::string& code) {
  return LanguageFromCode(code).value_or(LanguageOfProcess());
}

// What timeline and export take.
struct Flags {
  ResidentFlags log;
  std::string chains, language, since, verdict, administration;
  std::vector<std::string> keys;

  void AddTo(CommandLine* line) {
    log.AddTo(line);
    line->Text("chains", "FILE",
               "instead of asking: a file that was kept (resident check "
               "--save, resident export)",
               &chains);
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
    line->Require({"vkey"});
  }

  Language Spoken() const { return SpokenLanguage(language); }

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
  if (flags.log.server.empty() || flags.log.token_file.empty()) {
    return absl::InvalidArgumentError(
        "what to show? --server and --token-file, or --chains");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<ResidentDoor> door,
                   flags.log.OpenDoor());
  return CheckResident(door.get(), options);
}

absl::Status Gather(const Flags& flags, Gathered* gathered) {
  ASSIGN_OR_RETURN(const ResidentOptions options, flags.log.ReadOptions());
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

// Writes the file that convicts the log for what is wrong with `bundle`, and
// says so; else why there is none.
absl::Status KeepConviction(const ResidentFlags& flags,
                            const ResidentOptions& options,
                            const std::string& bundle,
                            const std::string& file) {
  ASSIGN_OR_RETURN(const std::string ca_pem, ReadAuthorities(flags.ca));
  ASSIGN_OR_RETURN(const std::unique_ptr<Fetcher> fetcher,
                   NewFetcher(flags.server, ca_pem));
  ASSIGN_OR_RETURN(
      const ConvictionFile conviction,
      ConvictChains(fetcher.get(), options.log_key, options.monitors, bundle));
  RETURN_IF_ERROR(WriteFile(file, conviction.bytes, 0600, /*sync=*/true));
  std::printf(
      "\nConvicted: %s\nShown to anybody by: vidimus verify --vkey log.vkey "
      "%s\n",
      conviction.sentence.c_str(), file.c_str());
  return absl::OkStatus();
}

int CheckMain(const std::vector<std::string>& arguments) {
  ResidentFlags flags;
  std::string save, evidence, language;
  CommandLine line(
      "resident check --server URL --token-file FILE --vkey FILE [flags]",
      "Asks a log for everything it holds about you, of every administration "
      "of its\nregister and those that never touched you, and judges on this "
      "machine whether it\nis all of it. Believes nothing but the log's key.");
  flags.AddTo(&line);
  line.Text("save", "FILE",
            "keep what the log showed, for `vidimus verify`; whoever has it "
            "can follow your chains",
            &save);
  line.Text("evidence", "FILE",
            "where the file goes that convicts the log, if what is wrong does",
            &evidence);
  line.Choice("language", {"sv", "fi", "en"},
              "of the report (default: that of LANG)", &language);
  line.Require({"server", "token-file", "vkey"});
  line.Epilogue(
      "Exit: 0 all of it is there, 1 something is wrong, 2 something could not "
      "be had or\nchecked, 64 the command line makes no sense.\n\n"
      "  vidimus resident check --server https://localhost:8443 --ca "
      "D/tls/ca.crt \\\n    --token-file token --vkey D/log.vkey --state "
      "~/.vidimus");
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  absl::StatusOr<ResidentOptions> options = flags.ReadOptions();
  if (!options.ok()) return Fail("check", options.status());
  options->language = SpokenLanguage(language);
  const auto door = flags.OpenDoor();
  if (!door.ok()) return Fail("check", door.status());

  const ResidentCheck check = CheckResident(door->get(), *options);
  std::fputs(check.text.c_str(), stdout);
  std::printf("\n%s bytes read.\n", Grouped((*door)->bytes_read()).c_str());
  if (!save.empty() && !check.bundle.empty()) {
    const absl::Status saved =
        WriteFile(save, check.bundle, 0600, /*sync=*/true);
    if (!saved.ok()) return Fail("check", saved);
    std::printf(
        "\nKept in %s (%s bytes). Whoever has that file can follow your "
        "chains until the log ends.\n",
        save.c_str(), Grouped(check.bundle.size()).c_str());
  }
  if (!evidence.empty() && check.exit_code == kExitFalse &&
      !check.bundle.empty()) {
    const absl::Status kept =
        KeepConviction(flags, *options, check.bundle, evidence);
    if (!kept.ok()) {
      std::printf("\nNo conviction: %s\n", std::string(kept.message()).c_str());
    }
  }
  return check.exit_code;
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

int ResidentMain(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) {
    const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    if (arguments[0] == "check") return CheckMain(rest);
    if (arguments[0] == "timeline") return TimelineMain(rest);
    if (arguments[0] == "export") return ExportMain(rest);
  }
  const bool help =
      !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
  std::fputs(
      "vidimus resident check ...       is everything there that a log holds "
      "about you?\n"
      "vidimus resident timeline ...    what was done with your data, and was "
      "it allowed?\n"
      "vidimus resident export ...      take it away\n\n"
      "Each tells with --help what it takes.\n",
      help ? stdout : stderr);
  return help ? kExitTrue : kExitUsage;
}

}  // namespace vidimus
