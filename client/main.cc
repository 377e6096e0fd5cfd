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
#include "client/client.h"
#include "client/command_line.h"
#include "client/door.h"
#include "client/fetcher.h"
#include "client/file.h"
#include "client/fsck.h"
#include "client/load.h"
#include "client/resident.h"
#include "client/submit.h"
#include "client/terminal.h"
#include "client/verify.h"
#include "verifier/tile.h"
#include "verifier/tlog_proof.h"

namespace vidimus {
namespace {

constexpr const char kHelp[] =
    R"(Vidimus: talk to a log, and check what it says.

  vidimus submit ...      lines in, receipts out; nothing lost on the way
  vidimus verify ...      is this receipt true?
  vidimus resident check  is everything there that a log holds about me?
  vidimus fsck URL|DIR    is this whole log what its checkpoint says?
  vidimus load ...        how fast is it, and are its answers true?

  vidimus VERB --help     what a verb takes

Everything is judged by the log's verifier key alone (log.vkey): what a log
serves is never believed.
)";

constexpr size_t kVkeyBytesMax = 4096;
constexpr size_t kProofBytesMax = size_t{1} << 20;

int Unusable(const char* verb, const absl::Status& status) {
  std::fprintf(stderr, "vidimus %s: %s\n", verb,
               std::string(status.message()).c_str());
  return kExitUnusable;
}

// Prints the sentence; returns the exit code.
int VerifyMain(const std::vector<std::string>& arguments) {
  std::string vkey_file, secret_file, entry_file;
  std::vector<std::string> files;
  CommandLine command_line(
      "verify --vkey FILE [--secret FILE | --entry FILE] FILE",
      "Judges one receipt: does FILE (a .tlog-proof) show that the leaf stands "
      "in the\nlog? Needs no network and believes nobody. Prints one "
      "sentence.");
  command_line.Text("vkey", "FILE", "the log's verifier key (log.vkey)",
                    &vkey_file);
  command_line.Text("secret", "FILE",
                    "the receipt's other half, which holds the leaf of an "
                    "access log (default: NAME.secret beside NAME.tlog-proof)",
                    &secret_file);
  command_line.Text("entry", "FILE",
                    "the entry itself, byte for byte, for an opaque log",
                    &entry_file);
  command_line.Require({"vkey"});
  command_line.Operands(1, 1, &files);
  command_line.Epilogue(
      "Exit: 0 true, 1 false, 2 unusable (a file cannot be read or is not what "
      "it should\nbe), 64 the command line makes no sense.\n\n"
      "  vidimus verify --vkey D/log.vkey receipts/1234.tlog-proof");
  if (const std::optional<int> exit_code = command_line.Parse(arguments)) {
    return *exit_code;
  }
  if (!secret_file.empty() && !entry_file.empty()) {
    std::fprintf(stderr,
                 "vidimus verify: --secret or --entry, not both: one leaf\n");
    return kExitUsage;
  }
  if (secret_file.empty() && entry_file.empty()) {
    absl::string_view stem = files[0];
    if (!absl::ConsumeSuffix(&stem, ".tlog-proof")) {
      std::fprintf(stderr,
                   "vidimus verify: which leaf? --secret or --entry is "
                   "missing\n");
      return kExitUsage;
    }
    secret_file = absl::StrCat(stem, ".secret");
  }
  const auto vkey = ReadFile(vkey_file, kVkeyBytesMax);
  if (!vkey.ok()) return Unusable("verify", vkey.status());
  const auto proof = ReadFile(files[0], kProofBytesMax);
  if (!proof.ok()) return Unusable("verify", proof.status());
  const bool with_entry = !entry_file.empty();
  const auto leaf = with_entry ? ReadFile(entry_file, kEntryBytesMax)
                               : ReadPrivateFile(secret_file, kProofBytesMax);
  if (!leaf.ok()) return Unusable("verify", leaf.status());
  const Judgement judgement = with_entry
                                  ? VerifyWithEntry(*vkey, *proof, *leaf)
                                  : VerifyWithSecret(*vkey, *proof, *leaf);
  std::printf("%s\n", judgement.sentence.c_str());
  return judgement.exit_code;
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

int FsckMain(const std::vector<std::string>& arguments) {
  std::string vkey_file, ca_file, save, face = "auto";
  std::vector<std::string> older_files, operands;
  uint64_t threads = 4;
  CommandLine command_line(
      "fsck URL|DIR --vkey FILE [flags]",
      "Reads a whole log as a stranger would, from its public paths alone, and "
      "derives\nevery tile, seal and root again; of an access log the "
      "register's documents too.\nDIR is a copy of the paths, file by file. "
      "Names the first difference and where it\nis. Index roots and labels are "
      "not judged yet.");
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
  command_line.Number("threads", "N", "that fetch (default 4)", 1, 64,
                      &threads);
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
  if (face == "access") options.face = FsckOptions::Face::kAccess;
  if (face == "opaque") options.face = FsckOptions::Face::kOpaque;
  for (const std::string& file : older_files) {
    auto older = ReadOlder(file);
    if (!older.ok()) return Unusable("fsck", older.status());
    options.older.push_back(*std::move(older));
  }
  std::string ca_pem;
  if (!ca_file.empty()) {
    auto pem = ReadFile(ca_file, kProofBytesMax);
    if (!pem.ok()) return Unusable("fsck", pem.status());
    ca_pem = *std::move(pem);
  }
  auto fetcher = NewFetcher(operands[0], ca_pem);
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
  if (verb == "submit") return SubmitMain(arguments);
  if (verb == "verify") return VerifyMain(arguments);
  if (verb == "fsck") return FsckMain(arguments);
  if (verb == "resident") return ResidentMain(arguments);
  if (verb == "load") return LoadMain(arguments);
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
