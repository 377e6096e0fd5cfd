// How often a log answered, day by day, for ninety days: what a status page
// shows and a contract asks for. Pure but for the text it is kept as.
#ifndef VIDIMUS_CLIENT_MONITOR_UPTIME_H_
#define VIDIMUS_CLIENT_MONITOR_UPTIME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// One thread at a time.
class Uptime {
 public:
  static constexpr size_t kDaysMax = 90;

  // A day, counted from 1970-01-01 UTC. What nobody watched counts neither way.
  struct Day {
    uint64_t day = 0;
    uint32_t watched_s = 0;   // at most 86,400
    uint32_t answered_s = 0;  // at most watched_s
  };

  // Notes that in the `seconds` before `now_s` the log was watched, and whether
  // it answered. What would count more than a day's seconds is cut; a clock
  // that went back into an older day changes nothing.
  void Note(uint64_t now_s, uint32_t seconds, bool answered);

  // Oldest first, at most kDaysMax, none older than that before the newest.
  const std::vector<Day>& days() const { return days_; }

  // Of the seconds watched, 0 to 1; 0 if there are none.
  double Share() const;

  // A line for each day: day, watched, answered. kDataLoss for anything else.
  std::string Format() const;
  static absl::StatusOr<Uptime> Parse(absl::string_view text);

 private:
  void Trim();

  std::vector<Day> days_;
};

// "2026-11-23".
std::string DayName(uint64_t day);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_UPTIME_H_
