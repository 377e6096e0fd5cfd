#include "tests/verdicts/judge.h"

#include <sstream>

namespace vidimus {
namespace {

Content ContentOf(WorldContent content) {
  switch (content) {
    case WorldContent::kOpen:
      return Content::kOpen;
    case WorldContent::kWithheld:
      return Content::kWithheld;
    case WorldContent::kRestricted:
      return Content::kRestricted;
    case WorldContent::kErased:
      return Content::kErased;
    case WorldContent::kMissing:
      return Content::kMissing;
    case WorldContent::kForged:
      return Content::kForged;
  }
  return Content::kMissing;
}

std::string Words(const char* content, const char* law, const char* wish,
                  bool race, bool stale, bool late, const char* headline,
                  const char* failed) {
  std::ostringstream words;
  words << headline << " (" << failed << "); content " << content << ", law "
        << law << ", wish " << wish << (race ? ", race" : "")
        << (stale ? ", stale" : "") << (late ? ", late" : "");
  return words.str();
}

}  // namespace

CityJudge::CityJudge(const City& city) : city_(city) {
  for (const WorldLog& from : city.logs()) {
    HistoryLog& log = history_.logs.emplace_back();
    log.origin = from.origin;
    log.limits = {from.notice_s, from.fresh_s,    from.late_s,
                  from.skew_s,   from.recovery_s, from.keep_min_s};
    log.head_time_s = from.times_s.back();
    for (const WorldDocument& one : from.documents) {
      HistoryDocument& document = log.documents.emplace_back();
      document.id = {static_cast<RegisterType>(one.type), one.number,
                     one.version};
      document.position = from.PositionOf(one.batch);
      document.seal_time_s = from.times_s[one.batch];
      if (one.at_hand) document.message = one.message;
    }
    for (uint32_t batch = 0; batch < from.batches(); ++batch) {
      log.seals.push_back({from.sizes[batch], from.times_s[batch]});
    }
    registers_.emplace_back(log);
  }
}

const History& CityJudge::HistoryOf(const WorldChain& chain) {
  history_.subject = chain.subject;
  history_.administration = chain.administration;
  for (HistoryLog& log : history_.logs) log.entries.clear();
  for (const WorldEntry& from : chain.entries) {
    const WorldLog& log = city_.logs()[from.log];
    HistoryEntry& entry = history_.logs[from.log].entries.emplace_back();
    entry.position = log.PositionOf(from.batch);
    entry.seal_time_s = log.times_s[from.batch];
    entry.content = ContentOf(from.content);
    entry.notice = from.notice;
    if (from.content == WorldContent::kOpen) entry.record = from.record;
  }
  return history_;
}

std::string Difference(const WorldChain& chain, const Verdicts& verdicts) {
  size_t next = 0;
  for (const WorldEntry& entry : chain.entries) {
    if (!entry.judged) continue;
    std::ostringstream where;
    where << "log " << entry.log << ", entry " << entry.number << ", batch "
          << entry.batch << ", built by \"" << entry.chosen.how << "\": ";
    if (next >= verdicts.verdicts.size() ||
        verdicts.verdicts[next].log != entry.log ||
        verdicts.verdicts[next].entry != entry.number) {
      return where.str() + "no verdict";
    }
    const Verdict& verdict = verdicts.verdicts[next++];
    const Chosen& chosen = entry.chosen;
    const std::string expected =
        Words(chosen.content, chosen.law, chosen.wish, chosen.race,
              chosen.stale, chosen.late, chosen.headline, chosen.failed);
    const std::string found =
        Words(ContentName(verdict.content), LawName(verdict.law),
              WishName(verdict.wish), verdict.race, verdict.stale, verdict.late,
              HeadlineName(verdict.headline), DimensionName(verdict.failed));
    if (expected != found) {
      return where.str() + "chosen " + expected + "; found " + found;
    }
  }
  return next == verdicts.verdicts.size() ? "" : "a verdict too many";
}

void Count(const WorldChain& chain, Tally* headlines, Tally* failed) {
  for (const WorldEntry& entry : chain.entries) {
    if (!entry.judged) continue;
    ++(*headlines)[entry.chosen.headline];
    ++(*failed)[entry.chosen.failed];
  }
}

std::string Sentence(const Verdict& verdict) {
  std::string sentence = HeadlineName(verdict.headline);
  if (verdict.failed != Dimension::kNone) {
    sentence += std::string(": ") + DimensionName(verdict.failed);
  }
  return sentence;
}

}  // namespace vidimus
