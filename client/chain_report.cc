#include "client/chain_report.h"

#include <cstdint>
#include <ctime>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/terminal.h"
#include "verifier/chain_history.h"
#include "verifier/es256.h"
#include "verifier/register.h"
#include "verifier/verdict.h"

namespace vidimus {
namespace {

std::string Time(uint64_t time_s) {
  const auto seconds = static_cast<std::time_t>(
      time_s < uint64_t{1} << 40 ? time_s : uint64_t{0});
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &utc);
  return text;
}

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

Phrase OperationPhrase(uint32_t operation) {
  constexpr Phrase kOperations[] = {Phrase::kUsed,    Phrase::kRead,
                                    Phrase::kCreated, Phrase::kUpdated,
                                    Phrase::kDeleted, Phrase::kExecuted};
  return kOperations[operation < std::size(kOperations) ? operation : 0];
}

// Whether a file proves too little for whoever names no monitor of its head
// that they believe, and nothing that is wrong.
bool NeedsAMonitor(Finding finding) {
  return finding == Finding::kPresenceUnproven;
}

class Reporter {
 public:
  Reporter(const ChainsReport& report, const Unanswered& unanswered,
           const std::vector<JudgedChain>& judged, Language language)
      : report_(report),
        unanswered_(unanswered),
        judged_(judged),
        language_(language) {}

  ChainJudgement Report() {
    for (const ChainReport& chain : report_.chains) AddChain(chain);
    ChainJudgement judgement;
    judgement.exit_code = wrong_ > 0        ? kExitFalse
                          : incomplete_ > 0 ? kExitUnusable
                                            : kExitTrue;
    judgement.text = absl::StrCat(
        Headline(), "\n  ",
        Tell(Phrase::kHeadOf, {Printable(report_.checkpoint.origin),
                               Grouped(report_.checkpoint.head.size),
                               Time(report_.seal_time_s)}),
        "\n", body_);
    AddUnchecked(&judgement.text);
    return judgement;
  }

 private:
  std::string Tell(Phrase phrase,
                   const std::vector<std::string>& values = {}) const {
    return Say(language_, phrase, values);
  }

  std::string Plural(uint64_t count, Phrase one, Phrase many) const {
    return Tell(count == 1 ? one : many, {Grouped(count)});
  }

  std::string Headline() const {
    const std::string counted =
        Tell(Phrase::kCounted,
             {Plural(accesses_, Phrase::kAccessOne, Phrase::kAccessMany),
              Plural(administrations_, Phrase::kAdministrationOne,
                     Phrase::kAdministrationMany),
              Grouped(report_.proven_register.administrations.size())});
    if (wrong_ > 0) {
      return Tell(
          Phrase::kCheckWrong,
          {counted, Plural(wrong_, Phrase::kThingOne, Phrase::kThingMany)});
    }
    if (incomplete_ > 0) {
      return Tell(Phrase::kCheckIncomplete,
                  {counted,
                   Plural(incomplete_, Phrase::kChainOne, Phrase::kChainMany)});
    }
    return Tell(report_.monitors == 0 ? Phrase::kCheckNobodyVouches
                                      : Phrase::kCheckNoneMissing,
                {counted});
  }

  std::string NameOf(uint32_t administration) const {
    if (administration == kSelf) return Tell(Phrase::kOwnChain);
    const Administration* registered = report_.Registered(administration);
    return absl::StrCat(
        administration, " ",
        registered == nullptr
            ? "?"
            : TextOf(registered->names, LanguageCode(language_)));
  }

  const JudgedChain* JudgedOf(uint32_t administration) const {
    for (const JudgedChain& chain : judged_) {
      if (chain.administration == administration) return &chain;
    }
    return nullptr;
  }

  void AddChain(const ChainReport& chain) {
    const std::string name = NameOf(chain.administration);
    if (chain.finding != Finding::kOk) {
      AddIncomplete(name, chain);
      return;
    }
    const uint64_t count = chain.entries.size();
    absl::StrAppend(
        &body_, "\n",
        Tell(report_.monitors > 0 ? Phrase::kChainCount : Phrase::kChainFound,
             {name, Grouped(count), Grouped(report_.checkpoint.head.size)}),
        "\n");
    const JudgedChain* judged = JudgedOf(chain.administration);
    uint64_t accesses = 0;
    for (uint64_t i = 0; i < count; ++i) {
      const EntryReport& entry = chain.entries[i];
      absl::StrAppend(&body_, "  ", i, "  ", Line(entry), VerdictOn(judged, i),
                      "\n");
      const bool other = entry.opened.kind == RecordContent::kNotice ||
                         entry.opened.kind == RecordContent::kStatement;
      if (!other) ++accesses;
      if (entry.opened.finding != Finding::kOk) ++wrong_;
      switch (entry.opened.content) {
        case Content::kWithheld:
        case Content::kRestricted:
        case Content::kErased:
          unchecked_.push_back(
              Tell(Phrase::kClosedNotChecked,
                   {name, absl::StrCat(i),
                    SayHeadline(language_, HeadlineOf(entry.opened.content))}));
          break;
        default:
          break;
      }
    }
    accesses_ += accesses;
    if (accesses > 0) ++administrations_;
    if (accesses > 0 && judged != nullptr &&
        judged->gap.finding != Finding::kOk) {
      unchecked_.push_back(Tell(Phrase::kVerdictsNotChecked,
                                {name, FindingSentence(judged->gap.finding)}));
    }
    const Administration* registered = report_.Registered(chain.administration);
    if (registered == nullptr) return;
    for (const SourceSystem& system : registered->source_systems) {
      if (system.connected) continue;
      const std::string called = TextOf(system.names, LanguageCode(language_));
      unchecked_.push_back(
          Tell(Phrase::kSystemNotChecked,
               {name, called.empty() ? Printable(View(system.id)) : called}));
    }
  }

  // Of content that is closed.
  static vidimus::Headline HeadlineOf(Content content) {
    return content == Content::kWithheld     ? vidimus::Headline::kWithheld
           : content == Content::kRestricted ? vidimus::Headline::kRestricted
                                             : vidimus::Headline::kErased;
  }

  std::string VerdictOn(const JudgedChain* judged, uint64_t entry) const {
    if (judged == nullptr || judged->gap.finding != Finding::kOk) return "";
    for (const Verdict& verdict : judged->verdicts.verdicts) {
      if (verdict.entry != entry) continue;
      if (verdict.content != Content::kOpen) return "";
      std::string text =
          absl::StrCat("  [", SayHeadline(language_, verdict.headline));
      if (verdict.failed != Dimension::kNone) {
        absl::StrAppend(&text, ": ", SayDimension(language_, verdict.failed));
      }
      return text + "]";
    }
    return "";
  }

  void AddIncomplete(const std::string& name, const ChainReport& chain) {
    if (chain.finding == Finding::kChainMissing ||
        NeedsAMonitor(chain.finding)) {
      ++incomplete_;
      std::string why = NeedsAMonitor(chain.finding)
                            ? FindingSentence(chain.finding)
                            : Tell(Phrase::kChainNotShown);
      for (const auto& [administration, reason] : unanswered_) {
        if (administration == chain.administration) {
          why = Tell(Phrase::kChainNoAnswer, {Printable(reason)});
        }
      }
      absl::StrAppend(&body_, "\n", Tell(Phrase::kChainNotChecked, {name}),
                      "\n");
      unchecked_.push_back(absl::StrCat(name, ": ", why));
      return;
    }
    ++wrong_;
    absl::StrAppend(&body_, "\n",
                    Tell(Phrase::kChainNotComplete,
                         {name, FindingSentence(chain.finding)}));
    if (chain.entry.has_value()) {
      absl::StrAppend(&body_, " ",
                      Tell(Phrase::kOfEntry, {absl::StrCat(*chain.entry)}));
    }
    absl::StrAppend(&body_, "\n");
  }

  std::string Line(const EntryReport& entry) const {
    const OpenedEntry& opened = entry.opened;
    const std::string notice = absl::StrCat(entry.notice);
    switch (opened.content) {
      case Content::kOpen:
        break;
      case Content::kWithheld:
        return Tell(Phrase::kWithheldUntil, {Time(entry.until_s), notice});
      case Content::kRestricted:
        return Tell(Phrase::kRestrictedBy, {notice});
      case Content::kErased:
        return Tell(Phrase::kErasedBy, {notice});
      case Content::kMissing:
        return Tell(Phrase::kMissing, {FindingSentence(opened.finding)});
      case Content::kForged:
        return Tell(Phrase::kForged, {FindingSentence(opened.finding)});
    }
    if (opened.kind == RecordContent::kNotice) return NoticeLine(opened.notice);
    if (opened.kind == RecordContent::kStatement) {
      return Tell(Phrase::kStatementEntry,
                  {SayEvent(language_, opened.statement.event)});
    }
    if (opened.kind != RecordContent::kAccess) {
      return Tell(Phrase::kUnreadableEntry, {FindingSentence(opened.finding)});
    }
    return AccessLine(opened, language_);
  }

  std::string NoticeLine(const Notice& notice) const {
    const std::string grounds = Tell(
        Phrase::kDecidedBy,
        {Printable(View(notice.ground)), Printable(View(notice.authority))});
    const std::string entry = absl::StrCat(notice.entry);
    std::string said;
    switch (notice.event) {
      case NoticeEvent::kKeyFetch:
        said = Tell(Phrase::kKeyFetched,
                    {NameOf(notice.fetched_by),
                     absl::StrCat(notice.chain_administration)});
        break;
      case NoticeEvent::kErasure:
        said = Tell(Phrase::kNoticeErased, {entry, grounds});
        break;
      case NoticeEvent::kWithholding:
        said = Tell(Phrase::kNoticeWithheld,
                    {entry, Time(notice.until_s), grounds});
        break;
      case NoticeEvent::kRestriction:
        said = Tell(notice.lifted ? Phrase::kNoticeUnrestricted
                                  : Phrase::kNoticeRestricted,
                    {entry, grounds});
    }
    return absl::StrCat(Time(notice.at_s), "  ", Tell(Phrase::kNotice, {said}));
  }

  void AddUnchecked(std::string* text) const {
    if (report_.monitors == 0 || !unchecked_.empty()) {
      absl::StrAppend(text, "\n", Tell(Phrase::kNotCheckedHeading), "\n");
    }
    if (report_.monitors == 0) {
      absl::StrAppend(text, "  ", Tell(Phrase::kIndexNotChecked), "\n");
    }
    for (const std::string& line : unchecked_) {
      absl::StrAppend(text, "  ", line, "\n");
    }
  }

  const ChainsReport& report_;
  const Unanswered& unanswered_;
  const std::vector<JudgedChain>& judged_;
  const Language language_;
  std::string body_;
  std::vector<std::string> unchecked_;
  uint64_t accesses_ = 0;
  uint64_t administrations_ = 0;
  uint64_t wrong_ = 0;
  uint64_t incomplete_ = 0;
};

// Where in a bundle that is refused as a whole.
std::string PlaceOf(const ChainsReport& report) {
  if (std::string_view(report.part) != "register") return report.part;
  const RegisterId& id = report.document.id;
  std::string place =
      absl::StrCat("register: ",
                   id.type == RegisterType::kConfig
                       ? "config"
                       : absl::StrCat("administration ", id.number),
                   ", version ", id.version);
  if (report.document.field != nullptr) {
    absl::StrAppend(&place, ", ", report.document.field);
  }
  return place;
}

// Whether the file cannot be judged, as against being judged false.
bool IsUnusable(Finding finding, const ChainsReport& report) {
  return std::string_view(report.part) == "file" || NeedsAMonitor(finding);
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = [&](size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
    };
    size_t bytes = 0;  // of a character that is not printed
    if (byte < 0x20 || byte == 0x7f) {
      bytes = 1;
    } else if (byte == 0xc2 && next(1) < 0xa0) {  // U+0080 to U+009F
      bytes = 2;
    } else if (byte == 0xd8 && next(1) == 0x9c) {  // U+061C, Arabic mark
      bytes = 2;
    } else if (byte == 0xe2 &&
               ((next(1) == 0x80 && ((next(2) >= 0x8e && next(2) <= 0x8f) ||
                                     (next(2) >= 0xa8 && next(2) <= 0xae))) ||
                (next(1) == 0x81 && next(2) >= 0xa6 && next(2) <= 0xa9))) {
      bytes = 3;
    }
    if (bytes == 0) {
      out.push_back(text[i]);
    } else {
      out.push_back('?');
      i += bytes - 1;
    }
  }
  return out;
}

std::string TextOf(const std::vector<LocalizedText>& texts,
                   absl::string_view language) {
  const LocalizedText* best = texts.empty() ? nullptr : &texts[0];
  for (const LocalizedText& text : texts) {
    if (View(text.language) == language) return Printable(View(text.text));
    if (text.language == "en") best = &text;
  }
  return best == nullptr ? "" : Printable(View(best->text));
}

std::string AccessLine(const OpenedEntry& opened, Language language) {
  const AccessRecord& access = opened.access;
  const std::string categories =
      absl::StrJoin(access.data_categories, ", ",
                    [](std::string* out, std::string_view category) {
                      out->append(Printable(View(category)));
                    });
  std::string basis = Printable(View(access.legal_bases[0].basis));
  if (!access.legal_bases[0].citation.empty()) {
    absl::StrAppend(&basis, " (",
                    Printable(View(access.legal_bases[0].citation)), ")");
  }
  std::string line =
      absl::StrCat(Time(access.occurred_at_ms / 1000), "  ",
                   Say(language, Phrase::kAccessLine,
                       {PhraseText(language, OperationPhrase(access.operation)),
                        categories, Printable(View(access.purpose)), basis}));
  if (!opened.actor.id.empty()) {
    line += Say(language, Phrase::kWhoIs, {Printable(View(opened.actor.id))});
  }
  if (opened.finding != Finding::kOk) {
    line += Say(language, Phrase::kWhoIsUnreadable,
                {FindingSentence(opened.finding)});
  }
  return line;
}

ChainJudgement ReportChains(Finding finding, const ChainsReport& report,
                            const Unanswered& unanswered, Language language) {
  if (finding == Finding::kOk) {
    return Reporter(report, unanswered,
                    JudgeAccesses(report, Es256VerifyNative), language)
        .Report();
  }
  const bool unusable = IsUnusable(finding, report);
  return {unusable ? kExitUnusable : kExitFalse,
          absl::StrCat(unusable ? "unusable: " : "NOT SO: ", PlaceOf(report),
                       ": ", FindingSentence(finding), "\n")};
}

ChainJudgement JudgeChainFile(const VerifierKey& log_key,
                              const std::vector<VerifierKey>& monitors,
                              absl::string_view bundle) {
  ChainsReport report;
  const Finding finding = JudgeChainBundle({bundle.data(), bundle.size()},
                                           log_key, monitors, &report);
  return ReportChains(finding, report, {}, Language::kEnglish);
}

}  // namespace vidimus
