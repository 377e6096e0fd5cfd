#include "log/vault_verb.h"

#include <stdio.h>

#include <algorithm>
#include <iterator>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "log/flags.h"
#include "log/folder.h"
#include "log/operator.pb.h"
#include "log/operator_socket.h"
#include "proto/status.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

using vault::OperatorAnswer;
using vault::OperatorRequest;

constexpr size_t kSubjectFileBytesMax = 4096;

constexpr struct {
  const char* word;
  OperatorRequest::Verb verb;
  const char* help;
} kVerbs[] = {
    {"status", OperatorRequest::STATUS,
     "tells what befell entries; without any, how the vault is"},
    {"erase", OperatorRequest::ERASE,
     "destroys what entries say; they still count"},
    {"withhold", OperatorRequest::WITHHOLD,
     "shows entries to nobody before a date"},
    {"restrict", OperatorRequest::RESTRICT, "keeps entries without use"},
    {"lift", OperatorRequest::LIFT, "ends a restriction"},
    {"hold", OperatorRequest::HOLD,
     "keeps entries from erasure while a dispute is under way"},
    {"release", OperatorRequest::RELEASE, "ends a hold"},
    {"sweep", OperatorRequest::SWEEP,
     "erases what is past the date in its record, now"},
    {"rotate", OperatorRequest::ROTATE,
     "takes a new vault key and destroys the old one"},
};

struct Words {
  std::string dir;
  std::vector<std::string> entries;
  std::string subject_file, administration;
  std::string ground, authority, provision, until, statement;
  bool dry_run = false;
};

// The whole file; "-" is standard input.
absl::StatusOr<std::string> ReadSubject(const std::string& path) {
  FILE* const file = path == "-" ? stdin : fopen(path.c_str(), "re");
  if (file == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("--subject_file ", path, " can't be opened"));
  }
  char buffer[kSubjectFileBytesMax];
  const size_t size = fread(buffer, 1, sizeof(buffer), file);
  if (file != stdin) fclose(file);
  std::string subject;
  if (!HexDecode(std::string(absl::StripAsciiWhitespace({buffer, size})),
                 &subject) ||
      subject.empty()) {
    return absl::InvalidArgumentError(
        "the subject's file must hold its scheme and id in hexadecimal digits, "
        "as records do: 01 and then the id's bytes");
  }
  return subject;
}

absl::StatusOr<uint64_t> ParseTime(const std::string& text) {
  uint64_t seconds = 0;
  if (absl::SimpleAtoi(text, &seconds)) return seconds;
  absl::Time time;
  std::string error;
  if (absl::ParseTime("%Y-%m-%d", text, &time, &error) ||
      absl::ParseTime(absl::RFC3339_sec, text, &time, &error)) {
    const int64_t unix_s = absl::ToUnixSeconds(time);
    if (unix_s > 0) return static_cast<uint64_t>(unix_s);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--until ", text,
      " is no date: 2027-01-31 (UTC), 2027-01-31T12:00:00Z or POSIX seconds"));
}

absl::StatusOr<OperatorRequest> MakeRequest(OperatorRequest::Verb verb,
                                            const Words& words) {
  OperatorRequest request;
  request.set_verb(verb);
  for (const std::string& given : words.entries) {
    for (const absl::string_view one : absl::StrSplit(given, ',')) {
      uint64_t leaf_index = 0;
      if (!absl::SimpleAtoi(one, &leaf_index)) {
        return absl::InvalidArgumentError(
            absl::StrCat("--entry ", one, " is no leaf index"));
      }
      request.add_leaf_index(leaf_index);
    }
  }
  if (!words.subject_file.empty()) {
    uint32_t administration = 0;
    if (!absl::SimpleAtoi(words.administration, &administration)) {
      return absl::InvalidArgumentError(
          "--subject_file names a resident: say with --administration NUMBER "
          "whose chain with them");
    }
    request.set_administration(administration);
    ASSIGN_OR_RETURN(*request.mutable_subject(),
                     ReadSubject(words.subject_file));
  }
  request.set_ground(words.ground);
  request.set_authority(words.authority);
  if (!words.provision.empty()) {
    uint32_t provision = 0;
    if (!absl::SimpleAtoi(words.provision, &provision)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--provision ", words.provision, " is no number"));
    }
    request.set_provision(provision);
  }
  if (!words.until.empty()) {
    ASSIGN_OR_RETURN(const uint64_t until_s, ParseTime(words.until));
    request.set_until_s(until_s);
  }
  if (!words.statement.empty() &&
      !HexDecode(words.statement, request.mutable_statement_id())) {
    return absl::InvalidArgumentError("--statement must be hexadecimal digits");
  }
  request.set_dry_run(words.dry_run);
  return request;
}

std::string Date(uint64_t posix_s) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ",
                          absl::FromUnixSeconds(static_cast<int64_t>(posix_s)),
                          absl::UTCTimeZone());
}

void Print(const OperatorRequest& request, const OperatorAnswer& answer) {
  uint64_t changed = 0;
  for (const OperatorAnswer::Entry& entry : answer.entries()) {
    changed += entry.changed() ? 1 : 0;
    std::string line =
        absl::StrCat("leaf ", entry.leaf_index(), ": ", entry.state());
    if (entry.until_s() > 0) {
      absl::StrAppend(&line, " until ", Date(entry.until_s()));
    }
    if (entry.has_notice()) {
      absl::StrAppend(&line, ", notice ", entry.notice(), " of its chain");
    }
    if (entry.held()) absl::StrAppend(&line, ", held");
    if (request.verb() == OperatorRequest::STATUS &&
        entry.state() != "erased") {
      absl::StrAppend(&line, ", kept until ", Date(entry.keep_until_s()));
    }
    if (!entry.why_not().empty()) {
      absl::StrAppend(&line, " (not changed: ", entry.why_not(), ")");
    }
    printf("%s\n", line.c_str());
  }
  if (request.verb() != OperatorRequest::STATUS && answer.entries_size() > 0) {
    printf(request.dry_run() ? "%llu of %d entries would be changed\n"
                             : "%llu of %d entries changed\n",
           static_cast<unsigned long long>(changed), answer.entries_size());
  }
  if (answer.entries_size() == 0) {
    printf(
        "size %llu\nkeys destroyed %llu\nkeys to be destroyed %llu\n"
        "entries held %llu\nrotation %s\n",
        static_cast<unsigned long long>(answer.size()),
        static_cast<unsigned long long>(answer.keys_destroyed()),
        static_cast<unsigned long long>(answer.keys_pending()),
        static_cast<unsigned long long>(answer.entries_held()),
        answer.rotating() ? "under way" : "none");
  }
}

void PrintHelp(FILE* out) {
  fprintf(out,
          "vidimus log vault VERB --dir D [flags]: the running log's "
          "vault.\n\n");
  for (const auto& one : kVerbs) {
    fprintf(out, "  %-9s %s\n", one.word, one.help);
  }
  fprintf(out, "\n`vidimus log vault VERB --help` tells the flags.\n");
}

}  // namespace

int VaultVerb(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "help") {
    PrintHelp(words.empty() ? stderr : stdout);
    return words.empty() ? 2 : 0;
  }
  const auto* const verb =
      std::find_if(std::begin(kVerbs), std::end(kVerbs),
                   [&](const auto& one) { return words[0] == one.word; });
  if (verb == std::end(kVerbs)) {
    fprintf(stderr, "vidimus-log: no verb \"vault %s\"\n", words[0].c_str());
    PrintHelp(stderr);
    return 2;
  }
  Words given;
  Flags flags;
  flags.Add("dir", "D", "The log's folder; a server must be running on it.",
            &given.dir);
  const bool whole = verb->verb == OperatorRequest::ROTATE ||
                     verb->verb == OperatorRequest::SWEEP;
  if (!whole) {
    flags.Add("entry", "LEAF",
              "The leaf index of an entry, as its receipt has it; several "
              "times, or several with commas between them. Either all are "
              "changed or none.",
              &given.entries);
    flags.Add("subject_file", "FILE",
              "Instead of entries: all accesses of one chain. The file (- is "
              "standard input) holds the resident's scheme and id in "
              "hexadecimal digits; they are never given on a command line.",
              &given.subject_file);
    flags.Add("administration", "NUMBER", "With --subject_file: whose chain.",
              &given.administration);
  }
  const bool notice = verb->verb == OperatorRequest::ERASE ||
                      verb->verb == OperatorRequest::WITHHOLD ||
                      verb->verb == OperatorRequest::RESTRICT ||
                      verb->verb == OperatorRequest::LIFT;
  if (notice) {
    flags.Add("ground", "TEXT",
              "On what ground, in one line. It stands in the resident's chain "
              "for ever: name a rule, not a person.",
              &given.ground);
    flags.Add("authority", "TEXT", "Who decided, likewise.", &given.authority);
    flags.Add("provision", "NUMBER",
              "The provision of the register that allows it.",
              &given.provision);
  }
  if (verb->verb == OperatorRequest::WITHHOLD) {
    flags.Add("until", "DATE", "From this date on it is shown again.",
              &given.until);
  }
  if (verb->verb == OperatorRequest::ERASE) {
    flags.Add("statement", "HEX",
              "The id of the resident's signed wish, which allows an erasure "
              "before keep_min: the id of a withdrawal in its chain",
              &given.statement);
  }
  flags.Add("dry_run", "Tells what would be done, and does nothing.",
            &given.dry_run);
  if (std::find(words.begin(), words.end(), "--help") != words.end()) {
    printf("vidimus log vault %s --dir D [flags]: %s.\n\n%s\n%s", verb->word,
           verb->help, flags.Describe().c_str(),
           "Exit: 0 done, 1 refused or failed (the message says why), 2 wrong "
           "flags.\n");
    return 0;
  }
  const auto run = [&]() -> absl::Status {
    RETURN_IF_ERROR(flags.Parse({words.begin() + 1, words.end()}));
    if (given.dir.empty()) {
      return absl::InvalidArgumentError("vault needs --dir; see --help");
    }
    ASSIGN_OR_RETURN(const OperatorRequest request,
                     MakeRequest(verb->verb, given));
    const LogFolder folder{given.dir};
    ASSIGN_OR_RETURN(
        const OperatorAnswer answer,
        AskOperatorSocket(folder.path, LogFolder::kOperatorSocket, request));
    Print(request, answer);
    return absl::OkStatus();
  };
  const absl::Status status = run();
  if (status.ok()) return 0;
  fprintf(stderr, "vidimus-log: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace vidimus
