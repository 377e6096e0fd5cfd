#include "client/monitor/event_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/file.h"
#include "proto/json.h"

namespace vidimus {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;
constexpr size_t kSentenceBytesMax = 1000;

}  // namespace

EventLog::EventLog(std::string file) : file_(std::move(file)) {
  const auto text = ReadFile(file_, kFileBytesMax);
  if (!text.ok()) return;
  MutexLock lock(&mu_);
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    v1::MonitorEvent event;
    if (line.empty() || !FromJson(line, &event).ok()) continue;
    events_.push_back(std::move(event));
    if (events_.size() > kEventsMax) events_.pop_front();
  }
}

absl::Status EventLog::Add(v1::MonitorEvent event) {
  if (event.sentence().size() > kSentenceBytesMax) {
    event.mutable_sentence()->resize(kSentenceBytesMax);
  }
  MutexLock lock(&mu_);
  events_.push_back(std::move(event));
  if (events_.size() > kEventsMax) events_.pop_front();
  std::string text;
  for (const v1::MonitorEvent& each : events_) {
    const auto json = ToJson(each);
    if (json.ok()) absl::StrAppend(&text, *json, "\n");
  }
  return WriteFile(file_, text, 0644, /*sync=*/false);
}

std::vector<v1::MonitorEvent> EventLog::Newest() const {
  MutexLock lock(&mu_);
  return {events_.rbegin(), events_.rend()};
}

}  // namespace vidimus
