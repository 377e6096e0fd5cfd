// The verb `vidimus monitor`: init, follow, serve, status. docs/monitor.md.
#ifndef VIDIMUS_CLIENT_MONITOR_MONITOR_VERB_H_
#define VIDIMUS_CLIENT_MONITOR_MONITOR_VERB_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs the verb with the arguments after its name; returns what to exit with
// (client.h).
int MonitorMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_MONITOR_VERB_H_
