// `vidimus load`: a load generator for logs of one's own. It says how fast
// entries got their receipts, and whether the receipts were true.
#ifndef VIDIMUS_CLIENT_LOAD_H_
#define VIDIMUS_CLIENT_LOAD_H_

#include <string>
#include <vector>

namespace vidimus {

// Runs the verb with the arguments after its name; returns what to exit with
// (client.h).
int LoadMain(const std::vector<std::string>& arguments);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_LOAD_H_
