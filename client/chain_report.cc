#include "client/chain_report.h"

#include <cstdint>
#include <ctime>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/terminal.h"
#include "verifier/register.h"

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

const char* OperationName(uint32_t operation) {
  switch (operation) {
    case 1:
      return "read";
    case 2:
      return "created";
    case 3:
      return "updated";
    case 4:
      return "deleted";
    case 5:
      return "executed on";
    default:
      return "used";
  }
}

std::string Plural(uint64_t count, const char* one, const char* many) {
  return absl::StrCat(Grouped(count), " ", count == 1 ? one : many);
}

class Reporter {
 public:
  Reporter(const ChainsReport& report, const Unanswered& unanswered)
      : report_(report), unanswered_(unanswered) {}

  ChainJudgement Report() {
    for (const ChainReport& chain : report_.chains) AddChain(chain);
    ChainJudgement judgement;
    judgement.exit_code = wrong_ > 0        ? kExitFalse
                          : incomplete_ > 0 ? kExitUnusable
                                            : kExitTrue;
    judgement.text = absl::StrCat(
        Headline(), "\n  log ", Printable(report_.checkpoint.origin), ", size ",
        Grouped(report_.checkpoint.head.size), ", sealed ",
        Time(report_.seal_time_s), " UTC\n", body_);
    AddUnchecked(&judgement.text);
    return judgement;
  }

 private:
  std::string Headline() const {
    const std::string counted = absl::StrCat(
        Plural(accesses_, "access", "accesses"), " by ",
        Plural(administrations_, "administration", "administrations"), " of ",
        Grouped(report_.proven_register.administrations.size()));
    if (wrong_ > 0) {
      return absl::StrCat("NOT SO: ", Plural(wrong_, "thing is", "things are"),
                          " wrong with what the log shows; ", counted,
                          " found.");
    }
    if (incomplete_ > 0) {
      return absl::StrCat(
          "NOT ALL CHECKED: ", Plural(incomplete_, "chain", "chains"),
          " could not be checked; ", counted, " found.");
    }
    if (report_.monitors == 0) {
      return absl::StrCat(counted, " found; nobody has vouched for the index.");
    }
    return absl::StrCat("None is missing: ", counted, ".");
  }

  std::string NameOf(uint32_t administration) const {
    if (administration == kSelf) return "your own chain";
    const Administration* registered = report_.Registered(administration);
    return absl::StrCat(
        administration, " ",
        registered == nullptr ? "?" : TextOf(registered->names));
  }

  void AddChain(const ChainReport& chain) {
    const std::string name = NameOf(chain.administration);
    if (chain.finding != Finding::kOk) {
      AddIncomplete(name, chain);
      return;
    }
    const uint64_t count = chain.entries.size();
    absl::StrAppend(&body_, "\n", name, ": ",
                    report_.monitors > 0
                        ? absl::StrCat(Grouped(count), " and no more at size ",
                                       Grouped(report_.checkpoint.head.size))
                        : absl::StrCat(Grouped(count), " found"),
                    "\n");
    uint64_t accesses = 0;
    for (uint64_t i = 0; i < count; ++i) {
      const EntryReport& entry = chain.entries[i];
      absl::StrAppend(&body_, "  ", i, "  ", Line(entry), "\n");
      const bool notice = entry.opened.kind == RecordContent::kNotice;
      if (!notice) ++accesses;
      if (entry.opened.finding != Finding::kOk) ++wrong_;
      switch (entry.opened.content) {
        case Content::kWithheld:
        case Content::kRestricted:
        case Content::kErased:
          unchecked_.push_back(absl::StrCat(
              name, ", entry ", i, ": what was done is not shown (",
              ContentName(entry.opened.content), "); it counts all the same"));
          break;
        default:
          break;
      }
    }
    accesses_ += accesses;
    if (accesses > 0) ++administrations_;
    const Administration* registered = report_.Registered(chain.administration);
    if (registered == nullptr) return;
    for (const SourceSystem& system : registered->source_systems) {
      if (system.connected) continue;
      unchecked_.push_back(absl::StrCat(
          name, ": ",
          TextOf(system.names).empty() ? Printable(View(system.id))
                                       : TextOf(system.names),
          " is not connected to the log: accesses there are not recorded"));
    }
  }

  void AddIncomplete(const std::string& name, const ChainReport& chain) {
    if (chain.finding == Finding::kChainMissing) {
      ++incomplete_;
      std::string why = "the log did not show this chain";
      for (const auto& [administration, reason] : unanswered_) {
        if (administration == chain.administration) {
          why = absl::StrCat("the log did not answer: ", Printable(reason));
        }
      }
      absl::StrAppend(&body_, "\n", name, ": not checked\n");
      unchecked_.push_back(absl::StrCat(name, ": ", why));
      return;
    }
    ++wrong_;
    absl::StrAppend(&body_, "\n", name, ": NOT SHOWN TO BE COMPLETE: ",
                    FindingSentence(chain.finding));
    if (chain.entry.has_value()) {
      absl::StrAppend(&body_, " (entry ", *chain.entry, ")");
    }
    absl::StrAppend(&body_, "\n");
  }

  std::string Line(const EntryReport& entry) const {
    const OpenedEntry& opened = entry.opened;
    switch (opened.content) {
      case Content::kOpen:
        break;
      case Content::kWithheld:
        return absl::StrCat("withheld until ", Time(entry.until_s),
                            " UTC, as entry ", entry.notice, " says");
      case Content::kRestricted:
        return absl::StrCat("restricted, as entry ", entry.notice, " says");
      case Content::kErased:
        return absl::StrCat("erased, as entry ", entry.notice, " says");
      case Content::kMissing:
        return absl::StrCat("MISSING: ", FindingSentence(opened.finding));
      case Content::kForged:
        return absl::StrCat("FORGED, by the log: ",
                            FindingSentence(opened.finding));
    }
    if (opened.kind == RecordContent::kNotice) return NoticeLine(opened.notice);
    if (opened.kind != RecordContent::kAccess) {
      return absl::StrCat("UNREADABLE, though signed by the administration: ",
                          FindingSentence(opened.finding));
    }
    return AccessLine(opened);
  }

  std::string NoticeLine(const Notice& notice) const {
    const std::string grounds =
        absl::StrCat(Printable(View(notice.ground)), ", decided by ",
                     Printable(View(notice.authority)));
    std::string line = absl::StrCat(Time(notice.at_s), "  notice: ");
    switch (notice.event) {
      case NoticeEvent::kKeyFetch:
        absl::StrAppend(&line, "administration ", NameOf(notice.fetched_by),
                        " was given the key of the chain with administration ",
                        notice.chain_administration);
        break;
      case NoticeEvent::kErasure:
        absl::StrAppend(&line, "entry ", notice.entry, " erased: ", grounds);
        break;
      case NoticeEvent::kWithholding:
        absl::StrAppend(&line, "entry ", notice.entry, " withheld until ",
                        Time(notice.until_s), " UTC: ", grounds);
        break;
      case NoticeEvent::kRestriction:
        absl::StrAppend(
            &line, "entry ", notice.entry,
            notice.lifted ? " no longer restricted: " : " restricted: ",
            grounds);
    }
    return line;
  }

  void AddUnchecked(std::string* text) const {
    if (report_.monitors == 0) {
      absl::StrAppend(
          text,
          "\nNot checked:\n  whether the index holds every leaf: no "
          "monitor has vouched for this head\n");
    } else if (!unchecked_.empty()) {
      absl::StrAppend(text, "\nNot checked:\n");
    }
    for (const std::string& line : unchecked_) {
      absl::StrAppend(text, "  ", line, "\n");
    }
  }

  const ChainsReport& report_;
  const Unanswered& unanswered_;
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

// Whether the file cannot be read, as against being read and false.
bool IsUnreadable(const ChainsReport& report) {
  return std::string_view(report.part) == "file";
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

// The English text, else the first.
std::string TextOf(const std::vector<LocalizedText>& texts) {
  for (const LocalizedText& text : texts) {
    if (text.language == "en") return Printable(View(text.text));
  }
  return texts.empty() ? "" : Printable(View(texts[0].text));
}

std::string AccessLine(const OpenedEntry& opened) {
  const AccessRecord& access = opened.access;
  const std::string categories =
      absl::StrJoin(access.data_categories, ", ",
                    [](std::string* out, std::string_view category) {
                      out->append(Printable(View(category)));
                    });
  std::string line = absl::StrCat(
      Time(access.occurred_at_ms / 1000), "  ", OperationName(access.operation),
      " ", categories, ", for ", Printable(View(access.purpose)), ", by ",
      Printable(View(access.legal_bases[0].basis)));
  if (!access.legal_bases[0].citation.empty()) {
    absl::StrAppend(&line, " (",
                    Printable(View(access.legal_bases[0].citation)), ")");
  }
  if (!opened.actor.id.empty()) {
    absl::StrAppend(&line, "; who: ", Printable(View(opened.actor.id)));
  }
  if (opened.finding != Finding::kOk) {
    absl::StrAppend(&line,
                    "; WHO IS UNREADABLE: ", FindingSentence(opened.finding));
  }
  return line;
}

ChainJudgement ReportChains(Finding finding, const ChainsReport& report,
                            const Unanswered& unanswered) {
  if (finding == Finding::kOk) return Reporter(report, unanswered).Report();
  const bool unreadable = IsUnreadable(report);
  return {unreadable ? kExitUnusable : kExitFalse,
          absl::StrCat(unreadable ? "unusable: " : "NOT SO: ", PlaceOf(report),
                       ": ", FindingSentence(finding), "\n")};
}

ChainJudgement JudgeChainFile(const VerifierKey& log_key,
                              const std::vector<VerifierKey>& monitors,
                              absl::string_view bundle) {
  ChainsReport report;
  const Finding finding = JudgeChainBundle({bundle.data(), bundle.size()},
                                           log_key, monitors, &report);
  return ReportChains(finding, report, {});
}

}  // namespace vidimus
