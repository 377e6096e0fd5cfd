// The verbs `vidimus resident check` (resident.h), and `timeline` and `export`:
// what the check gathers, shown with verdicts (timeline.h).
#ifndef VIDIMUS_CLIENT_RESIDENT_VERBS_H_
#define VIDIMUS_CLIENT_RESIDENT_VERBS_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs the verb `resident` with the arguments after its name; returns what to
// exit with (client.h).
int ResidentMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_RESIDENT_VERBS_H_
