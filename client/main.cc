// The binary `vidimus`: one verb each for those who submit, check and measure.

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/access.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/consent_verb.h"
#include "client/door.h"
#include "client/fetcher.h"
#include "client/file.h"
#include "client/fsck.h"
#include "client/load.h"
#include "client/monitor/monitor_verb.h"
#include "client/resident_verbs.h"
#include "client/share.h"
#include "client/submit.h"
#include "client/terminal.h"
#include "client/verify.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/hash.h"
#include "verifier/tile.h"
#include "verifier/tlog_proof.h"

namespace vidimus {
namespace {

constexpr const char kHelp[] =
    R"(Vidimus: talk to a log, and check what it says.

  vidimus submit ...      lines in, receipts out; nothing lost on the way
  vidimus verify FILE     is this receipt, bundle or conviction true?
  vidimus access ...      ask first, record, and only then release
  vidimus resident check  is everything there that a log holds about me?
  vidimus resident timeline  what was done with my data, and was it allowed?
  vidimus resident export    the same to take away: evidence, JSON, CSV
  vidimus receipt share   one access, for somebody else to judge
  vidimus wallet ...      my keys, and an identity service that vouches for them
  vidimus consent ...     yes, no longer, never: what I say to those who ask
  vidimus identity sign   for identity services: make a key a resident's
  vidimus fsck URL|DIR    is this whole log what its checkpoint says?
  vidimus monitor ...     follow logs for ever, cosign them, convict them
  vidimus load ...        how fast is it, and are its answers true?

  vidimus VERB --help     what a verb takes

Everything is judged by the log's verifier key alone (log.vkey): what a log
serves is never believed.
)";

constexpr size_t kVkeyBytesMax = 4096;
constexpr size_t kProofBytesMax = size_t{1} << 20;
// A conviction may hold a whole run of the index.
constexpr size_t kEvidenceBytesMax = size_t{1} << 30;

int Unusable(const char* verb, const absl::Status& status) {
  std::fprintf(stderr, "vidimus %s: %s\n", verb,
               std::string(status.message()).c_str());
  return kExitUnusable;
}

// Prints what a judgement says; returns the exit code.
int Say(const Judgement& judgement) {
  std::printf("%s\n", judgement.sentence.c_str());
  return judgement.exit_code;
}

absl::StatusOr<ChainTrust> ReadChainTrust(const std::string& vkey,
                                          const std::string& label_key_hex,
                                          const std::string& config_file,
                                          const std::string& subject_file) {
  ChainTrust trust;
  if (!label_key_hex.empty() && (!HexDecode(label_key_hex, &trust.label_key) ||
                                 trust.label_key.size() != kHashBytes)) {
    return absl::InvalidArgumentError(
        "--label_key: expected 64 lower-case hexadecimal digits");
  }
  if (!config_file.empty()) {
    ASSIGN_OR_RETURN(const std::string document,
                     ReadFile(config_file, kProofBytesMax));
    ASSIGN_OR_RETURN(trust.label_key, LabelKeyOfConfig(vkey, document));
  }
  if (!subject_file.empty()) {
    ASSIGN_OR_RETURN(trust.subject, ReadSubjectFile(subject_file));
  }
  return trust;
}

int VerifyMain(const std::vector<std::string>& arguments) {
  std::string vkey_file, secret_file, entry_file, label_key_hex, config_file,
      subject_file;
  std::vector<std::string> monitor_files, files;
  CommandLine command_line(
      "verify --vkey FILE [flags] FILE",
      "Judges one file, known by its first bytes, with the log's verifier key "
      "and nothing\nelse; needs no network and believes nobody:\n"
      "  a receipt (.tlog-proof)  does the leaf stand in the log?\n"
      "  an entry bundle          and what does it say, and who signed it?\n"
      "  a chain bundle           is it all that the log holds about one "
      "resident?\n"
      "  a register proof         is this the newest version of a document, or "
      "is there none?\n"
      "  a conviction             did the log do what an honest log never "
      "does?");
  command_line.Text("vkey", "FILE", "the log's verifier key (log.vkey)",
                    &vkey_file);
  command_line.Text("secret", "FILE",
                    "a receipt's other half, which holds the leaf of an "
                    "access log (default: NAME.secret beside NAME.tlog-proof)",
                    &secret_file);
  command_line.Text("entry", "FILE",
                    "the entry itself, byte for byte, for a receipt of an "
                    "opaque log",
                    &entry_file);
  command_line.Text("config", "FILE",
                    "the log's config (the register document of leaf 0), by "
                    "whose label key the chain's key in a secret is judged",
                    &config_file);
  command_line.Text("label_key", "HEX", "that label key, instead of --config",
                    &label_key_hex);
  command_line.Text("subject_file", "FILE",
                    "whose chain, for the same: the number of the id scheme, a "
                    "space, and the id",
                    &subject_file);
  command_line.Texts("monitor", "FILE",
                     "verifier key of a monitor, whose cosignature vouches for "
                     "the index under a chain bundle; may stand several times",
                     &monitor_files);
  command_line.Require({"vkey"});
  command_line.Operands(1, 1, &files);
  command_line.Epilogue(
      "Exit: 0 true (a conviction: the log is convicted), 1 false, 2 unusable "
      "(a file cannot\nbe read or is not what it should be), 64 the command "
      "line makes no sense.\n\n"
      "  vidimus verify --vkey D/log.vkey receipts/1234.tlog-proof\n"
      "  vidimus verify --vkey log.vkey omission-1234.conviction");
  if (const std::optional<int> exit_code = command_line.Parse(arguments)) {
    return *exit_code;
  }
  if (!secret_file.empty() && !entry_file.empty()) {
    std::fprintf(stderr,
                 "vidimus verify: --secret or --entry, not both: one leaf\n");
    return kExitUsage;
  }
  const auto vkey = ReadFile(vkey_file, kVkeyBytesMax);
  if (!vkey.ok()) return Unusable("verify", vkey.status());
  const auto file = ReadFile(files[0], kEvidenceBytesMax);
  if (!file.ok()) return Unusable("verify", file.status());
  const bool with_entry = !entry_file.empty();
  if (!with_entry && secret_file.empty()) {
    if (KindOfFile(*file) != FileKind::kReceipt) {
      const auto monitors = ReadVkeys(monitor_files);
      if (!monitors.ok()) return Unusable("verify", monitors.status());
      return Say(VerifyEvidence(*vkey, *monitors, *file));
    }
    absl::string_view stem = files[0];
    if (!absl::ConsumeSuffix(&stem, ".tlog-proof")) {
      std::fprintf(stderr,
                   "vidimus verify: which leaf? --secret or --entry is "
                   "missing\n");
      return kExitUsage;
    }
    secret_file = absl::StrCat(stem, ".secret");
  }
  const auto leaf = with_entry ? ReadFile(entry_file, kEntryBytesMax)
                               : ReadPrivateFile(secret_file, kProofBytesMax);
  if (!leaf.ok()) return Unusable("verify", leaf.status());
  if (with_entry) return Say(VerifyWithEntry(*vkey, *file, *leaf));
  const auto trust =
      ReadChainTrust(*vkey, label_key_hex, config_file, subject_file);
  if (!trust.ok()) return Unusable("verify", trust.status());
  return Say(VerifyWithSecret(*vkey, *file, *leaf, *trust));
}

// A checkpoint, or a receipt that holds one.
absl::StatusOr<OlderCheckpoint> ReadOlder(const std::string& path) {
  auto bytes = ReadFile(path, kProofBytesMax);
  if (!bytes.ok()) return bytes.status();
  TlogProof proof;
  if (ParseTlogProof(*bytes, &proof) == Finding::kOk) {
    return OlderCheckpoint{path, proof.checkpoint};
  }
  return OlderCheckpoint{path, *std::move(bytes)};
}

// Says whether a finding convicts the log, and writes the file.
void ShowConviction(const FsckReport& report, const std::string& folder) {
  if (!report.conviction.has_value()) {
    if (!report.no_conviction.empty()) {
      std::printf("no conviction: %s\n", report.no_conviction.c_str());
    }
    return;
  }
  std::printf("convicted: %s\n", report.conviction->sentence.c_str());
  if (folder.empty()) {
    std::printf("--evidence DIR keeps the file that shows it\n");
    return;
  }
  const std::string path = absl::StrCat(folder, "/", report.conviction->name);
  absl::Status status = MakeFolder(folder);
  if (status.ok()) {
    status = WriteFile(path, report.conviction->bytes, 0644, /*sync=*/true);
  }
  if (!status.ok()) {
    Unusable("fsck", status);
  } else {
    std::printf("shown to anybody by: vidimus verify --vkey log.vkey %s\n",
                path.c_str());
  }
}

int FsckMain(const std::vector<std::string>& arguments) {
  std::string vkey_file, ca_file, save, evidence, scratch, face = "auto";
  std::vector<std::string> older_files, operands;
  uint64_t threads = static_cast<uint64_t>(FsckThreads());
  CommandLine command_line(
      "fsck URL|DIR --vkey FILE [flags]",
      "Reads a whole log as a stranger would, from its public paths alone, and "
      "derives\nevery tile, batch and root again; of an access log the "
      "register's documents and the\nindex under each seal too. DIR is a copy "
      "of the paths, file by file. Names the first\ndifference and where it "
      "is, "
      "and where it convicts the log, makes the file that shows\nit to "
      "anybody. "
      "Labels are judged by those they belong to: vidimus resident check.");
  command_line.Text("vkey", "FILE", "the log's verifier key (log.vkey)",
                    &vkey_file);
  command_line.Texts("older", "FILE",
                     "a checkpoint or receipt from before, which the log must "
                     "extend; may stand several times",
                     &older_files);
  command_line.Choice("face", {"auto", "access", "opaque"},
                      "what the entries are (default auto: by leaf 0)", &face);
  command_line.Text("ca", "FILE", "authority to believe, for an https URL",
                    &ca_file);
  command_line.Text("save", "DIR",
                    "keep what was read as files there: a copy that fsck takes "
                    "as DIR",
                    &save);
  command_line.Text("evidence", "DIR",
                    "where the file that convicts the log goes; made if it is "
                    "not there",
                    &evidence);
  command_line.Text("scratch", "DIR",
                    "where the keys of an access log lie meanwhile, 40 bytes "
                    "a leaf (default: in memory)",
                    &scratch);
  command_line.Number("threads", "N",
                      "that fetch and judge (default: one for each core, 4 at "
                      "least)",
                      1, 64, &threads);
  command_line.Require({"vkey"});
  command_line.Operands(1, 1, &operands);
  command_line.Epilogue(
      "Exit: 0 sound, 1 something differs, 2 something could not be had, 64 "
      "the command\nline makes no sense.\n\n"
      "  vidimus fsck https://log.example/helsinki/2026h2 --vkey log.vkey");
  if (const std::optional<int> exit_code = command_line.Parse(arguments)) {
    return *exit_code;
  }
  FsckOptions options;
  auto log_key = ReadVkey(vkey_file);
  if (!log_key.ok()) return Unusable("fsck", log_key.status());
  options.log_key = *std::move(log_key);
  options.threads = static_cast<int>(threads);
  options.scratch_folder = scratch;
  if (face == "access") options.face = FsckOptions::Face::kAccess;
  if (face == "opaque") options.face = FsckOptions::Face::kOpaque;
  for (const std::string& file : older_files) {
    auto older = ReadOlder(file);
    if (!older.ok()) return Unusable("fsck", older.status());
    options.older.push_back(*std::move(older));
  }
  const auto ca_pem = ReadAuthorities(ca_file);
  if (!ca_pem.ok()) return Unusable("fsck", ca_pem.status());
  auto fetcher = NewFetcher(operands[0], *ca_pem);
  if (!fetcher.ok()) return Unusable("fsck", fetcher.status());
  if (!save.empty()) fetcher = NewSavingFetcher(*std::move(fetcher), save);
  ProgressLine progress;
  options.progress = [&](uint64_t leaves, uint64_t size) {
    if (!progress.Due()) return;
    progress.Show(
        absl::StrCat("  ", Grouped(leaves), " of ", Grouped(size), " leaves"));
  };
  const FsckReport report = Fsck(fetcher->get(), options);
  progress.Clear();
  if (report.exit_code != kExitTrue) {
    std::printf("%s: %s\n",
                report.exit_code == kExitFalse ? "NOT SOUND" : "not checked",
                report.message.c_str());
    if (report.exit_code == kExitFalse) ShowConviction(report, evidence);
    return report.exit_code;
  }
  std::string sentence = absl::StrCat(
      "sound: ", Grouped(report.head.size), " leaves of ",
      report.access_log ? "an access log" : "an opaque log", ", ",
      Grouped(report.bundles), " bundles, ", Grouped(report.tiles), " tiles");
  if (report.access_log) {
    absl::StrAppend(&sentence, ", ", Grouped(report.batches), " batches, ",
                    Grouped(report.documents), " register documents");
  }
  if (report.spare_partials > 0) {
    absl::StrAppend(&sentence, ", ", Grouped(report.spare_partials),
                    " partial tiles of earlier sizes");
  }
  if (!options.older.empty()) {
    absl::StrAppend(
        &sentence, "; it extends ", options.older.size(),
        options.older.size() == 1 ? " older checkpoint" : " older checkpoints");
  }
  std::printf("%s\n", sentence.c_str());
  return kExitTrue;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(kHelp, stderr);
    return kExitUsage;
  }
  const std::string& verb = words[0];
  const std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (verb == "access") return AccessMain(arguments);
  if (verb == "submit") return SubmitMain(arguments);
  if (verb == "verify") return VerifyMain(arguments);
  if (verb == "fsck") return FsckMain(arguments);
  if (verb == "monitor") return MonitorMain(arguments);
  if (verb == "resident") return ResidentMain(arguments);
  if (verb == "receipt") return ReceiptMain(arguments);
  if (verb == "load") return LoadMain(arguments);
  if (verb == "consent") return ConsentMain(arguments);
  if (verb == "wallet") return WalletMain(arguments);
  if (verb == "identity") return IdentityMain(arguments);
  if (verb == "--help" || verb == "-h" || verb == "help") {
    std::fputs(kHelp, stdout);
    return kExitTrue;
  }
  std::fprintf(stderr, "vidimus: there is no verb %s\n\n%s", verb.c_str(),
               kHelp);
  return kExitUsage;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  // gRPC logs each failed connection; our messages say what matters of it.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  return vidimus::Main(std::vector<std::string>(argv + 1, argv + argc));
}
