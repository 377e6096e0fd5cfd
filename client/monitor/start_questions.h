// What is asked before a monitor's keys sign anything: which heads do others
// know under them? Blocking, all at once, for `timeout` at most; who does not
// answer is not waited for.
#ifndef VIDIMUS_CLIENT_MONITOR_START_QUESTIONS_H_
#define VIDIMUS_CLIENT_MONITOR_START_QUESTIONS_H_

#include <chrono>
#include <string>
#include <vector>

#include "client/monitor/monitor_folder.h"

namespace vidimus {

// A note that somebody showed; nothing about it is judged.
struct ShownNote {
  std::string origin;  // of the log that it was asked about
  std::string who;     // for messages: an address
  std::string note;
};

// The cosigned checkpoint of each log, and what each peer holds about them. An
// answer that is none, or larger than it may be, is as good as no answer.
// `silent`: the addresses that did not answer.
std::vector<ShownNote> AskForHeads(const std::vector<FollowedLogConfig>& logs,
                                   const std::vector<MonitorPeerConfig>& peers,
                                   std::chrono::milliseconds timeout,
                                   std::vector<std::string>* silent);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_START_QUESTIONS_H_
