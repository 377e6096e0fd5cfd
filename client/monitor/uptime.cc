#include "client/monitor/uptime.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr uint32_t kDayS = 24 * 60 * 60;

bool ReadNumber(absl::string_view text, uint64_t* number) {
  return DecimalDecode({text.data(), text.size()}, number);
}

}  // namespace

void Uptime::Note(uint64_t now_s, uint32_t seconds, bool answered) {
  const uint64_t day = now_s / kDayS;
  if (!days_.empty() && days_.back().day > day) return;
  if (days_.empty() || days_.back().day < day) days_.push_back({day, 0, 0});
  Day& today = days_.back();
  const uint32_t counted = std::min(seconds, kDayS - today.watched_s);
  today.watched_s += counted;
  if (answered) today.answered_s += counted;
  Trim();
}

void Uptime::Trim() {
  if (days_.empty()) return;
  const uint64_t newest = days_.back().day;
  days_.erase(std::remove_if(days_.begin(), days_.end(),
                             [newest](const Day& day) {
                               return newest - day.day >= kDaysMax;
                             }),
              days_.end());
}

double Uptime::Share() const {
  uint64_t watched = 0, answered = 0;
  for (const Day& day : days_) {
    watched += day.watched_s;
    answered += day.answered_s;
  }
  return watched == 0
             ? 0
             : static_cast<double>(answered) / static_cast<double>(watched);
}

std::string Uptime::Format() const {
  std::string text;
  for (const Day& day : days_) {
    absl::StrAppend(&text, day.day, " ", day.watched_s, " ", day.answered_s,
                    "\n");
  }
  return text;
}

absl::StatusOr<Uptime> Uptime::Parse(absl::string_view text) {
  Uptime uptime;
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (!lines.back().empty()) {
    return absl::DataLossError("the last line of an uptime does not end");
  }
  lines.pop_back();
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<absl::string_view> words = absl::StrSplit(lines[i], ' ');
    uint64_t day = 0, watched = 0, answered = 0;
    if (words.size() != 3 || !ReadNumber(words[0], &day) ||
        !ReadNumber(words[1], &watched) || !ReadNumber(words[2], &answered) ||
        watched > kDayS || answered > watched ||
        (i > 0 && day <= uptime.days_.back().day)) {
      return absl::DataLossError(
          absl::StrCat("line ", i + 1,
                       " of an uptime is not a later day, "
                       "seconds watched, seconds answered"));
    }
    uptime.days_.push_back(
        {day, static_cast<uint32_t>(watched), static_cast<uint32_t>(answered)});
  }
  uptime.Trim();
  return uptime;
}

std::string DayName(uint64_t day) {
  // Far beyond any clock, and still four digits.
  constexpr uint64_t kLastDay = 2932896;  // 9999-12-31
  return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) +
                               static_cast<int64_t>(std::min(day, kLastDay)));
}

}  // namespace vidimus
