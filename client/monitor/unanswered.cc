#include "client/monitor/unanswered.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/encoding.h"
#include "verifier/finding.h"

namespace vidimus {
namespace {

constexpr std::string_view kFirstLine = "vidimus/v1 asked, not answered";

bool IsWord(const std::string& text) {
  return !text.empty() && text.size() <= kUnansweredWordBytesMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

absl::Status NotOne(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("not an \"asked, not answered\" statement: ", why));
}

// Takes the line "<name> <value>".
bool TakeField(std::string_view* rest, std::string_view name,
               std::string* value) {
  std::string_view line;
  if (!TakeLine(rest, &line) || line.size() <= name.size() ||
      line.substr(0, name.size()) != name || line[name.size()] != ' ') {
    return false;
  }
  *value = std::string(line.substr(name.size() + 1));
  return true;
}

}  // namespace

absl::Status ValidateUnanswered(const Unanswered& statement) {
  if (!ValidOrigin(statement.origin)) return NotOne("its log has no origin");
  if (!IsWord(statement.asked)) return NotOne("it does not say what was asked");
  if (!IsWord(statement.of)) return NotOne("it does not say of whom");
  if (statement.since_s > statement.until_s) {
    return NotOne("it ends before it begins");
  }
  return absl::OkStatus();
}

std::string FormatUnanswered(const Unanswered& statement) {
  return absl::StrCat(std::string(kFirstLine), "\nlog ", statement.origin,
                      "\nasked ", statement.asked, "\nof ", statement.of,
                      "\nsince ", statement.since_s, "\nuntil ",
                      statement.until_s, "\n");
}

absl::StatusOr<Unanswered> ParseUnanswered(absl::string_view text) {
  std::string_view rest(text.data(), text.size());
  std::string_view first;
  if (!TakeLine(&rest, &first) || first != kFirstLine) {
    return NotOne("its first line");
  }
  Unanswered statement;
  std::string since, until;
  if (!TakeField(&rest, "log", &statement.origin) ||
      !TakeField(&rest, "asked", &statement.asked) ||
      !TakeField(&rest, "of", &statement.of) ||
      !TakeField(&rest, "since", &since) ||
      !TakeField(&rest, "until", &until) || !rest.empty()) {
    return NotOne("it is not log, asked, of, since, until");
  }
  if (!DecimalDecode(since, &statement.since_s) ||
      !DecimalDecode(until, &statement.until_s)) {
    return NotOne("a time is no number");
  }
  RETURN_IF_ERROR(ValidateUnanswered(statement));
  return statement;
}

absl::StatusOr<std::string> SignUnanswered(const Unanswered& statement,
                                           const NoteSigner& signer) {
  RETURN_IF_ERROR(ValidateUnanswered(statement));
  const std::string text = FormatUnanswered(statement);
  std::string line;
  if (!signer.Sign(text, statement.until_s, &line)) {
    return absl::UnavailableError(absl::StrCat(
        "the key ", signer.key().name,
        " can't sign now: what was not answered is not said publicly"));
  }
  return JoinNote(text, {line});
}

absl::StatusOr<Unanswered> OpenUnanswered(absl::string_view note,
                                          const VerifierKey& monitor) {
  OpenedNote opened;
  const Finding finding =
      OpenNote({note.data(), note.size()}, {monitor}, &opened);
  if (finding != Finding::kOk) return NotOne(FindingSentence(finding));
  return ParseUnanswered(
      absl::string_view(opened.text.data(), opened.text.size()));
}

}  // namespace vidimus
